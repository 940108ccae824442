/** A statement of a transaction ends after this long, in milliseconds, so that none goes on for a caller who has given up. */
const STATEMENT_TIMEOUT_MS = 30_000;
const LOCK_TIMEOUT_MS = 15_000;
/** Less: a server that was stopped, or cut off, in the middle of a transaction must not hold its locks for longer than others wait. */
export const SILENT_TRANSACTION_MS = 10_000;

/**
 * How every transaction begins, in one round trip; its last statement gives the database's time.
 *
 * Read committed whatever the database's default is: a statement that comes after a lock must see what the lock waited for.
 * `set local`, since a pooler gives the session to others after the transaction.
 *
 * Without compilation: it pays for queries that run for seconds, and a plan that PostgreSQL thinks dear before its first look at a
 * table would be compiled at every call.
 */
export const beginWith = (silentMs: number): string =>
  [
    'begin isolation level read committed',
    `set local statement_timeout = ${STATEMENT_TIMEOUT_MS}`,
    `set local lock_timeout = ${LOCK_TIMEOUT_MS}`,
    `set local idle_in_transaction_session_timeout = ${silentMs}`,
    'set local jit = off',
    'select cast(extract(epoch from clock_timestamp()) * 1000 as bigint) as now',
  ].join('; ');
