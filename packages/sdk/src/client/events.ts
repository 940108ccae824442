import { type EventType, HEADERS, type LiveEvent, ROUTES } from '@pipelogiq/protocol';
import { PipelogiqError } from '../errors.js';
import { pause } from '../transport/deadline.js';
import { EventStreamParser, type ServerSentEvent } from '../transport/event-stream.js';
import type { Transport } from '../transport/transport.js';
import { reconnectDelay } from '../worker/backoff.js';

/** Which events to receive, and from where on. */
export interface EventOptions {
  /** Events of one pipeline alone. */
  pipelineId?: string;
  /** Default: all. `reset` comes whatever is given. */
  types?: readonly EventType[];
  /** `id` of an event that was received before: everything after it comes first. */
  lastEventId?: string;
  /** Ends the loop, without an error. */
  signal?: AbortSignal;
  /** Called whenever the stream is open, also when it has been opened again: whatever is committed from then on will come. */
  onOpen?: () => void;
}

/** An event, with the `id` to resume after it. */
export type ReceivedEvent = LiveEvent & { id: string };

/** What tests replace. */
export interface EventTiming {
  random(): number;
  pause(delayMs: number, signal: AbortSignal | undefined): Promise<void>;
}

/** The server shows that it lives every 15 seconds, at least every 30. */
const SILENCE_MS = 65_000;
/** Of the first connection: a wrong URL must not look like an application where nothing happens. */
const FIRST_ATTEMPTS = 5;

/**
 * Receives events until the loop is left or `signal` fires, resuming by itself whenever the stream ends or breaks. Nothing is asked
 * before the first event is awaited.
 *
 * @throws PipelogiqError when the server refuses (key, scope, pipeline), and when it cannot be reached from the start
 */
export async function* receiveEvents(
  transport: Transport,
  options: EventOptions,
  timing: EventTiming = { random: Math.random, pause },
): AsyncGenerator<ReceivedEvent, void, undefined> {
  const { pipelineId, types, signal } = options;
  const query = { pipelineId, types: types?.join(',') };
  let { lastEventId } = options;
  let failures = 0;
  let wasOpen = false;
  while (!signal?.aborted) {
    const parser = new EventStreamParser(lastEventId);
    const onOpen = () => {
      wasOpen = true;
      failures = 0;
      options.onOpen?.();
    };
    try {
      const headers = lastEventId === undefined ? {} : { [HEADERS.lastEventId]: lastEventId };
      for await (const text of transport.stream({
        method: 'GET',
        path: ROUTES.events,
        query,
        headers,
        signal,
        timeoutMs: SILENCE_MS,
        onOpen,
      })) {
        for (const event of parser.push(text)) {
          lastEventId = event.id;
          yield received(event);
        }
        lastEventId = parser.lastEventId; // heartbeats move it too
      }
    } catch (error) {
      if (signal?.aborted || isClosed(error)) return;
      if (!isTransient(error) || (!wasOpen && failures + 1 >= FIRST_ATTEMPTS)) throw error;
      failures += 1;
      await resting(timing, reconnectDelay(failures, timing.random) + (error.retryAfterMs ?? 0), signal);
      continue;
    }
    // The server ended it: it shuts down, or this loop was too slow for it.
    await resting(timing, (parser.retryMs ?? DEFAULT_RETRY_MS) * (0.5 + timing.random() / 2), signal);
  }
}

const DEFAULT_RETRY_MS = 1_000;

const isClosed = (error: unknown): boolean => error instanceof PipelogiqError && error.code === 'client_closed';

const isTransient = (error: unknown): error is PipelogiqError => error instanceof PipelogiqError && error.retryable;

/** An abort ends the rest, and the loop sees why. */
const resting = ({ pause }: EventTiming, delayMs: number, signal: AbortSignal | undefined): Promise<void> =>
  pause(delayMs, signal).catch((error) => {
    if (!signal?.aborted) throw error;
  });

function received({ id = '', data }: ServerSentEvent): ReceivedEvent {
  try {
    return { ...(JSON.parse(data) as LiveEvent), id };
  } catch (cause) {
    throw new PipelogiqError('An event is not JSON. Does the URL name a Pipelogiq server?', {
      code: 'unexpected_response',
      cause,
    });
  }
}
