import pg from 'pg';

export interface PoolOptions {
  url: string;
  max: number;
  /** Milliseconds without an answer after which a connection counts as lost; without it a statement may take for ever. */
  queryTimeoutMs?: number;
  /** Told once of each connection that was lost. */
  onLost(error: Error): void;
}

const CONNECT_TIMEOUT_MS = 5_000;
/** Firewalls forget connections on which nothing moves. */
const KEEP_ALIVE_MS = 10_000;
const INT8 = 20;
const NUMERIC = 1700; // of sum(bigint)

/** What every connection of the server has in common. No parameter here but those that every pooler passes on. */
export const connectionOptions = (url: string) => ({
  connectionString: url,
  connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
  keepAlive: true,
  keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
});

export function openPool({ url, max, queryTimeoutMs, onLost }: PoolOptions): pg.Pool {
  const pool = new pg.Pool({
    ...connectionOptions(url),
    max,
    ...(queryTimeoutMs !== undefined && { query_timeout: queryTimeoutMs }),
    application_name: 'pipelogiq',
    types: { getTypeParser: (oid, format) => (oid === INT8 || oid === NUMERIC ? Number : pg.types.getTypeParser(oid, format)) },
  });
  pool.on('error', () => {}); // of an idle connection, whose own listener is below
  pool.on('connect', (client) => {
    let told = false; // node-postgres tells of one cut more than once
    client.on('error', (error) => {
      if (!told) onLost(error);
      told = true;
    });
  });
  return pool;
}
