import { createParser } from 'eventsource-parser';
import { apiHeaders, type Query, urlOf } from './http.js';
import { ApiError, errorOf } from './problem.js';

export interface StreamEvent {
  type: string;
  /** JSON text; most readers need no more than the type. */
  data: string;
}

interface Reading {
  query: Query;
  lastEventId: string | undefined;
  signal: AbortSignal;
  onOpen(): void;
  onId(id: string): void;
  onEvent(event: StreamEvent): void;
}

/** The server sends something every 15 seconds; three times that is silence. */
const SILENT_MS = 45_000;

/** Reads `GET /events` until it ends. Throws ApiError when it was refused, cut or silent. */
export async function readEvents({ query, lastEventId, signal, onOpen, onId, onEvent }: Reading): Promise<void> {
  const silence = new AbortController();
  let timer = setTimeout(() => silence.abort(), SILENT_MS);
  const heard = () => {
    clearTimeout(timer);
    timer = setTimeout(() => silence.abort(), SILENT_MS);
  };
  const parser = createParser({
    onEvent: ({ event, data, id }) => {
      if (id) onId(id);
      onEvent({ type: event ?? 'message', data });
    },
  });
  try {
    const response = await fetch(urlOf('/events', query), {
      headers: apiHeaders({ accept: 'text/event-stream', ...(lastEventId && { 'last-event-id': lastEventId }) }),
      credentials: 'same-origin',
      cache: 'no-store',
      signal: AbortSignal.any([signal, silence.signal]),
    });
    if (!response.ok || !response.body) throw await errorOf(response);
    onOpen();
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      heard();
      parser.feed(value);
    }
  } catch (error) {
    if (error instanceof ApiError) throw error;
    throw new ApiError('The stream of events was cut.', { status: 0, code: 'unreachable' });
  } finally {
    clearTimeout(timer);
  }
}
