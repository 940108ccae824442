import type { AlertEvent } from '@pipelogiq/protocol';
import type { Ms } from '../../store/store.js';
import { collect } from '../insight/collect.js';
import { failedAttemptsOf, regressionsOf } from '../insight/figures.js';
import type { SeriesFigures } from '../insight/series.js';
import { windowOf } from '../insight/window.js';
import { MISSED_BEATS } from '../worker/workers.js';
import { type Observation, type Seen, type Thresholds, thresholdsOf } from './detect.js';
import { observeMetric } from './observe-metric.js';
import { depthsOf, LOOKED_AT, type ObserveDeps, recentSeries, waitingHandlers, windowBegin } from './recent.js';
import type { AlertRecord } from './record.js';
import { fitsMatch, type Rule } from './rule.js';

/** What a detector looks at for one rule, and what it is held against when the rule does not say. */
export interface Detector {
  threshold: number;
  /** The threshold of a rule is a part of what is looked for; what is found is beyond it. */
  hasThreshold?: true;
  /** What a rule matches is a part of what is looked for; a record names none of it. */
  hasMatch?: true;
  observe(deps: ObserveDeps, rule: Rule, application: string, now: Ms): Promise<Observation[]>;
}

const SECOND = 1_000;
const LISTED = 200;
const REGRESSION_WINDOW_MS = 3_600_000;

const seconds = (ms: Ms): string => `${Math.round(ms / SECOND)} s`;

/** Of pipelines that run: by how much of their time they are late. Time is that of the pipeline (`slaMs`), else the threshold of the rule. */
const stuck: Detector = {
  threshold: 1,
  hasThreshold: true,
  async observe({ reads }, rule, application, now) {
    const rows = await reads.latePipelines(rule.applicationId, rule.condition.threshold ?? null, now, LOOKED_AT, LISTED);
    return rows.map((row) => {
      const elapsed = now - row.started_at;
      return {
        value: elapsed / row.sla_ms,
        record: {
          ...base(rule, application, now),
          pipeline: row.name,
          pipelineId: String(row.id),
          traceId: row.trace_id,
          value: seconds(elapsed),
          threshold: seconds(row.sla_ms),
          ...(row.environment !== null && { environment: row.environment }),
          ...(row.version !== null && { version: row.version }),
          ...(row.keywords !== null && { keywords: JSON.parse(row.keywords) as string[] }),
        },
      };
    });
  },
};

/** Workers that did not say that they stop: how long they have been silent, in milliseconds. */
const silent: Detector = {
  threshold: 0,
  hasThreshold: true,
  async observe({ reads, heartbeatIntervalMs, silentWorkersMs }, rule, application, now) {
    const until = now - Math.max(rule.condition.threshold ?? 0, MISSED_BEATS * heartbeatIntervalMs);
    const rows = await reads.silentWorkers(until - silentWorkersMs, until, LOOKED_AT);
    return rows
      .filter((row) => row.application_id === rule.applicationId)
      .map((row) => ({
        value: now - row.last_seen_at,
        record: {
          ...base(rule, application, now),
          worker: row.name,
          workerId: String(row.id),
          subject: `worker ${row.id}`,
          value: `silent for ${seconds(now - row.last_seen_at)}`,
        },
      }));
  },
};

/** Stages that can be leased now, by handler. */
const backlog: Detector = {
  threshold: 1_000,
  async observe(deps, rule, application, now) {
    const depths = await depthsOf(deps, await waitingHandlers(deps, rule));
    return depths.map(({ handler, depth }) => ({
      value: depth,
      record: { ...base(rule, application, now), handler, value: `${depth} stages wait` },
    }));
  },
};

