import { DatabaseError } from 'pg';
import type { Failure } from '../store.js';

/** The database did not answer: it refused the connection, or closed it. */
export class ConnectionLost extends Error {
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
    throw new ConnectionLost(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

/** https://www.postgresql.org/docs/current/errcodes-appendix.html: two transactions in each other's way. */
const CONFLICTS = new Set(['40001', '40P01']);
/** Classes after which the same statement may work later: connection, resources, operator, system, internal; and a read-only standby. */
const UNAVAILABLE = /^(?:08|53|55|57|58|XX|25006)/;

export function failureOf(error: unknown): Failure {
  if (error instanceof CommitUnknown) return 'unknown_outcome';
  if (error instanceof ConnectionLost) return 'unavailable';
  if (!(error instanceof DatabaseError)) return 'data';
  const code = error.code ?? '';
  if (CONFLICTS.has(code)) return 'conflict';
  return UNAVAILABLE.test(code) ? 'unavailable' : 'data';
}

/** Whether the server ended the session with this error: 57P01 and its like come with severity FATAL. */
export const endsSession = (error: unknown): boolean =>
  error instanceof ConnectionLost ||
  (error instanceof DatabaseError && (error.severity === 'FATAL' || error.severity === 'PANIC'));
