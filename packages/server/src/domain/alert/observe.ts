import type { AlertEvent, AlertMatch } from '@pipelogiq/protocol';
import type { LatePipeline, Ms, SilentWorker } from '../../store/store.js';
import { type Collected, collectAll } from '../insight/collect.js';
import { failedAttemptsOf, regressionsOf } from '../insight/figures.js';
import type { SeriesFigures } from '../insight/series.js';
import { windowOf } from '../insight/window.js';
import { MISSED_BEATS } from '../worker/workers.js';
import { type Observation, type Seen, type Thresholds, thresholdsOf } from './detect.js';
import { observeMetric } from './observe-metric.js';
import { allOf, depthsOf, LOOKED_AT, type ObserveDeps, recentSeries, waitingHandlers, windowBegin } from './recent.js';
import type { AlertRecord } from './record.js';
import { fitsMatch, type Rule } from './rule.js';

/** What a detector looks at for one rule, and what it is held against when the rule does not say. */
export interface Detector {
  threshold: number;
  /** The threshold of a rule is a part of what is looked for; what is found is beyond it. */
  hasThreshold?: true;
  /** What a rule matches is a part of what is looked for; a record names none of it. */
  hasMatch?: true;
  /** What of `match` it can answer. */
  match: readonly (keyof AlertMatch)[];
  observe(deps: ObserveDeps, rule: Rule, application: string, now: Ms): Promise<Observation[] | Seen>;
}

const SECOND = 1_000;
const REGRESSION_WINDOW_MS = 3_600_000;

const seconds = (ms: Ms): string => `${Math.round(ms / SECOND)} s`;

/** Of pipelines that run: by how much of their time they are late. Time is that of the pipeline (`slaMs`), else the threshold of the rule. */
const stuck: Detector = {
  threshold: 1,
  hasThreshold: true,
  match: ['pipelines', 'keywords', 'environments'],
  async observe(deps, rule, application, now) {
    const { rows, isPartial } = await latePipelines(deps, rule, now);
    const observations = rows.map((row) => {
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
    return { observations, isPartial };
  },
};

/** Ids of several servers are not quite in the order of time. */
const OUT_OF_ORDER_MS = 60_000;

/** By their own time, and by that of the rule: of these only what was made early enough is read. */
async function latePipelines({ reads }: ObserveDeps, { applicationId, condition }: Rule, now: Ms) {
  const own = await allOf<LatePipeline>((after, limit) =>
    reads.latePipelines(applicationId, now, { limit, ...(after && { after }) }),
  );
  const slaMs = condition.threshold;
  if (slaMs === undefined) return own;
  const others = await allOf<LatePipeline & { created_at: Ms }>(async (last, limit) => {
    if (last && last.created_at > now - slaMs + OUT_OF_ORDER_MS) return [];
    return reads.pipelinesWithoutSla(applicationId, slaMs, { limit, after: last?.id ?? 0 });
  });
  const late = others.rows.filter((row) => row.started_at + slaMs <= now);
  return { rows: [...own.rows, ...late], isPartial: own.isPartial || others.isPartial };
}

/** Workers that did not say that they stop: how long they have been silent, in milliseconds. Who has been so for long is no news. */
const silent: Detector = {
  threshold: 0,
  hasThreshold: true,
  match: [],
  async observe({ reads, heartbeatIntervalMs, silentWorkersMs }, rule, application, now) {
    const until = now - Math.max(rule.condition.threshold ?? 0, MISSED_BEATS * heartbeatIntervalMs);
    const { rows, isPartial } = await allOf<Pick<SilentWorker, 'id' | 'name' | 'last_seen_at'>>((last, limit) =>
      reads.silentWorkersOf(rule.applicationId, until, { limit, after: last?.id ?? 0 }),
    );
    const observations = rows.map((row) => ({
      value: now - row.last_seen_at,
      isOld: row.last_seen_at < until - silentWorkersMs,
      record: {
        ...base(rule, application, now),
        worker: row.name,
        workerId: String(row.id),
        subject: `worker ${row.id}`,
        value: `silent for ${seconds(now - row.last_seen_at)}`,
      },
    }));
    return { observations, isPartial };
  },
};

/** Stages that can be leased now, by handler. */
const backlog: Detector = {
  threshold: 1_000,
  match: ['handlers'],
  async observe(deps, rule, application, now) {
    const { rows, isPartial } = await waitingHandlers(deps, rule);
    const observations = (await depthsOf(deps, rule, rows)).map(({ handler, depth }) => ({
      value: depth,
      record: { ...base(rule, application, now), handler, value: `${depth} stages wait` },
    }));
    return { observations, isPartial };
  },
};

/** Attempts that failed in the window, by handler. */
const retries: Detector = {
  threshold: 100,
  match: ['handlers'],
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
  match: [],
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
  match: ['pipelines', 'handlers'],
  async observe(deps, rule, application, now) {
    if (!deps.insights) return [];
    const length = rule.condition.windowMs ?? REGRESSION_WINDOW_MS;
    const window = windowOf(now - length, now, now, deps);
    const filter = { applicationId: rule.applicationId };
    const wanted = [window, windowOf(window.from - length, window.from, now, deps)].map((each) => ({
      window: each,
      what: 'run times' as const,
    }));
    const [current, before] = (await collectAll(deps.reads, filter, wanted, undefined)).collected as [Collected, Collected];
    const { minSamples } = rule.condition;
    // Whatever it is like: what is as fast as before is over, and what has too few runs is not.
    return regressionsOf(current.series, before.series, { sample: minSamples, ratio: 0 }).map((found) => ({
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
  match: [],
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
  match: ['pipelines', 'handlers', 'pools'],
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
  const found = await detector.observe(deps, rule, application, await deps.reads.now());
  const { observations, isPartial } = Array.isArray(found) ? { observations: found, isPartial: false } : found;
  return {
    seen: {
      observations: hasMatch ? observations : observations.filter(({ record }) => fitsMatch(rule.match, record)),
      isPartial,
    },
    thresholds: thresholdsOf(hasThreshold ? { ...rule.condition, threshold } : rule.condition, threshold),
  };
}
