import type { HandlerKey } from './store/metric-rows.js';
import type { QueueDepth, Reads, ReadyStages } from './store/store.js';

type QueueReads = Pick<Reads, 'allQueueDepths' | 'waitingHandlers' | 'queueDepths' | 'readyStages'>;

/** What waits for workers, all of it. */
export interface QueueDepths {
  byHandler: QueueDepth[];
  /** What waits for handlers that are not told apart, by application. */
  others: ReadyStages[];
}

interface Bounds {
  /** Handlers that are told apart. */
  handlers: number;
  /** As long as no more stages wait, they are counted in one go. */
  few: number;
  /** Rows that one statement may count. */
  rows: number;
}

const PRIORITIES = ['high', 'normal', 'low'] as const;
const stagesOf = (counted: ReadyStages): number => counted.high + counted.normal + counted.low;

/**
 * What waits for workers, by handler. All of it together is all that waits, as long as that is no more than `rows`: who looks at the
 * sum must not miss a backlog because it belongs to one handler, or to many.
 */
export async function queueDepths(reads: QueueReads, { handlers, few, rows }: Bounds): Promise<QueueDepths> {
  const all = await reads.allQueueDepths(few);
  if (all) return { byHandler: all.slice(0, handlers), others: summed(all.slice(handlers)) };
  return manyDepths(reads, { handlers, rows });
}

function summed(depths: readonly QueueDepth[]): ReadyStages[] {
  const byApplication = new Map<number, ReadyStages>();
  for (const { application_id, high, normal, low } of depths) {
    const sum = byApplication.get(application_id) ?? { application_id, high: 0, normal: 0, low: 0 };
    byApplication.set(application_id, { application_id, high: sum.high + high, normal: sum.normal + normal, low: sum.low + low });
  }
  return [...byApplication.values()];
}

async function manyDepths(reads: QueueReads, { handlers, rows }: Omit<Bounds, 'few'>): Promise<QueueDepths> {
  const waiting = await reads.waitingHandlers(handlers + 1); // one more tells whether there are others
  const shown = waiting.slice(0, handlers);
  const share = Math.ceil(rows / Math.max(shown.length, 1));
  const depths = await reads.queueDepths(shown, share);
  const isCut = (depth: QueueDepth): boolean => PRIORITIES.some((priority) => depth[priority] >= share);
  const cut = depths.filter(isCut);
  if (waiting.length === shown.length && cut.length === 0) return { byHandler: depths, others: [] };
  const totals = await reads.readyStages(rows);
  const all = totals.reduce((sum, total) => sum + stagesOf(total), 0);
  const byHandler = all < rows ? await recounted(reads, depths, { cut, rows }) : depths;
  return { byHandler, others: waiting.length === shown.length ? [] : rest(totals, byHandler) };
}

/** There are few enough to count those to their ends that had more than their share. */
async function recounted(
  reads: QueueReads,
  depths: QueueDepth[],
  { cut, rows }: { cut: QueueDepth[]; rows: number },
): Promise<QueueDepth[]> {
  if (cut.length === 0) return depths;
  return [...depths.filter((depth) => !cut.includes(depth)), ...(await reads.queueDepths(cut.map(keyOf), rows))];
}

const keyOf = ({ application_id, handler }: HandlerKey): HandlerKey => ({ application_id, handler });

/** What is there beyond what is shown. Never less than nothing: the two were not counted at the same moment. */
function rest(totals: readonly ReadyStages[], shown: readonly QueueDepth[]): ReadyStages[] {
  const left = new Map(totals.map((total) => [total.application_id, { ...total }]));
  for (const depth of shown) {
    const other = left.get(depth.application_id);
    if (other) for (const priority of PRIORITIES) other[priority] = Math.max(other[priority] - depth[priority], 0);
  }
  return [...left.values()].filter((other) => stagesOf(other) > 0);
}
