import type { EventType, LiveEvent } from '@pipelogiq/protocol';
import type { Ms } from '../../store/store.js';
import { pipelineOf } from '../ids.js';

/** What is stored in place of a type. Never change or reuse a number: rows of an older version are read with this table. */
export const CODES = {
  pipeline_created: 1,
  pipeline_started: 2,
  pipeline_completed: 3,
  pipeline_failed: 4,
  pipeline_cancelled: 5,
  pipeline_paused: 6,
  pipeline_resumed: 7,
  pipeline_rerun: 8,
  stage_ready: 20,
  stage_leased: 21,
  stage_waiting: 22,
  stage_completed: 23,
  stage_failed: 24,
  stage_retried: 25,
  stage_expired: 26,
  stage_timed_out: 27,
  stage_released: 28,
  stage_skipped: 29,
  stage_cancelled: 30,
  stage_blocked: 31,
  stage_rerun: 32,
  stage_progress: 33,
  worker_started: 50,
  worker_drained: 51,
  worker_stopped: 52,
  deploy_marked: 60,
} as const satisfies Record<Exclude<EventType, 'reset'>, number>;

export type StoredType = keyof typeof CODES;

const TYPES = new Map<number, StoredType>(Object.entries(CODES).map(([type, code]) => [code, type as StoredType]));

/**
 * One event of a row. The id is that of the pipeline, stage, worker or mark, which the code tells; what may follow is the first and second
 * detail of the type, as read below.
 */
export type StoredEvent = readonly [code: number, applicationId: number, id: number, name: string, one?: Detail, two?: Detail];
export type Detail = string | number | null;

/**
 * A row holds its events as one flat array: JSON takes half the time for it that it takes for an array of arrays. Each begins with
 * its code times this plus the number of its details, so that a reader gets past types that it does not know.
 */
const WIDTH = 10;
const FIELDS = 3; // application, id, name

/** Adds an event to the values of a row. */
export function pushEvent(
  values: Detail[],
  type: StoredType,
  applicationId: number,
  id: number,
  name: string,
  one?: Detail,
  two?: Detail,
): void {
  if (one === undefined) values.push(CODES[type] * WIDTH, applicationId, id, name);
  else if (two === undefined) values.push(CODES[type] * WIDTH + 1, applicationId, id, name, one);
  else values.push(CODES[type] * WIDTH + 2, applicationId, id, name, one, two);
}

export function readEvents(payload: string): StoredEvent[] {
  const values = JSON.parse(payload) as Detail[];
  const events: StoredEvent[] = [];
  for (let at = 0; at < values.length; ) {
    const head = values[at] as number;
    const end = at + 1 + FIELDS + (head % WIDTH);
    events.push([Math.floor(head / WIDTH), ...values.slice(at + 1, end)] as unknown as StoredEvent);
    at = end;
  }
  return events;
}

export const applicationOf = (event: StoredEvent): number => event[1];

/** Undefined for a type that a newer version wrote. */
export const typeOf = (event: StoredEvent): StoredType | undefined => TYPES.get(event[0]);

/** The pipeline that it is about; undefined for workers and marks. */
export function pipelineIdOf(event: StoredEvent): number | undefined {
  const [code, , id] = event;
  if (code < CODES.stage_ready) return id;
  return code < CODES.worker_started ? pipelineOf(id) : undefined;
}

/** As it travels. */
export function liveEvent(event: StoredEvent, writtenAt: Ms): LiveEvent | undefined {
  const type = typeOf(event);
  if (type === undefined) return undefined;
  const [code, , id, name] = event;
  const at = new Date(writtenAt).toISOString();
  // All that a mark says is one detail, as JSON.
  if (type === 'deploy_marked')
    return { type, at, markId: String(id), version: name, ...JSON.parse(String(event[4])) } as LiveEvent;
  if (code >= CODES.worker_started) return { type, at, workerId: String(id), worker: name } as LiveEvent;
  const pipelineId = String(pipelineIdOf(event));
  const subject = code < CODES.stage_ready ? { pipelineId, pipeline: name } : { pipelineId, stageId: String(id), stage: name };
  return { type, at, ...subject, ...detailsOf(type, event) } as LiveEvent;
}

function detailsOf(type: StoredType, [, , , , one = null, two = null]: StoredEvent): object {
  switch (type) {
    case 'pipeline_created':
      return { status: one };
    case 'stage_leased':
      return { workerId: String(one), attempt: two };
    case 'stage_failed':
      return present({ errorCode: one });
    case 'stage_retried':
    case 'stage_expired':
    case 'stage_timed_out':
    case 'stage_released':
      return present({ runAt: typeof one === 'number' ? new Date(one).toISOString() : null, errorCode: two });
    case 'stage_progress':
      return present({ ratio: one, message: two });
    default:
      return {};
  }
}

const present = (fields: { [name: string]: Detail }): object =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
