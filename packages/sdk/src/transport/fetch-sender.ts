import type { Sender, SenderRequest, SenderResponse, SenderStream } from './sender.js';

/** A WHATWG fetch, as `globalThis.fetch` or a control plane's in the same process. */
export type FetchLike = (request: Request) => Promise<Response> | Response;

/** Sends through an injected `fetch`. */
export class FetchSender implements Sender {
  readonly #fetch: FetchLike;

  constructor(fetch: FetchLike) {
    this.#fetch = fetch;
  }

  send(request: SenderRequest): Promise<SenderResponse> {
    return untilAborted(request.signal, this.#exchange(request));
  }

  async open(request: SenderRequest): Promise<SenderStream> {
    const { status, headers, body } = await untilAborted(request.signal, this.#request(request));
    const reader = body?.getReader();
    return {
      status,
      headers: Object.fromEntries(headers),
      read: async () => (reader ? (await untilAborted(request.signal, reader.read())).value : undefined),
      cancel: () => void reader?.cancel().catch(() => undefined),
    };
  }

  async close(): Promise<void> {}

  async #exchange(request: SenderRequest): Promise<SenderResponse> {
    const answer = await this.#request(request);
    return { status: answer.status, headers: Object.fromEntries(answer.headers), text: await answer.text() };
  }

  async #request({ method, origin, path, headers, body, signal }: SenderRequest): Promise<Response> {
    const fetch = this.#fetch; // not called as a method: the global fetch insists on its own `this`
    return fetch(new Request(origin + path, { method, headers, body: body ?? null, signal }));
  }
}

/** An injected fetch may ignore its signal; the caller must be freed all the same. */
function untilAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
