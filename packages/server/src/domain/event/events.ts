import type { EventType } from '@pipelogiq/protocol';
import type { Clock } from '../../clock.js';
import type { Reads } from '../../store/store.js';
import { DomainError } from '../errors.js';
import { notFound, parseId } from '../ids.js';
import type { EventUseCases, Principal } from '../use-cases.js';
import { decodeEventCursor, WHOLE } from './cursor.js';
import type { EventFeed } from './feed.js';
import { EventStream } from './stream.js';

export interface EventDeps {
  reads: Reads;
  clock: Clock;
  /** Absent when the server keeps no events. */
  feed: EventFeed | undefined;
  eventBufferBytes: number;
}

export function eventUseCases({ reads, clock, feed, eventBufferBytes }: EventDeps): EventUseCases {
  return {
    async subscribe(caller, { pipelineId, types, lastEventId }) {
      if (!feed) throw new DomainError('not_found', 'This server keeps no live events: its option `events` is off.');
      const filter = {
        applicationId: caller.applicationId,
        pipelineId: pipelineId === undefined ? undefined : await knownPipeline(reads, caller, pipelineId),
        types: types && new Set<EventType>(types),
      };
      const shared = { feed, filter, maxWaitingBytes: eventBufferBytes, now: () => clock.now() };
      // What is no cursor of ours, or not any more, is treated like one that is too old: an EventSource would never come back from a 4xx.
      const given = lastEventId === undefined ? undefined : (decodeEventCursor(lastEventId) ?? UNKNOWN);
      return feed.join(
        () => new EventStream({ ...shared, start: given ?? { row: feed.head, index: WHOLE }, resumes: given !== undefined }),
      );
    },
  };
}

/** No row has this place. */
const UNKNOWN = { row: { id: -1, writtenAt: -1 }, index: WHOLE };

async function knownPipeline(reads: Reads, caller: Principal, id: string): Promise<number> {
  const row = await reads.pipeline(caller.applicationId, parseId(id, 'pipeline'));
  if (!row) throw notFound('pipeline', id);
  return row.id;
}
