import type { WorkerHappening, WorkerJob } from '@pipelogiq/protocol';
import type { EventPosition, Reads } from '../../store/store.js';
import type { DeliveryEnd, HeldJobRow, WorkerHistoryReads } from '../../store/worker-history-rows.js';
import { applicationOf, CODES, liveEvent, readEvents, type StoredEvent } from '../event/stored.js';
import { encodeCursor, unknownCursor } from '../ids.js';

/** Ids of the log, of which each stands for 1 KiB, that one statement looks through, and how many of them one answer may take. */
const WINDOW = 8_192;
const WINDOWS = 4;
/** Rows that are read at a time: most are a few KiB. */
const ROWS = 100;

export const workerJob = (row: HeldJobRow): WorkerJob => ({
  stageId: String(row.id),
  stage: row.name,
  handler: row.handler,
  pipelineId: String(row.pipeline_id),
  pipeline: row.pipeline,
  fencingToken: row.fencing_token,
  startedAt: new Date(row.leased_at).toISOString(),
  leaseExpiresAt: new Date(row.lease_expires_at).toISOString(),
});

/** Everything before the event at `index` of the row `id` is still to be told. */
interface Position {
  id: number;
  index: number;
}

const CURSOR = /^(\d{1,15})\.(\d{1,7})$/;

function positionOf(cursor: string | undefined): Position | undefined {
  if (cursor === undefined) return undefined;
  const [, id, index] = CURSOR.exec(cursor) ?? [];
  if (id === undefined) throw unknownCursor();
  return { id: Number(id), index: Number(index) };
}

interface Found {
  event: StoredEvent;
  row: EventPosition;
  index: number;
}

export interface PastEvents {
  items: WorkerHappening[];
  nextCursor: string | null;
}

/** What the log of events still has of a worker, newest first: a part of it, and perhaps of no event, when much else was written. */
export async function pastEvents(
  reads: WorkerHistoryReads & Pick<Reads, 'now'>,
  worker: { id: number; application_id: number },
  page: { limit: number; cursor: string | undefined },
): Promise<PastEvents> {
  const bounds = await reads.eventBounds();
  if (!bounds) return { items: [], nextCursor: null };
  let at = positionOf(page.cursor) ?? { id: bounds.newest + 1, index: 0 };
  const found: Found[] = [];
  for (let windows = 0; windows < WINDOWS && found.length < page.limit && isMore(at, bounds.oldest); windows++) {
    // The row of `at` itself too, when some of its events are still to be told.
    const before = at.index > 0 ? at.id + 1 : at.id;
    const from = Math.max(bounds.oldest, before - WINDOW);
    const rows = await reads.eventsNaming(worker.id, { from, before, limit: ROWS });
    for (const row of rows) found.push(...eventsOf(row, worker, at));
    at = { id: rows.length === ROWS ? (rows.at(-1)?.id ?? from) : from, index: 0 };
  }
  const shown = found.slice(0, page.limit);
  const last = found.length > page.limit ? shown.at(-1) : undefined;
  const next = last ? { id: last.row.id, index: last.index } : at;
  return {
    items: await told(reads, worker.id, shown),
    nextCursor: isMore(next, bounds.oldest) ? encodeCursor(`${next.id}.${next.index}`) : null,
  };
}

const isMore = ({ id, index }: Position, oldest: number): boolean => id > oldest || (id === oldest && index > 0);

/** Those of a row that are about the worker and stand before `at`, last first. */
function eventsOf(
  row: EventPosition & { payload: string },
  { id, application_id }: { id: number; application_id: number },
  at: Position,
): Found[] {
  const events = readEvents(row.payload).map((event, index) => ({ event, row, index }));
  return events
    .filter(
      ({ event, index }) => applicationOf(event) === application_id && isOf(event, id) && (row.id < at.id || index < at.index),
    )
    .reverse();
}

function isOf([code, , id, , one]: StoredEvent, workerId: number): boolean {
  if (code === CODES.stage_leased) return one === workerId;
  return code >= CODES.worker_started && code <= CODES.worker_stopped && id === workerId;
}

/** With how its deliveries ended, as far as the database has it. */
async function told(reads: WorkerHistoryReads, workerId: number, found: readonly Found[]): Promise<WorkerHappening[]> {
  const stages = [...new Set(found.filter(({ event }) => event[0] === CODES.stage_leased).map(({ event }) => event[2]))];
  const ends = new Map<string, DeliveryEnd>();
  if (stages.length > 0) {
    for (const end of await reads.deliveryEnds(workerId, stages)) ends.set(`${end.stage_id} ${end.leased_at}`, end);
  }
  return found.map(({ event, row }) => {
    const end = event[0] === CODES.stage_leased ? ends.get(`${event[2]} ${row.writtenAt}`) : undefined;
    return {
      ...(liveEvent(event, row.writtenAt) as WorkerHappening),
      ...(end && { outcome: end.outcome, finishedAt: new Date(end.settled_at).toISOString() }),
    };
  });
}
