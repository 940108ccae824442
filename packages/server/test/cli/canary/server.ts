import type { Canaries } from './canaries.js';

/** What a secret must not be seen in. */
export interface Surface {
  name: string;
  text: string;
}

export interface Answer<T> {
  status: number;
  body: T;
}

/** Speaks to a server over HTTP, and keeps every answer. */
export class Caller {
  readonly surfaces: Surface[] = [];

  constructor(
    readonly url: string,
    readonly key: string,
    readonly canaries: Canaries,
  ) {}

  /** The status and the JSON of an answer. `handsOut`: the one answer that has a secret, in these fields. */
  async call<T>(
    method: string,
    path: string,
    body?: unknown,
    { headers = {}, handsOut = [] }: { headers?: { [name: string]: string }; handsOut?: string[] } = {},
  ): Promise<Answer<T>> {
    const response = await fetch(this.url + path, {
      method,
      headers: { authorization: `Bearer ${this.key}`, 'content-type': 'application/json', ...headers },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const shown = parsed(text) as { [field: string]: unknown };
    const secrets = handsOut.map((field) => this.canaries.made(`${method} ${path} ${field}`, shown[field] as string));
    const seen = secrets.reduce((rest, secret) => rest.replaceAll(secret, ''), text);
    this.surfaces.push({
      name: `${method} ${path} (${response.status})`,
      text: `${JSON.stringify([...response.headers])}${seen}`,
    });
    return { status: response.status, body: shown as T };
  }

  /** An answer that must be a success. */
  async ok<T>(method: string, path: string, body?: unknown, more?: Parameters<Caller['call']>[3]): Promise<T> {
    const answer = await this.call<T>(method, path, body, more);
    if (answer.status >= 300) throw new Error(`${method} ${path} answered ${answer.status}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  /** Keeps what a stream of events says until it is closed. */
  async follow(path: string): Promise<{ surface: Surface; close(): void }> {
    const surface: Surface = { name: `stream ${path}`, text: '' };
    const controller = new AbortController();
    const response = await fetch(this.url + path, {
      headers: { authorization: `Bearer ${this.key}`, accept: 'text/event-stream' },
      signal: controller.signal,
    });
    const reader = response.body?.pipeThrough(new TextDecoderStream() as never).getReader();
    const read = async (): Promise<void> => {
      for (;;) {
        const next = (await reader?.read()) as { done: boolean; value?: string } | undefined;
        if (!next || next.done) return;
        surface.text += next.value;
      }
    };
    read().catch(() => undefined); // closed by us
    this.surfaces.push(surface);
    return { surface, close: () => controller.abort() };
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}
