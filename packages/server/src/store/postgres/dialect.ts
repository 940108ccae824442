import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryResult,
} from 'kysely';
import type { PoolClient } from 'pg';
import { endsSession, reachable } from './failures.js';

/** Where a driver gets its connections and gives them back. */
export interface Connections {
  acquire(): Promise<PoolClient>;
  /** `broken`: nothing may use it any more. */
  release(client: PoolClient, broken: boolean): void;
}

/** Kysely over connections of node-postgres. */
export const postgresDialect = (connections: Connections): Dialect => ({
  createAdapter: () => new PostgresAdapter(),
  createDriver: () => new PostgresDriver(connections),
  createIntrospector: (db) => new PostgresIntrospector(db),
  createQueryCompiler: () => new PostgresQueryCompiler(),
});

class PostgresDriver implements Driver {
  readonly #connections: Connections;

  constructor(connections: Connections) {
    this.#connections = connections;
  }
  async init(): Promise<void> {}
  async acquireConnection(): Promise<PostgresConnection> {
    return new PostgresConnection(await reachable(this.#connections.acquire()));
  }
  async beginTransaction(connection: PostgresConnection): Promise<void> {
    await connection.query('begin');
  }
  async commitTransaction(connection: PostgresConnection): Promise<void> {
    await connection.query('commit');
  }
  async rollbackTransaction(connection: PostgresConnection): Promise<void> {
    await connection.query('rollback').catch(() => undefined); // a lost connection has rolled back by itself
  }
  async releaseConnection(connection: PostgresConnection): Promise<void> {
    this.#connections.release(connection.client, connection.broken);
  }
  async destroy(): Promise<void> {}
}

class PostgresConnection implements DatabaseConnection {
  broken = false;

  constructor(readonly client: PoolClient) {}

  async executeQuery<Row>(query: CompiledQuery): Promise<QueryResult<Row>> {
    const { rows, rowCount } = await this.query(query.sql, query.parameters as unknown[]);
    return { rows: rows as Row[], numAffectedRows: BigInt(rowCount ?? 0) };
  }

  async query(text: string, values?: unknown[]) {
    try {
      return await reachable(this.client.query({ text, ...(values && { values }) }));
    } catch (error) {
      this.broken ||= endsSession(error);
      throw error;
    }
  }

  // biome-ignore lint/correctness/useYield: the interface asks for a generator; nothing of ours streams.
  async *streamQuery<Row>(): AsyncIterableIterator<QueryResult<Row>> {
    throw new Error('streaming is not supported');
  }
}
