import type { IdRange } from '../store/store.js';
import { DomainError } from './errors.js';
import { isStorable } from './storable.js';

const ID = /^[1-9]\d{0,15}$/;

/** Whether `id` could be one of ours. */
export const isId = (id: string): boolean => ID.test(id) && Number.isSafeInteger(Number(id));

/**
 * A stage's id is its pipeline's id times this, plus its position: the stages of a pipeline are one range, which needs no index of
 * its own, and a settle knows which pipeline to lock before it reads anything. Positions of removed stages are given out
 * again only when all others were (pipeline/stage-ids.ts).
 * 2^53 / 2^14 leaves room for 5 * 10^11 pipelines.
 */
export const STAGE_POSITIONS = 2 ** 14;

export const stageIdAt = (pipelineId: number, position: number): number => pipelineId * STAGE_POSITIONS + position;
export const pipelineOf = (stageId: number): number => Math.floor(stageId / STAGE_POSITIONS);
export const stagesOf = (pipelineId: number): IdRange => ({ from: stageIdAt(pipelineId, 0), to: stageIdAt(pipelineId + 1, 0) });

/** The number behind an opaque id. @throws DomainError `not_found` for anything that was never an id. */
export function parseId(id: string, what: string): number {
  if (!isId(id)) throw notFound(what, id);
  return Number(id);
}

export const notFound = (what: string, id: string): DomainError =>
  new DomainError('not_found', `There is no ${what} ${JSON.stringify(id.slice(0, 40))} in this application.`);

/** Cursors are opaque to callers; inside they are a position in the order of the list. */
export const encodeCursor = (position: string | number): string => Buffer.from(JSON.stringify(position)).toString('base64url');

export function decodeCursor(cursor: string | undefined, type: 'number'): number | undefined;
export function decodeCursor(cursor: string | undefined, type: 'string'): string | undefined;
export function decodeCursor(cursor: string | undefined, type: 'number' | 'string'): unknown {
  if (cursor === undefined) return undefined;
  try {
    const position: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    if (type === 'string' && typeof position === 'string' && isStorable(position)) return position;
    if (type === 'number' && Number.isSafeInteger(position) && (position as number) >= 0) return position;
  } catch {
    // falls through to the refusal
  }
  throw unknownCursor();
}

export const unknownCursor = (): DomainError =>
  new DomainError('invalid_request', 'The cursor is not one that this server gave out.', {
    errors: [{ path: 'cursor', message: 'Pass `nextCursor` of the page before, unchanged.' }],
  });
