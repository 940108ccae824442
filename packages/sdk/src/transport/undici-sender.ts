import { type Dispatcher, Pool } from 'undici';
import type { Sender, SenderRequest, SenderResponse, SenderStream } from './sender.js';

/** Milliseconds. */
const CONNECT_TIMEOUT_MS = 5_000;
/** Opened as needed. Further requests wait for a free one, behind long polls too: hence more than callers usually are. */
const MAX_CONNECTIONS = 256;

/**
 * Sends over a keep-alive pool of its own, or over a dispatcher that the caller owns. The pool opens with the first
 * request; its idle connections do not keep the process alive.
 */
export class UndiciSender implements Sender {
  readonly #injected: Dispatcher | undefined;
  #pool: Pool | undefined;

  constructor(dispatcher?: Dispatcher) {
    this.#injected = dispatcher;
  }

  async send(request: SenderRequest): Promise<SenderResponse> {
    const answer = await this.#request(request);
    return { status: answer.statusCode, headers: flat(answer.headers), text: await answer.body.text() };
  }

  async open(request: SenderRequest): Promise<SenderStream> {
    const { statusCode, headers, body } = await this.#request(request);
    body.on('error', () => undefined); // who reads gets it from `read`; without a listener it would end the process
    const chunks = body[Symbol.asyncIterator]();
    return {
      status: statusCode,
      headers: flat(headers),
      read: async () => (await chunks.next()).value as Uint8Array | undefined,
      cancel: () => void body.destroy(),
    };
  }

  #request(request: SenderRequest): Promise<Dispatcher.ResponseData> {
    return this.#dispatcher(request.origin).request({
      origin: request.origin,
      path: request.path,
      method: request.method as Dispatcher.HttpMethod,
      headers: request.headers,
      body: request.body ?? null,
      signal: request.signal,
      // The transport's own deadline covers connecting, headers and body; undici's timers tick in whole seconds.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
  }

  async close(): Promise<void> {
    await this.#pool?.close();
  }

  #dispatcher(origin: string): Dispatcher {
    if (this.#injected) return this.#injected;
    this.#pool ??= new Pool(origin, { connections: MAX_CONNECTIONS, connect: { timeout: CONNECT_TIMEOUT_MS } });
    return this.#pool;
  }
}

function flat(headers: Record<string, string | string[] | undefined>): Record<string, string | undefined> {
  const result: Record<string, string | undefined> = {};
  for (const [name, value] of Object.entries(headers)) result[name] = Array.isArray(value) ? value.join(', ') : value;
  return result;
}
