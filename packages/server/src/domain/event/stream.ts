import type { Ms } from '../../store/store.js';
import type { EventBatch, OutgoingEvent, StreamFilter } from './batch.js';
import { comparePositions, type EventCursor, encodeEventCursor, WHOLE } from './cursor.js';
import type { EventFeed } from './feed.js';

/** Where the events of a stream go. */
export interface EventOutlet {
  send(events: readonly OutgoingEvent[]): void;
  /** Bytes that wait to be taken. */
  readonly waiting: number;
  /** Everything up to `cursor` has been looked at, whether or not there was something to send. */
  mark(cursor: string): void;
  /** Resolves when nothing waits to be taken, and when nobody will take anything any more. */
  drained(): Promise<void>;
  /** @param why - for people */
  end(why: string): void;
}

export interface StreamDeps {
  feed: EventFeed;
  filter: StreamFilter;
  /** Bytes that may wait to be taken. */
  maxWaitingBytes: number;
  /** Everything after it is sent. */
  start: EventCursor;
  /** `start` is a caller's: it may be unknown, and much may have happened since. */
  resumes: boolean;
  now(): Ms;
}

/**
 * The events of one caller. Modes:
 * - new: nothing is sent. `open` moves on to
 * - behind: reads the log itself, a page at a time and no faster than the caller takes it, until it has reached the feed
 * - live: the feed hands it every row. It never goes back: who is too slow is cut off, and resumes
 * - over: by `close`, or because its caller, its key or the server has gone.
 * In every mode everything up to `#at` has been sent, and nothing behind it.
 */
export class EventStream {
  readonly #deps: StreamDeps;
  #mode: 'new' | 'behind' | 'live' | 'over' = 'new';
  #at: EventCursor;
  #outlet: EventOutlet | undefined;

  constructor(deps: StreamDeps) {
    this.#deps = deps;
    this.#at = deps.start;
  }

  get isLive(): boolean {
    return this.#mode === 'live';
  }

  /** Begins to send. */
  open(outlet: EventOutlet): void {
    if (this.#mode !== 'new') {
      outlet.end('over');
      return;
    }
    this.#outlet = outlet;
    if (!this.#deps.resumes) outlet.mark(encodeEventCursor(this.#at)); // who is cut off before the first event resumes from here
    this.#mode = this.#deps.resumes || this.#isBehind() ? 'behind' : 'live';
    if (this.#mode === 'behind') void this.#catchUp();
  }

  /** A row of the log, from the feed. */
  take(batch: EventBatch): void {
    if (this.#mode !== 'live' || comparePositions(batch.row, this.#at.row) <= 0) return;
    // What has just been sent always waits for a moment: what counts is what was left of the rows before.
    if ((this.#outlet?.waiting ?? 0) > this.#deps.maxWaitingBytes) this.end('too slow: resume with Last-Event-ID');
    else this.#send(batch, -1);
  }

  /** Lets the caller come along when nothing was for it: its cursor must not grow older than the log. */
  beat(): void {
    if (this.#mode === 'live' || this.#mode === 'behind') this.#outlet?.mark(encodeEventCursor(this.#at));
  }

  /** What comes after `#at` is not known any more: goes on with what happens from now on. */
  reset(): void {
    const { head } = this.#deps.feed;
    this.#at = { row: head, index: WHOLE };
    const at = new Date(this.#deps.now()).toISOString();
    this.#outlet?.send([{ cursor: encodeEventCursor(this.#at), type: 'reset', data: JSON.stringify({ type: 'reset', at }) }]);
    this.#mode = 'live';
  }

  end(why: string): void {
    if (this.#mode === 'over') return;
    this.close();
    this.#outlet?.end(why);
  }

  /** The caller has gone. */
  close(): void {
    this.#mode = 'over';
    this.#deps.feed.leave(this);
  }

  #send(batch: EventBatch, index: number): void {
    const events = batch.select(this.#deps.filter, index);
    this.#at = { row: batch.row, index: WHOLE };
    if (events.length > 0) this.#outlet?.send(events);
  }

  #isBehind(): boolean {
    return comparePositions(this.#at.row, this.#deps.feed.head) < 0;
  }

  async #catchUp(): Promise<void> {
    const { feed } = this.#deps;
    try {
      do {
        const batches = await feed.pageFrom(this.#at.row);
        if (this.#mode !== 'behind') return;
        if (!batches) return this.reset();
        for (const batch of batches) {
          const isFirst = comparePositions(batch.row, this.#at.row) === 0;
          this.#send(batch, isFirst ? this.#at.index : -1);
        }
        await this.#outlet?.drained();
      } while (this.#mode === 'behind' && this.#isBehind());
      // Nothing comes in between: the feed moves on, and tells its live streams, in one go.
      if (this.#mode === 'behind') this.#mode = 'live';
    } catch (error) {
      feed.failed(error);
      this.end('the log of events cannot be read now');
    }
  }
}