/** Attempts that failed in the window, by handler. */
const retries: Detector = {
  threshold: 100,
  async observe(deps, rule, application, now) {
    const { series = [] } = (await recentSeries(deps, rule, now)) ?? {};
    const byHandler = new Map<string, number>();
    for (const { key, stats } of series.filter(isStage))
      byHandler.set(key.handler, (byHandler.get(key.handler) ?? 0) + failedAttemptsOf(stats));
    return [...byHandler].map(([handler, value]) => ({
      value,
      record: { ...base(rule, application, now), handler, value: `${value} attempts failed` },
    }));
  },
};

const isStage = ({ key }: SeriesFigures): boolean => key.kind === 'stage';

/** Failures in a row. */
const integrations: Detector = {
  threshold: 3,
  async observe({ reads }, rule, application, now) {
    const rows = (await reads.integrations(rule.applicationId)).filter(({ enabled }) => enabled === 1);
    return rows.map(({ type, health }) => ({
      value: health.failures,
      record: {
        ...base(rule, application, now),
        subject: type,
        value: `${health.failures} failures in a row`,
        ...(health.last_error !== null && { message: health.last_error }),
      },
    }));
  },
};

/** How many times slower than in the window before, by stage; the threshold is a ratio. */
const regressions: Detector = {
  threshold: 1.25,
  async observe(deps, rule, application, now) {
    if (!deps.insights) return [];
    const length = rule.condition.windowMs ?? REGRESSION_WINDOW_MS;
    const window = windowOf(now - length, now, now, deps);
    const filter = { applicationId: rule.applicationId };
    const current = await collect(deps.reads, filter, window, { what: 'run times' });
    const before = await collect(deps.reads, filter, windowOf(window.from - length, window.from, now, deps), {
      what: 'run times',
    });
    return regressionsOf(current.series, before.series, rule.condition.minSamples).map((found) => ({
      value: found.ratio,
      record: {
        ...base(rule, application, now),
        pipeline: found.pipeline,
        stage: found.stage,
        handler: found.handler,
        value: `p95 ${Math.round(found.p95)} ms`,
        threshold: `${Math.round(found.p95Before)} ms before`,
      },
    }));
  },
};

/** Registrations of workers that were refused in the window, of keys that are known. */
const registrations: Detector = {
  threshold: 3,
  async observe({ reads }, rule, application, now) {
    const refused = await reads.refusedBootstraps(rule.applicationId, windowBegin(rule, now), LOOKED_AT);
    const value = refused.reduce((sum, row) => sum + row.count, 0);
    const message = [...new Set(refused.map(({ action }) => action.replace('access.', '')))].join(', ');
    return value === 0 ? [] : [{ value, record: { ...base(rule, application, now), value: `${value} were refused`, message } }];
  },
};

const base = (rule: Rule, application: string, now: Ms): AlertRecord => ({
  event: rule.events[0] as AlertEvent,
  at: now,
  applicationId: rule.applicationId,
  application,
});

const metric: Detector = {
  threshold: 0,
  hasMatch: true,
  observe: (deps, rule, application, now) => observeMetric(deps, rule, base(rule, application, now)),
};

export const DETECTORS: ReadonlyMap<AlertEvent, Detector> = new Map<AlertEvent, Detector>([
  ['pipeline_stuck', stuck],
  ['worker_heartbeat_lost', silent],
  ['worker_registration_failing', registrations],
  ['retry_storm', retries],
  ['queue_backlog_high', backlog],
  ['integration_check_failing', integrations],
  ['p95_regression', regressions],
  ['threshold_crossed', metric],
]);

/** What is seen of the things that a rule of one event is about, and what it is held against. */
export async function observe(
  deps: ObserveDeps,
  detector: Detector,
  rule: Rule,
  application: string,
): Promise<{ seen: Seen; thresholds: Thresholds }> {
  const { threshold, hasThreshold, hasMatch } = detector;
  const seen = await detector.observe(deps, rule, application, await deps.reads.now());
  return {
    seen: { observations: hasMatch ? seen : seen.filter(({ record }) => fitsMatch(rule.match, record)), isPartial: false },
    thresholds: thresholdsOf(hasThreshold ? { ...rule.condition, threshold } : rule.condition, threshold),
  };
}
