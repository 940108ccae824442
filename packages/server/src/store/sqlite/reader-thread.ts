import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import type { CompiledQuery, DatabaseConnection, Dialect, Driver, QueryResult } from 'kysely';
import { sqliteDialectOver } from './dialect.js';

/** Runs in the thread. Plain text, so that every bundler keeps it; it loads the driver from where the main thread found it. */
const READER_SOURCE = `
const { parentPort, workerData } = require('node:worker_threads');
const Database = require(workerData.driver);
const database = new Database(workerData.path, { readonly: true, fileMustExist: true });
database.pragma('busy_timeout = 5000');
database.pragma('trusted_schema = OFF');
const statements = new Map();
function answer({ id, sql, parameters }) {
  try {
    let statement = statements.get(sql);
    if (!statement) {
      if (statements.size >= 200) statements.clear();
      statement = database.prepare(sql);
      statements.set(sql, statement);
    }
    parentPort.postMessage({ id, rows: statement.all(parameters) });
  } catch (error) {
    parentPort.postMessage({ id, error: { message: error.message, code: error.code } });
  }
}
parentPort.on('message', (queries) => queries.forEach(answer));
`;

interface Reply {
  id: number;
  rows?: unknown[];
  error?: { message: string; code?: string };
}

interface Query {
  id: number;
  sql: string;
  parameters: readonly unknown[];
}

interface Waiting {
  resolve(result: QueryResult<never>): void;
  reject(error: Error): void;
}

/**
 * A read-only connection in a worker thread: lists and searches never hold up the event loop that leases run on.
 * @param onError - told of each error of a query before its caller is
 */
export const readerThreadDialect = (path: string, onError: (error: Error) => void = () => {}): Dialect =>
  sqliteDialectOver(() => new ReaderThreadDriver(path, onError));

const requireHere = createRequire(import.meta.url);

class ReaderThreadDriver implements Driver, DatabaseConnection {
  readonly #path: string;
  readonly #onError: (error: Error) => void;
  #thread: Worker | undefined;
  #nextId = 1;
  readonly #waiting = new Map<number, Waiting>();
  /** What was asked in this turn, to be sent as one message: sending one costs more than most queries take. */
  #asked: Query[] = [];

  constructor(path: string, onError: (error: Error) => void) {
    this.#path = path;
    this.#onError = onError;
  }

  async init(): Promise<void> {}
  async acquireConnection(): Promise<DatabaseConnection> {
    return this;
  }
  async beginTransaction(): Promise<void> {
    throw new Error('the reader has no transactions');
  }
  async commitTransaction(): Promise<void> {}
  async rollbackTransaction(): Promise<void> {}
  async releaseConnection(): Promise<void> {}

  executeQuery<Row>(query: CompiledQuery): Promise<QueryResult<Row>> {
    this.#thread ??= this.#start();
    const thread = this.#thread;
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      if (this.#waiting.size === 0) thread.ref(); // a process that only waits for an answer must not end before it
      this.#waiting.set(id, { resolve: resolve as Waiting['resolve'], reject });
      if (this.#asked.length === 0) process.nextTick(() => this.#send()); // behind all microtasks
      this.#asked.push({ id, sql: query.sql, parameters: query.parameters });
    });
  }

  #send(): void {
    const asked = this.#asked;
    this.#asked = [];
    try {
      this.#thread?.postMessage(asked);
    } catch (error) {
      for (const { id } of asked) this.#waiting.get(id)?.reject(error as Error); // a parameter that cannot be sent
      for (const { id } of asked) this.#waiting.delete(id);
    }
  }

  // biome-ignore lint/correctness/useYield: the interface asks for a generator; nothing of ours streams.
  async *streamQuery<Row>(): AsyncIterableIterator<QueryResult<Row>> {
    throw new Error('streaming is not supported');
  }

  async destroy(): Promise<void> {
    const thread = this.#thread;
    this.#thread = undefined;
    await thread?.terminate();
    this.#failAll(new Error('the store is closed'));
  }

  #start(): Worker {
    const driver = requireHere.resolve('better-sqlite3');
    const thread = new Worker(READER_SOURCE, { eval: true, workerData: { driver, path: this.#path } });
    thread.unref();
    thread.on('message', ({ id, rows, error }: Reply) => {
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (this.#waiting.size === 0) thread.unref();
      if (error) this.#refuse(waiting, Object.assign(new Error(error.message), { code: error.code }));
      else waiting?.resolve({ rows: (rows ?? []) as never[] });
    });
    // The next query starts a new thread.
    thread.on('error', (error) => {
      if (this.#thread === thread) this.#thread = undefined;
      this.#failAll(error as Error);
    });
    return thread;
  }

  #refuse(waiting: Waiting | undefined, error: Error): void {
    this.#onError(error);
    waiting?.reject(error);
  }

  #failAll(error: Error): void {
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject } of waiting) reject(error);
  }
}
