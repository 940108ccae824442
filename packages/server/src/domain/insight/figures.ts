import type {
  Distribution,
  DurationBucket,
  HandlerInsight,
  InsightPoint,
  InsightSummary,
  Insights,
  MeasureInsight,
  PipelineInsight,
  PoolInsight,
  Regression,
  StageInsight,
} from '@pipelogiq/protocol';
import type { Collected } from './collect.js';
import { HOUR, MINUTE } from './periods.js';
import { type SeriesFigures, type SeriesKey, SeriesStats } from './series.js';
import type { Sketch } from './sketch.js';
import type { Window } from './window.js';

const SECOND = 1_000;
const DURATION_BOUNDS = [
  100,
  SECOND,
  5 * SECOND,
  15 * SECOND,
  MINUTE,
  5 * MINUTE,
  15 * MINUTE,
  HOUR,
  6 * HOUR,
  24 * HOUR,
] as const;
/** Fewer runs say nothing of a tail. */
export const SAMPLE = 30;
const REGRESSION_RATIO = 1.25;

/** The answer, from what was collected in a window and in the one before it. */
export function figuresOf(
  window: Window,
  collected: Collected,
  before: Collected,
  limit: number,
): Omit<Insights, 'marks' | 'folded'> {
  const stages = collected.series.filter(({ key }) => key.kind === 'stage');
  const pipelines = collected.series.filter(({ key }) => key.kind === 'pipeline');
  const pools = collected.series.filter(({ key }) => key.kind === 'pool');
  const stageRows = stages.map(({ key, stats }) => ({ ...namesOf(key), ...stageFigures(stats) }));
  const pipelineTotal = total(pipelines);
  const top = <Row>(rows: readonly Row[], by: (row: Row) => number): Row[] =>
    rows
      .filter((row) => by(row) > 0)
      .sort((one, other) => by(other) - by(one))
      .slice(0, limit);
  return {
    from: new Date(window.from).toISOString(),
    to: new Date(window.to).toISOString(),
    resolutionMs: window.resolution,
    summary: { ...summaryOf(window, total(stages), pipelineTotal), utilisation: utilisationOf(pools) },
    points: pointsOf(collected),
    slowestStages: top(stageRows, ({ runTime }) => runTime?.p95 ?? 0),
    slowestPipelines: top(pipelines.map(pipelineInsight), ({ duration }) => duration?.p95 ?? 0),
    handlers: top(handlersOf(stages), ({ completed, failedAttempts }) => completed + failedAttempts),
    hotspots: top(stageRows, ({ failedAttempts }) => failedAttempts),
    flaky: top(stageRows, ({ flakyRate }) => flakyRate ?? 0),
    regressions: top(regressionsOf(collected.series, before.series), ({ ratio }) => ratio),
    durations: durationsOf(pipelineTotal.first),
    pools: top(pools.map(poolInsight), ({ slotSeconds }) => slotSeconds),
    measures: top(measuresOf(collected.series), ({ values }) => values.count),
  };
}

const namesOf = ({ pipeline, stage, handler }: SeriesKey) => ({ pipeline, stage, handler });

export function total(series: readonly SeriesFigures[]): SeriesStats {
  const sum = new SeriesStats();
  for (const { stats } of series) sum.merge(stats);
  return sum;
}

const usedOf = (pool: SeriesStats): number | null => ratioOf(pool.poolCount('busy_ms'), pool.poolCount('slot_ms'));

/** Of all pools together. */
export const utilisationOf = (series: readonly SeriesFigures[]): number | null =>
  usedOf(total(series.filter(({ key }) => key.kind === 'pool')));

const poolInsight = ({ key, stats }: SeriesFigures): PoolInsight => ({
  pool: key.stage,
  utilisation: usedOf(stats),
  busySeconds: stats.poolCount('busy_ms') / SECOND,
  slotSeconds: stats.poolCount('slot_ms') / SECOND,
});

/** The summary alone. */
export function summarise(window: Window, { series }: Pick<Collected, 'series'>): Omit<InsightSummary, 'utilisation'> {
  const ofKind = (kind: SeriesKey['kind']): SeriesStats => total(series.filter(({ key }) => key.kind === kind));
  return summaryOf(window, ofKind('stage'), ofKind('pipeline'));
}

function summaryOf({ from, to }: Window, stages: SeriesStats, pipelines: SeriesStats): Omit<InsightSummary, 'utilisation'> {
  const { completed: completedStages, failed: failedStages, ...stageTotals } = stageFigures(stages);
  const { duration, feedback, ...runs } = pipelineFigures(pipelines);
  return {
    ...runs,
    completedStages,
    failedStages,
    ...stageTotals,
    throughput: (completedStages * SECOND) / (to - from),
    computeSeconds: stages.first.sum / SECOND,
    duration,
    feedback,
  };
}

