import { type AlertEvent, type AlertSeverity, DETECTED_ALERT_EVENTS } from '@pipelogiq/protocol';
import type { Ms } from '../../store/store.js';

/** Something that happened, with all that rules and texts may ask of it: as it was then, since a rerun changes the stage. */
export interface AlertRecord {
  event: AlertEvent;
  at: Ms;
  applicationId: number;
  application: string;
  pipeline?: string;
  pipelineId?: string;
  environment?: string;
  version?: string;
  traceId?: string;
  keywords?: readonly string[];
  stage?: string;
  stageId?: string;
  handler?: string;
  attempts?: number;
  errorCode?: string;
  message?: string;
  worker?: string;
  workerId?: string;
  /** Of a condition: the figure, and what it was held against. */
  value?: string;
  threshold?: string;
  /** What a condition was looked at for, as the name of a handler or an integration. */
  subject?: string;
}

/** What a rule says when it has no severity of its own. */
export const SEVERITIES: { readonly [E in AlertEvent]: AlertSeverity } = {
  stage_failed: 'error',
  dead_letter: 'error',
  stage_rerun_manual: 'info',
  stage_skipped_manual: 'info',
  pipeline_failed: 'error',
  pipeline_recovered: 'info',
  pipeline_stuck: 'warning',
  worker_started: 'info',
  worker_stopped: 'info',
  worker_failed: 'error',
  worker_heartbeat_lost: 'error',
  worker_registration_failing: 'warning',
  policy_triggered: 'warning',
  policy_changed: 'info',
  policy_disabled: 'warning',
  policy_deleted: 'warning',
  retry_storm: 'warning',
  queue_backlog_high: 'warning',
  integration_check_failing: 'warning',
  p95_regression: 'warning',
  threshold_crossed: 'warning',
};

/** News, and no state: told once, and over. */
export const TRANSIENT: ReadonlySet<AlertEvent> = new Set<AlertEvent>([
  'stage_rerun_manual',
  'stage_skipped_manual',
  'pipeline_recovered',
  'worker_started',
  'worker_stopped',
  'policy_changed',
  'policy_disabled',
  'policy_deleted',
]);

/** Figures of samples: without enough of them nothing is known, neither good nor bad. */
export const SAMPLED: ReadonlySet<AlertEvent> = new Set<AlertEvent>(['p95_regression', 'threshold_crossed']);

export const DETECTED: ReadonlySet<AlertEvent> = new Set<AlertEvent>(DETECTED_ALERT_EVENTS);

/** Of stages whose pipeline tells of its own failure. */
export const OF_STAGES: readonly AlertEvent[] = ['stage_failed', 'dead_letter'];

/** What is over when the pipeline works again. */
export const ENDED_BY_RECOVERY: readonly AlertEvent[] = ['pipeline_failed', ...OF_STAGES];

/** Names that texts and silences use, and what they stand for. */
export function labelsOf(record: AlertRecord): { [name: string]: string } {
  const labels: { [name: string]: string | undefined } = {
    event: record.event,
    application: record.application,
    pipeline: record.pipeline,
    pipeline_id: record.pipelineId,
    environment: record.environment,
    version: record.version,
    trace_id: record.traceId,
    stage: record.stage,
    stage_id: record.stageId,
    handler: record.handler,
    attempts: record.attempts === undefined ? undefined : String(record.attempts),
    error_code: record.errorCode,
    message: record.message,
    worker: record.worker,
    worker_id: record.workerId,
    value: record.value,
    threshold: record.threshold,
    subject: record.subject,
  };
  return Object.fromEntries(Object.entries(labels).filter((entry): entry is [string, string] => entry[1] !== undefined));
}

/** Every name that a template may hold: those of labels, and of the incident. */
export const LABELS: readonly string[] = [
  'event',
  'application',
  'pipeline',
  'pipeline_id',
  'environment',
  'version',
  'trace_id',
  'stage',
  'stage_id',
  'handler',
  'attempts',
  'error_code',
  'message',
  'worker',
  'worker_id',
  'value',
  'threshold',
  'subject',
  'rule',
  'severity',
  'events',
];
