import type { EventPosition, EventReads } from '../../store/store.js';
import { DomainError } from '../errors.js';
import { EventBatch } from './batch.js';
import { isSameRow } from './cursor.js';
import type { EventStream } from './stream.js';

export interface FeedDeps {
  reads: EventReads;
  maxStreams: number;
  /** A read failed; streams go on, or resume. */
  onError(error: unknown): void;
}

const PAGE_ROWS = 16;
const RETRY_AFTER_MS = 5_000;

/**
 * Reads the log of events, once for all streams of this server, while there are any. `head` is the last row that every live stream
 * was given; it moves on only together with them. Modes: asleep (no streams: `#head` is unknown) → awake → … → closed.
 */
export class EventFeed {
  readonly #deps: FeedDeps;
  readonly #streams = new Set<EventStream>();
  /** Streams that are being made: they hold the feed awake and count. */
  #coming = 0;
  #head: EventPosition | undefined;
  #waking: Promise<void> | undefined;
  #reading: Promise<void> | undefined;
  #again = false;
  #closed = false;
  /** Of streams that are behind: one page is read at a time, however many resume at once. */
  #pages: Promise<unknown> = Promise.resolve();

  constructor(deps: FeedDeps) {
    this.#deps = deps;
  }

  get head(): EventPosition {
    if (!this.#head) throw new Error('the feed is asleep');
    return this.#head;
  }

  get size(): number {
    return this.#streams.size + this.#coming;
  }

  /**
   * Adds the stream that `make` makes once the feed is awake.
   * @throws DomainError `overloaded`, `shutting_down`, or what the read threw
   */
  async join(make: () => EventStream): Promise<EventStream> {
    if (this.#closed) throw new DomainError('shutting_down', 'The server is shutting down.', { retryAfterMs: RETRY_AFTER_MS });
    if (this.size >= this.#deps.maxStreams) {
      const message = `The server has ${this.size} open event streams, as many as it may.`;
      throw new DomainError('overloaded', message, { retryAfterMs: RETRY_AFTER_MS });
    }
    this.#coming += 1;
    try {
      this.#waking ??= this.#wakeUp();
      await this.#waking;
      const stream = make();
      this.#streams.add(stream);
      if (this.#again) this.wake(); // rows came while the head was looked for, and may lie behind it
      return stream;
    } finally {
      this.#coming -= 1;
      this.#sleepIfEmpty();
    }
  }

  leave(stream: EventStream): void {
    this.#streams.delete(stream);
    this.#sleepIfEmpty();
  }

  /** There may be new rows. */
  wake(): void {
    if (this.size === 0 || this.#closed) return;
    this.#again = true;
    if (!this.#head) return; // `join` looks again once there is one
    this.#reading ??= this.#readAll().finally(() => {
      this.#reading = undefined;
      if (this.#again) this.wake();
    });
  }

  /** Tells every stream how far the log was looked at. */
  beat(): void {
    for (const stream of this.#streams) stream.beat();
    this.wake();
  }

  /** A page of the log from a row on; undefined when that row is not there any more, or never was. */
  pageFrom(row: EventPosition): Promise<EventBatch[] | undefined> {
    const page = this.#pages.then(() => this.#deps.reads.eventsFrom(row, { limit: PAGE_ROWS, withFirst: true }));
    this.#pages = page.catch(() => undefined);
    return page.then((rows) => {
      const [first] = rows;
      if (!isSameRow(first, row)) return undefined;
      return rows.map((found) => new EventBatch(found));
    });
  }

  failed(error: unknown): void {
    if (!this.#closed) this.#deps.onError(error);
  }

  /** Ends all streams at once, and waits for the reads under way. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const stream of this.#streams) stream.end('the server is shutting down');
    await Promise.all([this.#reading, this.#pages, this.#waking?.catch(() => undefined)]);
  }

  async #wakeUp(): Promise<void> {
    try {
      const head = await this.#deps.reads.lastEvent();
      if (!head) throw new DomainError('store_unavailable', 'The log of events is empty.', { retryAfterMs: RETRY_AFTER_MS });
      this.#head = head;
    } catch (error) {
      this.#waking = undefined;
      throw error;
    }
  }

  #sleepIfEmpty(): void {
    if (this.size > 0) return;
    this.#again = false;
    this.#head = undefined;
    this.#waking = undefined;
  }

  async #readAll(): Promise<void> {
    try {
      while (this.#again && this.#head) {
        this.#again = false;
        await this.#readFrom(this.#head);
      }
    } catch (error) {
      this.failed(error);
    }
  }

  async #readFrom(head: EventPosition): Promise<void> {
    const rows = await this.#deps.reads.eventsFrom(head, { limit: PAGE_ROWS, withFirst: false });
    if (this.#head !== head) return; // all streams left meanwhile; others may have come
    const [first, ...fresh] = rows;
    if (!isSameRow(first, head)) return this.#lost();
    for (const row of fresh) {
      const batch = new EventBatch(row);
      this.#head = batch.row;
      for (const stream of this.#streams) if (stream.isLive) stream.take(batch);
      await new Promise(setImmediate); // sockets take one row before the next: a backlog of rows makes nobody slow
      if (this.#head !== batch.row) return;
    }
    if (rows.length === PAGE_ROWS) this.#again = true;
  }

  /** The log was cut beyond the head, or the database is another one. */
  async #lost(): Promise<void> {
    const head = await this.#deps.reads.lastEvent();
    if (!head || !this.#head) return;
    this.#head = head;
    for (const stream of this.#streams) if (stream.isLive) stream.reset();
  }
}
