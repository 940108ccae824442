import type { AlertEvent } from '@pipelogiq/protocol';
import { stageIdAt } from '../ids.js';
import type { Principal } from '../use-cases.js';
import { DETECTORS } from './observe.js';
import type { AlertRecord } from './record.js';
import type { RuleSpec } from './rule.js';

type Sample = Omit<AlertRecord, 'event' | 'at' | 'applicationId' | 'application'>;

const PIPELINE = 1_024;
const RUN: Sample = {
  pipeline: 'order',
  pipelineId: String(PIPELINE),
  environment: 'production',
  version: '3',
  traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
};
const FAILED_AT: Sample = { ...RUN, stage: 'charge', stageId: String(stageIdAt(PIPELINE, 0)) };
const STAGE: Sample = { ...FAILED_AT, handler: 'charge-card' };
const ERROR: Sample = { attempts: 3, errorCode: 'card_declined', message: 'no funds' };
const SILENT: Sample = { worker: 'checkout-worker', workerId: '7' };
const WORKER: Sample = { ...SILENT, environment: 'production', version: '3' };
const SLOW_MS = 800;

/** The figure at which a rule fires. */
const figureOf = (event: AlertEvent, { condition }: RuleSpec): number =>
  condition.threshold ?? DETECTORS.get(event)?.threshold ?? 0;

const secondsOf = (ms: number): string => `${Math.round(ms / 1_000)} s`;

/** What a record of each event has, and in the words that it has: whoever makes records says no more and no less. */
const SAMPLES: { readonly [E in AlertEvent]: (rule: RuleSpec) => Sample } = {
  stage_failed: () => ({ ...STAGE, ...ERROR }),
  dead_letter: () => ({ ...STAGE, ...ERROR }),
  stage_rerun_manual: () => ({ ...STAGE, attempts: 0 }), // it begins anew, and has no error any more
  stage_skipped_manual: () => ({ ...STAGE, attempts: 3 }),
  pipeline_failed: () => ({ ...FAILED_AT, ...ERROR }), // a stage has a handler, its pipeline has none
  pipeline_recovered: () => RUN,
  pipeline_stuck: ({ condition: { threshold = 60_000 } }) => ({
    ...RUN,
    value: secondsOf(threshold),
    threshold: secondsOf(threshold),
  }),
  worker_started: () => WORKER,
  worker_stopped: () => WORKER,
  worker_failed: () => ({ ...WORKER, message: 'Error: out of memory' }),
  worker_heartbeat_lost: ({ condition: { threshold = 30_000 } }) => ({
    ...SILENT,
    subject: 'worker 7',
    value: `silent for ${secondsOf(threshold)}`,
  }),
  worker_registration_failing: (rule) => ({
    value: `${figureOf('worker_registration_failing', rule)} were refused`,
    message: 'forbidden',
  }),
  policy_triggered: () => ({}),
  policy_changed: () => ({}),
  policy_disabled: () => ({}),
  policy_deleted: () => ({}),
  retry_storm: (rule) => ({ handler: 'charge-card', value: `${figureOf('retry_storm', rule)} attempts failed` }),
  queue_backlog_high: (rule) => ({ handler: 'charge-card', value: `${figureOf('queue_backlog_high', rule)} stages wait` }),
  integration_check_failing: (rule) => ({
    subject: 'grafana',
    value: `${figureOf('integration_check_failing', rule)} failures in a row`,
    message: 'Grafana answered 500',
  }),
  p95_regression: (rule) => ({
    pipeline: 'order',
    stage: 'charge',
    handler: 'charge-card',
    value: `p95 ${Math.round(figureOf('p95_regression', rule) * SLOW_MS)} ms`,
    threshold: `${SLOW_MS} ms before`,
  }),
  threshold_crossed: ({ condition: { metric = 'success_rate', threshold = 0 } }) => ({
    subject: metric,
    value: String(threshold),
    threshold: String(threshold),
  }),
};

/** What an event may look like that a rule just tells of. */
export const sampleOf = (
  event: AlertEvent,
  rule: RuleSpec,
  { applicationId, application }: Principal,
  at: number,
): AlertRecord => ({ event, at, applicationId, application, ...SAMPLES[event](rule) });