export const ratioOf = (part: number, whole: number): number | null => (whole === 0 ? null : part / whole);

/** Attempts that did not complete, through whose fault ever. */
export const failedAttemptsOf = (stats: SeriesStats): number =>
  stats.stageCount('failed') + stats.stageCount('retried') + stats.stageCount('timed_out') + stats.stageCount('expired');

function stageFigures(stats: SeriesStats): Omit<StageInsight, 'pipeline' | 'stage' | 'handler'> {
  const completed = stats.stageCount('completed');
  const failedAttempts = failedAttemptsOf(stats);
  return {
    completed,
    failed: stats.stageCount('dead'),
    failedAttempts,
    retries: stats.stageCount('again'),
    failureRate: ratioOf(failedAttempts, completed + failedAttempts),
    flakyRate: ratioOf(stats.stageCount('flaky'), completed),
    runTime: distributionOf(stats.first),
    queueWait: distributionOf(stats.second),
  };
}

function pipelineFigures(stats: SeriesStats): Omit<PipelineInsight, 'pipeline'> {
  const [completed, failed] = [stats.pipelineCount('completed'), stats.pipelineCount('failed')];
  return {
    completed,
    failed,
    cancelled: stats.pipelineCount('cancelled'),
    successRate: ratioOf(completed, completed + failed),
    duration: distributionOf(stats.first),
    feedback: distributionOf(stats.second),
  };
}

const pipelineInsight = ({ key, stats }: SeriesFigures): PipelineInsight => ({
  pipeline: key.pipeline,
  ...pipelineFigures(stats),
});

function handlersOf(stages: readonly SeriesFigures[]): HandlerInsight[] {
  const byHandler = new Map<string, SeriesStats>();
  for (const { key, stats } of stages) {
    const sum = byHandler.get(key.handler) ?? new SeriesStats();
    sum.merge(stats);
    byHandler.set(key.handler, sum);
  }
  return [...byHandler].map(([handler, stats]) => ({ handler, ...stageFigures(stats) }));
}

function measuresOf(series: readonly SeriesFigures[]): MeasureInsight[] {
  return series.flatMap(({ key: { kind, pipeline, stage: name, handler, unit }, stats }) => {
    const values = kind === 'measure' ? distributionOf(stats.first) : null;
    return values ? [{ name, unit: unit === '' ? null : unit, pipeline, handler, sum: stats.first.sum, values }] : [];
  });
}

export function regressionsOf(
  series: readonly SeriesFigures[],
  before: readonly SeriesFigures[],
  sample: number = SAMPLE,
): Regression[] {
  const textOf = ({ pipeline, stage, handler }: SeriesKey): string => [pipeline, stage, handler].join('\0');
  const earlier = new Map(before.filter(({ key }) => key.kind === 'stage').map(({ key, stats }) => [textOf(key), stats.first]));
  return series.flatMap(({ key, stats: { first: now } }) => {
    const then = key.kind === 'stage' ? earlier.get(textOf(key)) : undefined;
    if (!then || then.count < sample || now.count < sample) return [];
    const [p95, p95Before] = [now.quantile(0.95), then.quantile(0.95)];
    const ratio = p95 / p95Before;
    return p95Before > 0 && ratio >= REGRESSION_RATIO ? [{ ...namesOf(key), p95, p95Before, ratio }] : [];
  });
}

function pointsOf({ points }: Collected): InsightPoint[] {
  return [...points].map(([at, { completed, failed, runsCompleted, runsFailed }]) => ({
    at: new Date(at).toISOString(),
    completedStages: completed,
    failedStages: failed,
    completedPipelines: runsCompleted,
    failedPipelines: runsFailed,
  }));
}

function durationsOf(sketch: Sketch): DurationBucket[] {
  let below = 0;
  return [...DURATION_BOUNDS, null].map((upToMs) => {
    const upTo = upToMs === null ? sketch.count : sketch.countUpTo(upToMs);
    const count = upTo - below;
    below = upTo;
    return { upToMs, count };
  });
}

function distributionOf(sketch: Sketch): Distribution | null {
  if (sketch.count === 0) return null;
  const [p50 = 0, p90 = 0, p95 = 0, p99 = 0] = [0.5, 0.9, 0.95, 0.99].map((share) => sketch.quantile(share));
  return { count: sketch.count, mean: sketch.sum / sketch.count, min: sketch.min, p50, p90, p95, p99, max: sketch.max };
}
