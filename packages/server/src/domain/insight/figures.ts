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
/** Those of a distribution, as `quantiles` takes them. */
const RANKS = [0.99, 0.95, 0.9, 0.5];
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
  const measures = collected.series.filter(({ key }) => key.kind === 'measure');
  const handlers = handlersOf(stages);
  const pipelineTotal = total(pipelines);
  const top = <Item, Row>(items: readonly Item[], by: (item: Item) => number, view: (item: Item) => Row): Row[] =>
    items
      .map((item) => ({ item, rank: by(item) }))
      .filter(({ rank }) => rank > 0)
      .sort((one, other) => other.rank - one.rank)
      .slice(0, limit)
      .map(({ item }) => view(item)); // of most series nothing but their rank is ever worked out
  return {
    from: new Date(window.from).toISOString(),
    to: new Date(window.to).toISOString(),
    resolutionMs: window.resolution,
    summary: { ...summaryOf(window, total(handlers), pipelineTotal), utilisation: utilisationOf(pools) },
    points: pointsOf(collected),
    slowestStages: top(stages, p95Of, stageInsight),
    slowestPipelines: top(pipelines, p95Of, pipelineInsight),
    handlers: top(handlers, ({ stats }) => attemptsOf(stats), handlerInsight),
    hotspots: top(stages, ({ stats }) => failedAttemptsOf(stats), stageInsight),
    flaky: top(stages, ({ stats }) => flakyRateOf(stats) ?? 0, stageInsight),
    regressions: top(
      regressionsOf(collected.series, before.series),
      ({ ratio }) => ratio,
      (row) => row,
    ),
    durations: durationsOf(pipelineTotal.first),
    pools: top(pools, ({ stats }) => stats.poolCount('slot_ms'), poolInsight),
    measures: top(measures, ({ stats }) => stats.first.count, measureInsight),
  };
}

const namesOf = ({ pipeline, stage, handler }: SeriesKey) => ({ pipeline, stage, handler });

export const total = (series: readonly Pick<SeriesFigures, 'stats'>[]): SeriesStats =>
  SeriesStats.sumOf(series.map(({ stats }) => stats));

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

const p95Of = ({ stats: { first } }: SeriesFigures): number => (first.count === 0 ? 0 : first.quantile(0.95));

/** Attempts that did not complete, through whose fault ever. */
export const failedAttemptsOf = (stats: SeriesStats): number =>
  stats.stageCount('failed') + stats.stageCount('retried') + stats.stageCount('timed_out') + stats.stageCount('expired');

const attemptsOf = (stats: SeriesStats): number => stats.stageCount('completed') + failedAttemptsOf(stats);

const flakyRateOf = (stats: SeriesStats): number | null => ratioOf(stats.stageCount('flaky'), stats.stageCount('completed'));

function stageFigures(stats: SeriesStats): Omit<StageInsight, 'pipeline' | 'stage' | 'handler'> {
  const failedAttempts = failedAttemptsOf(stats);
  return {
    completed: stats.stageCount('completed'),
    failed: stats.stageCount('dead'),
    failedAttempts,
    retries: stats.stageCount('again'),
    failureRate: ratioOf(failedAttempts, attemptsOf(stats)),
    flakyRate: flakyRateOf(stats),
    runTime: distributionOf(stats.first),
    queueWait: distributionOf(stats.second),
  };
}

const stageInsight = ({ key, stats }: SeriesFigures): StageInsight => ({ ...namesOf(key), ...stageFigures(stats) });

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

interface HandlerStats {
  handler: string;
  stats: SeriesStats;
}

function handlersOf(stages: readonly SeriesFigures[]): HandlerStats[] {
  const byHandler = new Map<string, SeriesStats[]>();
  for (const { key, stats } of stages) {
    const all = byHandler.get(key.handler) ?? [];
    all.push(stats);
    byHandler.set(key.handler, all);
  }
  return [...byHandler].map(([handler, all]) => ({ handler, stats: SeriesStats.sumOf(all) }));
}

const handlerInsight = ({ handler, stats }: HandlerStats): HandlerInsight => ({ handler, ...stageFigures(stats) });

const measureInsight = ({ key: { pipeline, stage: name, handler, unit }, stats: { first } }: SeriesFigures): MeasureInsight => ({
  name,
  unit: unit === '' ? null : unit,
  pipeline,
  handler,
  sum: first.sum,
  values: distributionOf(first) as Distribution, // one without values has no rank
});

export function regressionsOf(
  series: readonly SeriesFigures[],
  before: readonly SeriesFigures[],
  { sample = SAMPLE, ratio: least = REGRESSION_RATIO }: { sample?: number | undefined; ratio?: number } = {},
): Regression[] {
  const earlier = new Map<string, Sketch>();
  for (const { key, stats } of before) if (isStageWith(sample, key, stats)) earlier.set(namesText(key), stats.first);
  const regressions: Regression[] = [];
  for (const { key, stats } of series) {
    const then = isStageWith(sample, key, stats) ? earlier.get(namesText(key)) : undefined;
    if (!then) continue;
    const [p95, p95Before] = [stats.first.quantile(0.95), then.quantile(0.95)];
    const ratio = p95 / p95Before;
    if (p95Before > 0 && ratio >= least) regressions.push({ ...namesOf(key), p95, p95Before, ratio });
  }
  return regressions;
}

const isStageWith = (runs: number, { kind }: SeriesKey, { first }: SeriesStats): boolean =>
  kind === 'stage' && first.count >= runs;

const TEXTS = new WeakMap<SeriesKey, string>(); // keys are kept from one answer to the next

/** NUL stands in no name. */
function namesText(key: SeriesKey): string {
  const text = TEXTS.get(key) ?? `${key.pipeline}\0${key.stage}\0${key.handler}`;
  TEXTS.set(key, text);
  return text;
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
  const { count, sum, min, max } = sketch;
  if (count === 0) return null;
  const [p99, p95, p90, p50] = sketch.quantiles(RANKS) as [number, number, number, number];
  return { count, mean: sum / count, min, p50, p90, p95, p99, max };
}
