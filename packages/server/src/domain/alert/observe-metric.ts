import type { AlertMatch, AlertMetric } from '@pipelogiq/protocol';
import { summarise, utilisationOf } from '../insight/figures.js';
import type { SeriesFigures } from '../insight/series.js';
import { MISSED_BEATS } from '../worker/workers.js';
import type { Observation } from './detect.js';
import { depthsOf, type ObserveDeps, recentSeries, waitingHandlers } from './recent.js';
import type { AlertRecord } from './record.js';
import { matchesPattern, type Rule } from './rule.js';

const MIN_SAMPLES = 20;

/** Undefined where there is nothing that the figure could be of, or too little. */
type Figure = (deps: ObserveDeps, rule: Rule, now: number) => Promise<number | undefined>;

/** One figure over all that the rule matches. */
export async function observeMetric(deps: ObserveDeps, rule: Rule, record: AlertRecord): Promise<Observation[]> {
  const { metric, threshold } = rule.condition;
  if (metric === undefined) return [];
  const value = await FIGURES[metric](deps, rule, record.at);
  if (value === undefined) return [];
  return [{ value, record: { ...record, subject: metric, value: shown(value), threshold: String(threshold) } }];
}

const shown = (value: number): string => String(Math.round(value * 1_000) / 1_000);

const fits = (patterns: readonly string[] | undefined, name: string): boolean =>
  !patterns?.length || patterns.some((pattern) => matchesPattern(name, pattern));

type Summary = ReturnType<typeof summarise>;

/** Of the executions of the window; with too few of them there is none. */
const ofSummary =
  (read: (summary: Summary) => { value: number | null | undefined; samples: number }): Figure =>
  async (deps, rule, now) => {
    const recent = await recentSeries(deps, rule, now);
    if (!recent) return undefined;
    const series = recent.series.filter((one) => isOfRule(rule, one));
    const { value, samples } = read(summarise(recent.window, { series }));
    return value === null || samples < (rule.condition.minSamples ?? MIN_SAMPLES) ? undefined : value;
  };

const ofTimes = (times: 'runTime' | 'queueWait' | 'duration' | 'feedback', percentile: 'p50' | 'p95' | 'p99'): Figure =>
  ofSummary((summary) => ({ value: summary[times]?.[percentile], samples: summary[times]?.count ?? 0 }));

/** Nothing done is a figure too. */
const ofCount = (read: (summary: Summary) => number): Figure =>
  ofSummary((summary) => ({ value: read(summary), samples: Number.POSITIVE_INFINITY }));

const isOfRule = ({ match }: Rule, { key }: SeriesFigures): boolean =>
  fits(match.pipelines, key.pipeline) && (key.kind === 'pipeline' || fits(match.handlers, key.handler));

const waitingOf = async (deps: ObserveDeps, rule: Rule) =>
  (await waitingHandlers(deps, rule)).rows.filter(({ handler }) => fits(rule.match.handlers, handler));

/** What of `match` a figure can be taken over. */
export function matchOf(metric: AlertMetric | undefined): readonly (keyof AlertMatch)[] {
  switch (metric) {
    case 'workers_online':
    case 'worker_utilisation':
      return ['pools'];
    case 'queue_depth':
    case 'oldest_pending_ms':
      return ['handlers'];
    case 'scheduler_lag_ms':
      return [];
    // Of whole pipelines, which have no handler.
    case 'success_rate':
    case 'pipeline_duration_p50_ms':
    case 'pipeline_duration_p95_ms':
    case 'pipeline_duration_p99_ms':
    case 'feedback_p50_ms':
    case 'feedback_p95_ms':
    case 'feedback_p99_ms':
      return ['pipelines'];
    default:
      return ['pipelines', 'handlers'];
  }
}

const FIGURES: { readonly [M in AlertMetric]: Figure } = {
  success_rate: ofSummary(({ successRate, completed, failed }) => ({ value: successRate, samples: completed + failed })),
  failure_rate: ofSummary((s) => ({ value: s.failureRate, samples: s.completedStages + s.failedAttempts })),
  flaky_rate: ofSummary((s) => ({ value: s.flakyRate, samples: s.completedStages })),
  run_time_p50_ms: ofTimes('runTime', 'p50'),
  run_time_p95_ms: ofTimes('runTime', 'p95'),
  run_time_p99_ms: ofTimes('runTime', 'p99'),
  queue_wait_p50_ms: ofTimes('queueWait', 'p50'),
  queue_wait_p95_ms: ofTimes('queueWait', 'p95'),
  queue_wait_p99_ms: ofTimes('queueWait', 'p99'),
  pipeline_duration_p50_ms: ofTimes('duration', 'p50'),
  pipeline_duration_p95_ms: ofTimes('duration', 'p95'),
  pipeline_duration_p99_ms: ofTimes('duration', 'p99'),
  feedback_p50_ms: ofTimes('feedback', 'p50'),
  feedback_p95_ms: ofTimes('feedback', 'p95'),
  feedback_p99_ms: ofTimes('feedback', 'p99'),
  throughput_per_minute: ofCount((s) => s.throughput * 60),
  retries: ofCount((s) => s.retries),
  compute_seconds: ofCount((s) => s.computeSeconds),
  async queue_depth(deps, rule) {
    return (await depthsOf(deps, rule, await waitingOf(deps, rule))).reduce((sum, { depth }) => sum + depth, 0);
  },
  async oldest_pending_ms(deps, rule, now) {
    return Math.max(0, ...(await waitingOf(deps, rule)).map(({ ready_at }) => now - ready_at));
  },
  async workers_online({ reads, heartbeatIntervalMs }, { applicationId, match }, now) {
    const online = await reads.onlineWorkers(applicationId, now - MISSED_BEATS * heartbeatIntervalMs);
    return online.reduce((sum, { pool, count }) => sum + (fits(match.pools, pool) ? count : 0), 0);
  },
  async worker_utilisation(deps, rule, now) {
    const recent = await recentSeries(deps, rule, now);
    const pools = recent?.series.filter(({ key }) => fits(rule.match.pools, key.stage)); // a pool is named there
    return (pools && utilisationOf(pools)) ?? undefined;
  },
  scheduler_lag_ms: ({ reads }, _rule, now) => reads.schedulerLag(now),
};
