import type { MarkFigures, MarkInsight } from '@pipelogiq/protocol';
import type { InsightReads, MarkRow, Ms } from '../../store/store.js';
import type { Blocks } from './blocks.js';
import { type Collected, collect } from './collect.js';
import { ratioOf, regressionsOf, SAMPLE, total } from './figures.js';
import { markView } from './marks.js';
import { DAY, HOUR, MINUTE, periodOf, type Resolution } from './periods.js';
import type { SeriesFigures } from './series.js';
import { type Kept, windowOf } from './window.js';

export interface ComparisonDeps extends Kept {
  reads: InsightReads;
  blocks: Blocks;
}

interface Stretch {
  from: Ms;
  to: Ms;
}

/** Rows of regressions of one mark. */
const REGRESSIONS = 20;

/**
 * What ran before a mark, against what ran after it. The period in which the mark lies belongs to neither: it holds some of both.
 *
 * @param lengthMs - of each side at most; the time since the mark bounds both
 */
export async function compareMark(deps: ComparisonDeps, row: MarkRow, lengthMs: Ms, now: Ms): Promise<MarkInsight> {
  const { before, after } = stretchesOf(row.marked_at, lengthMs, now, deps);
  const filter = { applicationId: row.application_id, pipeline: row.pipeline ?? undefined };
  const inside = async ({ from, to }: Stretch): Promise<Collected> =>
    from < to
      ? collect(deps.reads, filter, windowOf(from, to, now, deps), { blocks: deps.blocks })
      : { series: [], points: new Map() };
  const [then, since] = [await inside(before), await inside(after)];
  const [figuresBefore, figuresAfter] = [figuresIn(before, then.series), figuresIn(after, since.series)];
  return {
    ...markView(row),
    before: figuresBefore,
    after: figuresAfter,
    enough: figuresBefore.attempts >= SAMPLE && figuresAfter.attempts >= SAMPLE,
    regressions: regressionsOf(since.series, then.series)
      .sort((one, other) => other.ratio - one.ratio)
      .slice(0, REGRESSIONS),
  };
}

/** As long before as after, both at borders of the finest periods that are kept of all that time. */
function stretchesOf(at: Ms, lengthMs: Ms, now: Ms, kept: Kept): { before: Stretch; after: Stretch } {
  const resolution = finestOf(at - lengthMs, now, kept);
  const cut = periodOf(at, resolution);
  const start = cut === at ? at : cut + resolution;
  const longest = Math.ceil(lengthMs / resolution) * resolution;
  const elapsed = Math.max(periodOf(now, resolution) + resolution - start, 0); // the period that is under way counts
  const length = Math.min(longest, elapsed);
  return { before: { from: cut - length, to: cut }, after: { from: start, to: start + length } };
}

function finestOf(from: Ms, now: Ms, { insightMinutesMs, insightHoursMs }: Kept): Resolution {
  if (from >= now - insightMinutesMs) return MINUTE;
  return from >= now - insightHoursMs ? HOUR : DAY;
}

function figuresIn({ from, to }: Stretch, series: readonly SeriesFigures[]): MarkFigures {
  const stages = total(series.filter(({ key }) => key.kind === 'stage'));
  const pipelines = total(series.filter(({ key }) => key.kind === 'pipeline'));
  const failed =
    stages.stageCount('failed') + stages.stageCount('retried') + stages.stageCount('timed_out') + stages.stageCount('expired');
  const attempts = stages.stageCount('completed') + failed;
  const p95 = ({ first }: typeof stages): number | null => (first.count === 0 ? null : first.quantile(0.95));
  return {
    from: new Date(from).toISOString(),
    to: new Date(to).toISOString(),
    attempts,
    failureRate: ratioOf(failed, attempts),
    runTimeP95: p95(stages),
    runs: pipelines.pipelineCount('completed') + pipelines.pipelineCount('failed'),
    durationP95: p95(pipelines),
  };
}
