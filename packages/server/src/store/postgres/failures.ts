import { DatabaseError } from 'pg';
import type { Failure } from '../store.js';

/** The database did not answer: it refused the connection, closed it, or was silent for too long. */
class ConnectionLost extends Error {
  override readonly name = 'ConnectionLost';
}

/** The connection was lost while the commit was under way: nobody knows whether it counts. */
export class CommitUnknown extends Error {
  override readonly name = 'CommitUnknown';
}

/** Turns whatever is not PostgreSQL's own answer into ConnectionLost: node-postgres gives such errors no common mark. */
export async function reachable<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof DatabaseError) throw error;
    throw new ConnectionLost(wordsOf(error), { cause: error });
  }
}

/** A host name with several addresses fails with an AggregateError, whose own message is empty. */
function wordsOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return error.errors.map(wordsOf).join('; ');
  if (!(error instanceof Error)) return String(error);
  return error.message || String((error as { code?: unknown }).code ?? error.name);
}

/** https://www.postgresql.org/docs/current/errcodes-appendix.html: two transactions in each other's way. */
const CONFLICTS = new Set(['40001', '40P01']);
/**
 * What the same statement may get over later, or an administrator puts right; no request is to blame. Classes: connection,
 * authorisation, database name, resources, lock not available, operator, system, internal. Codes: a transaction that was idle for
 * too long, a standby or a database set to read only, rights that the role lacks.
 */
const UNAVAILABLE = /^(?:08|28|3D|53|55|57|58|XX|25P03|25006|42501)/;

export function failureOf(error: unknown): Failure {
  if (error instanceof CommitUnknown) return 'unknown_outcome';
  if (error instanceof ConnectionLost) return 'unavailable';
  if (!(error instanceof DatabaseError)) return 'data';
  const code = error.code ?? '';
  if (CONFLICTS.has(code)) return 'conflict';
  return UNAVAILABLE.test(code) ? 'unavailable' : 'data';
}

/** Whether the session is over with this error: 57P01 and its like come with severity FATAL. */
export const endsSession = (error: unknown): boolean =>
  error instanceof ConnectionLost ||
  (error instanceof DatabaseError && (error.severity === 'FATAL' || error.severity === 'PANIC'));
