import type { MarkFigures, MarkInsight } from '@pipelogiq/protocol';
import type { InsightReads, MarkRow, Ms } from '../../store/store.js';
import type { Blocks } from './blocks.js';
import { type Collected, collectAll } from './collect.js';
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

/** What ran before a mark, against what ran after it; as `compareMarks`. */
export async function compareMark(deps: ComparisonDeps, row: MarkRow, lengthMs: Ms, now: Ms): Promise<MarkInsight> {
  const [compared] = await compareMarks(deps, [row], lengthMs, now);
  return compared as MarkInsight;
}

/**
 * What ran before each mark, against what ran after it. The period in which a mark lies belongs to neither: it holds some of both. Marks of
 * one pipeline, and those of all, share their reads.
 *
 * @param lengthMs - of each side at most; the time since the mark bounds both
 * @returns in the order of the marks
 */
export async function compareMarks(
  deps: ComparisonDeps,
  rows: readonly MarkRow[],
  lengthMs: Ms,
  now: Ms,
): Promise<MarkInsight[]> {
  const filters = new Map(rows.map((row) => [JSON.stringify([row.application_id, row.pipeline]), row]));
  const compared = await Promise.all(
    [...filters.values()].map(({ application_id: applicationId, pipeline }) => {
      const same = rows.filter((row) => row.application_id === applicationId && row.pipeline === pipeline);
      return compareAlike(deps, { applicationId, pipeline: pipeline ?? undefined }, same, { lengthMs, now });
    }),
  );
  const byId = new Map(compared.flat().map((mark) => [mark.id, mark]));
  return rows.map(({ id }) => byId.get(String(id)) as MarkInsight);
}

async function compareAlike(
  deps: ComparisonDeps,
  filter: { applicationId: number; pipeline: string | undefined },
  rows: readonly MarkRow[],
  { lengthMs, now }: { lengthMs: Ms; now: Ms },
): Promise<MarkInsight[]> {
  const compared = rows.map((row) => ({ row, ...stretchesOf(row.marked_at, lengthMs, now, deps) }));
  const stretches = compared.flatMap(({ before, after }) => [before, after]).filter(({ from, to }) => from < to);
  const wanted = stretches.map(({ from, to }) => ({
    window: windowOf(from, to, now, deps),
    what: 'counts and run times' as const,
  }));
  const { collected } = await collectAll(deps.reads, filter, wanted, deps.blocks);
  const inside = new Map(stretches.map((stretch, at) => [stretch, (collected[at] as Collected).series]));
  return compared.map(({ row, before, after }) =>
    insightOf(row, { ...before, series: inside.get(before) ?? [] }, { ...after, series: inside.get(after) ?? [] }),
  );
}

interface Side extends Stretch {
  series: readonly SeriesFigures[];
}

function insightOf(row: MarkRow, before: Side, after: Side): MarkInsight {
  const [figuresBefore, figuresAfter] = [figuresIn(before), figuresIn(after)];
  return {
    ...markView(row),
    before: figuresBefore,
    after: figuresAfter,
    enough: figuresBefore.attempts >= SAMPLE && figuresAfter.attempts >= SAMPLE,
    regressions: regressionsOf(after.series, before.series)
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

function figuresIn({ from, to, series }: Side): MarkFigures {
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
