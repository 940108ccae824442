import type { EventPosition } from '../../store/store.js';

/** How far a stream has come: through the events of a row up to `index`, or through all of it. */
export interface EventCursor {
  row: EventPosition;
  /** `WHOLE`, or of the last event that was looked at. */
  index: number;
}

export const WHOLE = Number.MAX_SAFE_INTEGER;
const RADIX = 36;
const CURSOR = /^([0-9a-z]{1,11})\.([0-9a-z]{1,11})(?:\.([0-9a-z]{1,6}))?$/;

/** The `id` field of a server-sent event. It must not change its form with the version: clients keep it over an update. */
export function encodeEventCursor({ row, index }: EventCursor): string {
  const numbers = [row.id, row.writtenAt, ...(index === WHOLE ? [] : [index])];
  return numbers.map((number) => number.toString(RADIX)).join('.');
}

/** Undefined for what was never a cursor. */
export function decodeEventCursor(text: string): EventCursor | undefined {
  const match = CURSOR.exec(text);
  if (!match) return undefined;
  const [id = 0, writtenAt = 0, index = WHOLE] = match
    .slice(1)
    .flatMap((part) => (part === undefined ? [] : [Number.parseInt(part, RADIX)]));
  return [id, writtenAt].every(Number.isSafeInteger) ? { row: { id, writtenAt }, index } : undefined;
}

/** Negative when `one` comes before `other`. */
export const comparePositions = (one: EventPosition, other: EventPosition): number => one.id - other.id;

/** The very same row, not another one that got its id after a restore of the database. */
export const isSameRow = (one: EventPosition | undefined, other: EventPosition): boolean =>
  one !== undefined && comparePositions(one, other) === 0 && one.writtenAt === other.writtenAt;
