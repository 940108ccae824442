import type { Ms, QueueDepth, Reads, WaitingHandler } from '../../store/store.js';
import { collect } from '../insight/collect.js';
import type { SeriesFigures } from '../insight/series.js';
import { type Kept, type Window, windowOf } from '../insight/window.js';
import type { Rule } from './rule.js';

/** What detectors read with. */
export interface ObserveDeps extends Kept {
  reads: Reads;
  /** Whether what is measured is kept. */
  insights: boolean;
  heartbeatIntervalMs: Ms;
  /** How long a worker that fell silent is looked for. */
  silentWorkersMs: Ms;
}

/** Rows that one look at a rule takes in at most. */
export const LOOKED_AT = 20_000;
const PAGE = 1_000;
const WINDOW_MS = 300_000;
/** A line that is longer counts as this long. */
const LONGEST_QUEUE = 1_000_000;

/** The begin of the window of a rule. */
export const windowBegin = ({ condition }: Rule, now: Ms): Ms => now - (condition.windowMs ?? WINDOW_MS);

/** What was measured in the window of a rule; undefined where nothing is kept. */
export async function recentSeries(
  deps: ObserveDeps,
  rule: Rule,
  now: Ms,
): Promise<{ window: Window; series: SeriesFigures[] } | undefined> {
  if (!deps.insights) return undefined;
  const window = windowOf(windowBegin(rule, now), now, now, deps);
  return { window, series: (await collect(deps.reads, { applicationId: rule.applicationId }, window)).series };
}

/** All pages of what is read by key, up to so many. */
export async function allOf<Row>(
  page: (last: Row | undefined, limit: number) => Promise<Row[]>,
): Promise<{ rows: Row[]; isPartial: boolean }> {
  const rows: Row[] = [];
  for (;;) {
    const next = await page(rows.at(-1), PAGE);
    for (const row of next) rows.push(row);
    if (next.length < PAGE) return { rows, isPartial: false };
    if (rows.length >= LOOKED_AT) return { rows, isPartial: true };
  }
}

/** Handlers of the application of a rule with stages that can be leased, and since when. */
export const waitingHandlers = ({ reads }: ObserveDeps, { applicationId }: Rule) =>
  allOf<Omit<WaitingHandler, 'application_id'>>((last, limit) =>
    reads.waitingHandlersOf(applicationId, { limit, after: last?.handler ?? '' }),
  );

/** How many stages of each handler can be leased. */
export async function depthsOf(
  { reads }: ObserveDeps,
  { applicationId }: Rule,
  waiting: readonly { handler: string }[],
): Promise<{ handler: string; depth: number }[]> {
  const depths: QueueDepth[] = [];
  for (let at = 0; at < waiting.length; at += PAGE) {
    const keys = waiting.slice(at, at + PAGE).map(({ handler }) => ({ application_id: applicationId, handler }));
    depths.push(...(await reads.queueDepths(keys, LONGEST_QUEUE)));
  }
  return depths.map(({ handler, high, normal, low }) => ({ handler, depth: high + normal + low }));
}
