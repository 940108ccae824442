import { DomainError } from '../domain/errors.js';
import type { EventOutlet } from '../domain/event/stream.js';
import type { EventSubscription } from '../domain/use-cases.js';
import type { Sink, StreamReply } from './route.js';

/** How long a client waits before it comes back. */
const RETRY_MS = 1_000;

const HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store, no-transform', // a proxy that compresses holds events back
  'x-accel-buffering': 'no', // nginx
};

/** What is said to nobody in particular: readers skip lines that begin with a colon. */
const comment = (text: string): string => `: ${text}\n\n`;

/**
 * A subscription as server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html). A heartbeat is a comment
 * with an `id` field: without data it is no event, and readers resume from it all the same.
 *
 * @param stillAllowed - asked at each heartbeat; the stream ends when it refuses
 */
export function eventStreamReply(subscription: EventSubscription, stillAllowed: () => Promise<void>): StreamReply {
  return {
    status: 200,
    headers: HEADERS,
    open: (sink) => {
      sink.onClose(() => subscription.close());
      sink.write(`retry: ${RETRY_MS}\n\n`);
      subscription.open(outletTo(sink, stillAllowed));
    },
  };
}

function outletTo(sink: Sink, stillAllowed: () => Promise<void>): EventOutlet {
  return {
    send: (events) =>
      sink.write(events.map(({ cursor, type, data }) => `id: ${cursor}\nevent: ${type}\ndata: ${data}\n\n`).join('')),
    get waiting() {
      return sink.waiting;
    },
    mark: (cursor) => {
      sink.write(`: heartbeat\nid: ${cursor}\n\n`);
      stillAllowed().catch((error) => {
        if (error instanceof DomainError) sink.end(comment('the key may not read any more'));
      });
    },
    drained: () => sink.drained(),
    end: (why) => sink.end(comment(why)),
  };
}
