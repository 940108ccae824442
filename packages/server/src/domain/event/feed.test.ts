import { describe, expect, it } from 'vitest';
import type { EventReads, EventRow } from '../../store/store.js';
import type { OutgoingEvent } from './batch.js';
import { WHOLE } from './cursor.js';
import { EventFeed } from './feed.js';
import { EventStream } from './stream.js';

const APPLICATION = 1;

/** A log in memory whose answers are given when the test says so. */
function aLog() {
  const rows: EventRow[] = [{ id: 1, writtenAt: 0, payload: '[]' }];
  const held: (() => void)[] = [];
  let holds = false;
  const answer = async <Answer>(found: Answer): Promise<Answer> => {
    if (holds) await new Promise<void>((resolve) => held.push(resolve));
    return found;
  };
  const reads: EventReads = {
    lastEvent: () => answer(rows.at(-1)),
    eventsFrom: ({ id }, { limit }) => answer(rows.filter((row) => row.id >= id).slice(0, limit)),
  };
  return {
    reads,
    /** A pipeline was created, of that name. */
    append: (name: string): void => {
      const payload = JSON.stringify([11, APPLICATION, 777, name, 'running']);
      rows.push({ id: rows.length + 1, writtenAt: 0, payload });
    },
    /** From now on reads find what is there when they are asked, and answer at `release`. */
    hold: (): void => {
      holds = true;
    },
    release: (): void => {
      holds = false;
      for (const resolve of held.splice(0)) resolve();
    },
  };
}

function aFeed() {
  const log = aLog();
  const errors: unknown[] = [];
  const onError = (error: unknown): void => {
    errors.push(error);
  };
  const feed = new EventFeed({ reads: log.reads, maxStreams: 10, onError });
  const names: unknown[] = [];
  const outlet = {
    waiting: 0,
    send: (events: readonly OutgoingEvent[]) => names.push(...events.map(({ data }) => JSON.parse(data).pipeline)),
    mark: () => undefined,
    drained: async () => undefined,
    end: () => undefined,
  };
  const filter = { applicationId: APPLICATION, pipelineId: undefined, types: undefined };
  const shared = { feed, filter, maxWaitingBytes: 1_000, resumes: false, now: () => 0 };
  const join = async (): Promise<EventStream> => {
    const stream = await feed.join(() => new EventStream({ ...shared, start: { row: feed.head, index: WHOLE } }));
    stream.open(outlet);
    return stream;
  };
  return { feed, log, join, names, errors };
}

/** Everything that needs no more answers of the log has been done. */
const idle = async (): Promise<void> => {
  for (let turn = 0; turn < 10; turn++) await new Promise(setImmediate);
};

describe('a feed of events', () => {
  // Seen to fail when `wake` forgot what came before the head was known: the row waited for the next commit or heartbeat.
  it('tells a stream what was committed while it looked for the end of the log', async () => {
    const { feed, log, join, names } = aFeed();
    log.hold();
    const joining = join();
    await idle();
    log.append('meanwhile');
    feed.wake();
    log.release();
    await joining;
    await idle();
    expect(names).toEqual(['meanwhile']);
  });

  it('tells it also when the last stream left, and the next came, during a read', async () => {
    const { feed, log, join, names } = aFeed();
    const first = await join();
    log.hold();
    feed.wake();
    first.close();
    const joining = join();
    await idle();
    log.append('meanwhile');
    feed.wake();
    log.release();
    await joining;
    await idle();
    expect(names).toEqual(['meanwhile']);
  });

  it('looks no more when nobody listens', async () => {
    const { feed, log, join, names, errors } = aFeed();
    (await join()).close();
    log.append('unheard');
    feed.wake();
    await idle();
    await join();
    log.append('heard');
    feed.wake();
    await idle();
    expect(names).toEqual(['heard']);
    expect(errors).toEqual([]);
  });
});
