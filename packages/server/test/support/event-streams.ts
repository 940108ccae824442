import { inject, onTestFinished } from 'vitest';
import type { TestControlPlane } from '../../src/testing/index.js';

/** One block of a stream: an event, or a comment, or fields alone. */
export interface Block {
  id?: string;
  event?: string;
  data?: Record<string, unknown>;
  comment?: string;
  retry?: string;
}

function parseBlock(text: string): Block {
  const block: Record<string, unknown> = {};
  for (const line of text.split('\n')) {
    const [, name = '', value = ''] = /^([^:]*):? ?(.*)$/.exec(line) ?? [];
    block[name === '' ? 'comment' : name] = name === 'data' ? JSON.parse(value) : value;
  }
  return block as Block;
}

interface ReaderOptions {
  /** What the stream was asked to resume from. */
  lastEventId?: string | undefined;
  /** Whether it reads from PostgreSQL; default: as the project says. */
  postgres?: boolean;
}

/** Reads server-sent events, block by block, and does as a browser does with ids. */
export class EventReader {
  /** What a reader would send as Last-Event-ID. */
  lastEventId: string | undefined;
  readonly #reader: ReadableStreamDefaultReader<string>;
  readonly #controlPlane: TestControlPlane;
  readonly #postgres: boolean;
  #text = '';

  constructor(response: Response, controlPlane: TestControlPlane, { lastEventId, postgres }: ReaderOptions = {}) {
    if (!response.body || response.status !== 200) throw new Error(`no stream but ${response.status}`);
    this.#reader = response.body.pipeThrough(new TextDecoderStream() as never).getReader() as never;
    this.#controlPlane = controlPlane;
    this.lastEventId = lastEventId;
    this.#postgres = postgres ?? inject('store') === 'postgres';
    onTestFinished(() => this.close());
  }

  /** The next block; undefined at the end. */
  async block(): Promise<Block | undefined> {
    for (;;) {
      const end = this.#text.indexOf('\n\n');
      if (end >= 0) {
        const block = parseBlock(this.#text.slice(0, end));
        this.#text = this.#text.slice(end + 2);
        this.lastEventId = block.id ?? this.lastEventId;
        return block;
      }
      const { value, done } = await this.#settled(this.#reader.read());
      if (done) return undefined;
      this.#text += value;
    }
  }

  /** The next event's data; undefined at the end. */
  async next(): Promise<Record<string, unknown> | undefined> {
    for (;;) {
      const block = await this.block();
      if (!block || block.data) return block?.data;
    }
  }

  /** So many events. */
  async take(count: number): Promise<Record<string, unknown>[]> {
    const events: Record<string, unknown>[] = [];
    while (events.length < count) {
      const event = await this.next();
      if (!event) throw new Error(`the stream ended after ${events.length} of ${count} events`);
      events.push(event);
    }
    return events;
  }

  /** All up to the first of this type. */
  async until(type: string): Promise<Record<string, unknown>[]> {
    const events: Record<string, unknown>[] = [];
    while (events.at(-1)?.type !== type) events.push(...(await this.take(1)));
    return events;
  }

  async close(): Promise<void> {
    await this.#reader.cancel().catch(() => undefined);
  }

  /**
   * On PostgreSQL what another server committed is found by looking from time to time, by the clock of the test.
   */
  async #settled<T>(promise: Promise<T>): Promise<T> {
    if (!this.#postgres) return promise;
    let over = false;
    const done = promise.finally(() => {
      over = true;
    });
    while (!over) {
      await this.#controlPlane.advance(1);
      await Promise.race([done.catch(() => undefined), turns(50)]);
    }
    return done;
  }
}

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise(setImmediate);
}
