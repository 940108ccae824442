import type { Ms, QueueDepth, Reads } from '../../store/store.js';
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

/** Rows that one look takes in at most. */
export const LOOKED_AT = 5_000;
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

/** Handlers of the application of a rule with stages that can be leased, and since when. */
export const waitingHandlers = async ({ reads }: ObserveDeps, { applicationId }: Rule) =>
  (await reads.waitingHandlers(LOOKED_AT)).filter((row) => row.application_id === applicationId);

/** How many stages of each handler can be leased. */
export async function depthsOf(
  { reads }: ObserveDeps,
  waiting: readonly { application_id: number; handler: string }[],
): Promise<{ handler: string; depth: number }[]> {
  if (waiting.length === 0) return [];
  const keys = waiting.map(({ application_id, handler }) => ({ application_id, handler }));
  const depths: QueueDepth[] = await reads.queueDepths(keys, LONGEST_QUEUE);
  return depths.map(({ handler, high, normal, low }) => ({ handler, depth: high + normal + low }));
}
