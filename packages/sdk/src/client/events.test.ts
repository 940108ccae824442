import type { ServerResponse } from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ConnectionError, NotFoundError, PipelogiqError } from '../errors.js';
import { createTransport, type TransportOptions } from '../transport/create-transport.js';
import { localServer, problem, type Received, type Reply } from '../transport/local-server.fixture.js';
import type { Transport } from '../transport/transport.js';
import { type EventOptions, type ReceivedEvent, receiveEvents } from './events.js';

/** Receives over a transport, waits written down instead of waited for. */
function receiving(transport: Transport, options: EventOptions = {}) {
  const waits: number[] = [];
  const pause = async (delayMs: number, signal: AbortSignal | undefined): Promise<void> => {
    waits.push(delayMs);
    signal?.throwIfAborted();
  };
  return { waits, events: receiveEvents(transport, options, { random: () => 1, pause }) };
}

async function serverOf(answer: (request: Received, nth: number) => Reply, options: TransportOptions = {}) {
  const server = await localServer(answer);
  const transport = createTransport(() => ({ url: server.url, apiKey: 'k' }), options);
  onTestFinished(() => transport.close());
  return { ...server, transport };
}

/** A stream of these pieces; `last` ends it. */
const stream =
  (pieces: string[], last: (response: ServerResponse) => void = () => undefined): Reply =>
  (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(pieces.join(''), () => last(response));
  };

const ready = (id: string) => `id: ${id}\nevent: stage_ready\ndata: {"type":"stage_ready","stage":"${id}"}\n\n`;
const ends = (response: ServerResponse) => response.end();
const breaks = (response: ServerResponse) => response.destroy();
const idsOf = (requests: Received[]) => requests.map(({ headers }) => headers['last-event-id']);

async function take(events: AsyncGenerator<ReceivedEvent>, count: number): Promise<string[]> {
  const ids: string[] = [];
  while (ids.length < count) {
    const { value, done } = await events.next();
    if (done) throw new Error(`over after ${ids}`);
    ids.push(value.id);
  }
  return ids;
}

