import pg from 'pg';
import type { Clock, Timer } from '../../clock.js';
import type { Peers, ReadyWork } from '../store.js';
import { connectionOptions } from './pool.js';

export interface PeersDeps {
  url: string;
  /** For sending; listening takes a connection of its own. */
  pool: pg.Pool;
  clock: Clock;
  onBackgroundError(error: Error): void;
}

const CHANNEL = 'pipelogiq_ready';
/** NOTIFY takes a lock of the whole database server at its commit, so that hints are gathered for so long. */
const THROTTLE_MS = 20;
const RECONNECT_MS = 1_000;
/** PostgreSQL refuses payloads of 8,000 bytes; what is left out is found by polling. */
const MAX_PAYLOAD_BYTES = 7_500;
/** A hint is no promise: nobody waits until it is on the disk. */
const NOTIFY = `select set_config('synchronous_commit', 'off', true), pg_notify($1, $2)`;

/**
 * Hints between servers on one database, by LISTEN and NOTIFY. They may be lost — behind a pooler that shares connections by
 * transaction nothing is heard at all — and cost nothing but time then: every server also polls for its waiting pulls.
 * closed is final; until then a lost connection is opened again.
 */
export class PostgresPeers implements Peers {
  readonly #deps: PeersDeps;
  readonly #pending = new Map<string, ReadyWork>();
  readonly #self: string; // tells our own hints from those of others
  #listener: ((ready: ReadyWork[]) => void) | undefined;
  #client: pg.Client | undefined;
  #sendTimer: Timer | undefined;
  #connectTimer: Timer | undefined;
  #sending: Promise<unknown> = Promise.resolve();
  /** Until it works again, the loss of listening is told once. */
  #deaf = false;
  /** Behind a pooler hints reach nobody: polling is all there is. */
  #pooled = false;
  #closed = false;

  constructor(deps: PeersDeps) {
    this.#deps = deps;
    this.#self = deps.clock.randomHex(8);
  }

  announce(ready: readonly ReadyWork[]): void {
    if (this.#pooled) return;
    for (const work of ready) {
      const key = `${work.applicationId}\n${work.handler}`;
      this.#pending.set(key, { ...work, count: work.count + (this.#pending.get(key)?.count ?? 0) });
    }
    if (this.#pending.size === 0 || this.#sendTimer || this.#closed) return;
    this.#sendTimer = this.#deps.clock.setTimer(() => {
      this.#sendTimer = undefined;
      this.#sending = this.#send().catch(this.#deps.onBackgroundError);
    }, THROTTLE_MS);
  }

  onReady(listener: (ready: ReadyWork[]) => void): void {
    this.#listener = listener;
    void this.#listen();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#sendTimer?.cancel();
    this.#connectTimer?.cancel();
    await this.#sending;
    await this.#client?.end().catch(() => undefined);
  }

  async #send(): Promise<void> {
    const ready: ReadyWork[] = [];
    let bytes = 100;
    for (const work of this.#pending.values()) {
      bytes += Buffer.byteLength(JSON.stringify(work)) + 1;
      if (bytes > MAX_PAYLOAD_BYTES) break;
      ready.push(work);
    }
    this.#pending.clear();
    await this.#deps.pool.query(NOTIFY, [CHANNEL, JSON.stringify({ from: this.#self, ready })]);
  }

  async #listen(): Promise<void> {
    const client = new pg.Client({ ...connectionOptions(this.#deps.url), application_name: 'pipelogiq-listen' });
    this.#client = client;
    client.on('error', (error) => this.#isDeaf(client, error)).on('end', () => this.#again(client));
    client.on('notification', ({ payload }) => this.#hear(payload ?? ''));
    try {
      await client.connect();
      if (await isPooled(client)) return await this.#goWithout(client);
      await client.query(`listen ${CHANNEL}`);
      this.#deaf = false;
    } catch (error) {
      this.#isDeaf(client, error as Error);
      client.end().catch(() => undefined);
      this.#again(client);
    }
  }

  /** A pooler would leave the LISTEN on a connection that it lends to others, who would get our hints in our place. */
  async #goWithout(client: pg.Client): Promise<void> {
    this.#pooled = true;
    this.#client = undefined;
    await client.end();
  }

  #isDeaf(client: pg.Client, error: Error): void {
    if (this.#client !== client || this.#closed) return;
    if (!this.#deaf) this.#deps.onBackgroundError(error);
    this.#deaf = true;
  }

  #again(client: pg.Client): void {
    if (this.#client !== client || this.#closed) return;
    this.#client = undefined;
    this.#connectTimer = this.#deps.clock.setTimer(() => void this.#listen(), RECONNECT_MS);
  }

  #hear(payload: string): void {
    try {
      const { from, ready } = JSON.parse(payload) as { from: string; ready: ReadyWork[] };
      if (from !== this.#self) this.#listener?.(ready);
    } catch (error) {
      this.#deps.onBackgroundError(error as Error); // somebody else uses the channel: a hint lost
    }
  }
}

/** The process that a pooler shows to its clients is none of PostgreSQL's. */
async function isPooled(client: pg.Client): Promise<boolean> {
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
  return rows[0]?.pid !== (client as pg.Client & { processID: number | null }).processID;
}
