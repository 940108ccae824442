import type Database from 'better-sqlite3';
import { codeOf } from './damage.js';

export const inUse = (path: string): string =>
  `${path} is in use by another process; stop the server, and close every shell that has it open`;

/**
 * Takes the file for this connection alone, until it closes. A running server keeps its connections open, on this machine or, through
 * a shared disk, on another: an exclusive lock tells.
 */
export function lockOut(database: Database.Database, refusal: () => Error): void {
  try {
    database.pragma('locking_mode = EXCLUSIVE');
    database.exec('begin exclusive; commit');
  } catch (error) {
    throw codeOf(error).startsWith('SQLITE_BUSY') ? refusal() : error;
  }
}