describe('events', () => {
  it('asks for what is wanted, as a stream', async () => {
    const { transport, requests } = await serverOf(() => stream([ready('1')]));
    const { events } = receiving(transport, { pipelineId: '7', types: ['stage_ready', 'stage_failed'], lastEventId: '0' });
    expect((await events.next()).value).toEqual({ type: 'stage_ready', stage: '1', id: '1' });
    await events.return();
    expect(requests).toHaveLength(1);
    expect(`${requests[0]?.path}?${requests[0]?.query}`).toBe('/events?pipelineId=7&types=stage_ready%2Cstage_failed');
    expect(requests[0]?.headers).toMatchObject({
      accept: 'text/event-stream',
      authorization: 'Bearer k',
      'last-event-id': '0',
      'pipelogiq-protocol': '1.0',
    });
  });

  it('resumes after the last event, whether the server ends the stream, breaks it or refuses for a while', async () => {
    const answers: Reply[] = [
      stream(['retry: 400\n\n', ready('1'), ready('2'), 'id: 3\nevent: stage_ready\ndata: {"ty'], breaks),
      problem(503, 'overloaded', { retryAfterMs: 70 }),
      stream([ready('3'), ': heartbeat\nid: 4\n\n'], ends),
      stream(['retry: 400\n\n'], ends),
      stream([ready('5')]),
    ];
    const { transport, requests } = await serverOf((_, nth) => answers[nth - 1] as Reply);
    const { events, waits } = receiving(transport);
    expect(await take(events, 4)).toEqual(['1', '2', '3', '5']);
    expect(idsOf(requests)).toEqual([undefined, '2', '2', '4', '4']);
    expect(waits).toEqual([100, 270, 1_000, 400]);
    await events.return();
  });

  it('gives up at once when it is refused, and after a few tries when nobody is there', async () => {
    const { transport, requests } = await serverOf(() => problem(404, 'not_found'));
    await expect(receiving(transport).events.next()).rejects.toThrow(NotFoundError);
    expect(requests).toHaveLength(1);
    const nobody = createTransport(() => ({ url: 'http://127.0.0.1:1', apiKey: 'k' }), {});
    const { events, waits } = receiving(nobody);
    await expect(events.next()).rejects.toThrow(ConnectionError);
    expect(waits).toHaveLength(4);
  });

  it('does not give up once it was open', async () => {
    const answers = [
      stream([ready('1')], breaks),
      ...Array.from({ length: 12 }, () => problem(503, 'shutting_down')),
      stream([ready('2')]),
    ];
    const { transport } = await serverOf((_, nth) => answers[nth - 1] as Reply);
    const { events, waits } = receiving(transport);
    expect(await take(events, 2)).toEqual(['1', '2']);
    expect(Math.max(...waits)).toBe(5_000);
    await events.return();
  });

  it('is refused for good when the key is not valid any more', async () => {
    const { transport } = await serverOf((_, nth) => (nth === 1 ? stream([ready('1')], ends) : problem(401, 'unauthenticated')));
    const { events } = receiving(transport);
    expect(await take(events, 1)).toEqual(['1']);
    await expect(events.next()).rejects.toMatchObject({ status: 401 });
  });

  it('says when it is open', async () => {
    const { transport } = await serverOf((_, nth) => (nth === 1 ? stream([], ends) : stream([ready('1')])));
    let opened = 0;
    const { events } = receiving(transport, {
      onOpen: () => {
        opened += 1;
      },
    });
    await take(events, 1);
    expect(opened).toBe(2);
    await events.return();
  });

  const ways: [string, () => TransportOptions][] = [
    ['over undici', () => ({})],
    ['over an injected fetch', () => ({ fetch: (request) => globalThis.fetch(request) })],
  ];
  describe.each(ways)('%s', (_, options) => {
    /** A stream that stays open, and the moment when its connection ends. */
    async function open(more: EventOptions = {}) {
      let closed = (): void => undefined;
      const over = new Promise<void>((resolve) => {
        closed = resolve;
      });
      const answer: Reply = (response) => {
        response.on('close', closed);
        (stream([ready('1')]) as (response: ServerResponse) => void)(response);
      };
      const { transport } = await serverOf(() => answer, options());
      const { events } = receiving(transport, more);
      await take(events, 1);
      return { events, transport, over };
    }

    it('lets go of the connection when the loop is left', async () => {
      const { events, over } = await open();
      await events.return();
      await over;
    });

    it('ends without an error when the signal fires, also while it waits for an event', async () => {
      const abort = new AbortController();
      const { events, over } = await open({ signal: abort.signal });
      const next = events.next();
      abort.abort();
      expect(await next).toEqual({ done: true, value: undefined });
      await over;
    });

    it('ends without an error when the client is closed, which waits for nothing', async () => {
      const { events, over, transport } = await open();
      const next = events.next();
      await transport.close();
      expect(await next).toEqual({ done: true, value: undefined });
      await over;
    });
  });

  it('asks for nothing when the signal has fired already, or the client is closed', async () => {
    const { transport, requests } = await serverOf(() => stream([]));
    expect(await receiving(transport, { signal: AbortSignal.abort() }).events.next()).toMatchObject({ done: true });
    await transport.close();
    expect(await receiving(transport).events.next()).toMatchObject({ done: true });
    expect(requests).toEqual([]);
  });

  it('opens a new connection when nothing comes for too long', async () => {
    const { transport, requests } = await serverOf((_, nth) => stream(nth === 1 ? [] : [ready('1')]));
    const impatient: Transport = {
      ...transport,
      request: (request) => transport.request(request),
      close: () => transport.close(),
      stream: (request) => transport.stream({ ...request, timeoutMs: 200 }),
    };
    const { events } = receiving(impatient);
    expect(await take(events, 1)).toEqual(['1']);
    expect(requests.length).toBeGreaterThan(1);
    await events.return();
  });

  it('says what is wrong with a server that is another', async () => {
    const { transport } = await serverOf(() => stream(['data: <html>\n\n']));
    await expect(receiving(transport).events.next()).rejects.toThrow(PipelogiqError);
  });
});
