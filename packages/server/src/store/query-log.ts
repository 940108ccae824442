import type { LogEvent } from 'kysely';
import type { OnQuery } from './metric-rows.js';

/** What Kysely calls after each statement; nothing, and no cost, when nobody listens. */
export const queryLog = (connection: Parameters<OnQuery>[0], onQuery: OnQuery | undefined) =>
  onQuery && { log: ({ queryDurationMillis, query }: LogEvent) => onQuery(connection, queryDurationMillis, query.sql) };
