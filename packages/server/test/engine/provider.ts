import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { eventually } from '../support/eventually.js';

/** What a provider was sent. */
export interface Sent {
  method: string;
  path: string;
  headers: IncomingMessage['headers'];
  text: string;
  /** The body as JSON; undefined when it is none. */
  body: never;
}

export interface Answer {
  status: number;
  body?: string;
  headers?: { [name: string]: string };
}

/** Answers as the provider would: by its own rules for path, authorization, shape and sizes. */
export type Rules = (sent: Sent) => Answer;

/** A stand-in for a provider: a real server on the loopback that holds what it is sent to the provider's rules. */
export class Provider {
  readonly taken: Sent[] = [];
  readonly refused: { sent: Sent; answer: Answer }[] = [];
  /** Taken before the rules are asked: an answer, or silence. */
  readonly next: (Answer | Promise<Answer> | 'hangs')[] = [];
  url = '';
  calls = 0;

  /** Resolves when so many requests were taken. */
  has(count: number): Promise<void> {
    return eventually(() => {
      if (this.taken.length >= count) return;
      throw new Error(
        `${this.taken.length} of ${count} were taken; refused: ${JSON.stringify(this.refused.map(({ answer }) => answer))}`,
      );
    });
  }

  async wasCalled(count: number): Promise<void> {
    await eventually(() => {
      if (this.calls < count) throw new Error(`called ${this.calls} times, not ${count}`);
    });
  }
}

async function read(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) text += chunk;
  return text;
}

const parsed = (text: string): never => {
  try {
    return JSON.parse(text) as never;
  } catch {
    return undefined as never;
  }
};

export async function aProvider(rules: Rules): Promise<Provider> {
  const provider = new Provider();
  const answerTo = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const text = await read(request);
    const { method = '', url: path = '', headers } = request;
    const sent: Sent = { method, path, headers, text, body: parsed(text) };
    provider.calls += 1;
    const forced = await provider.next.shift();
    if (forced === 'hangs') return;
    const answer = forced ?? rules(sent);
    if (answer.status < 250) provider.taken.push(sent);
    else provider.refused.push({ sent, answer });
    response.writeHead(answer.status, answer.headers).end(answer.body);
  };
  const server = createServer((request, response) => void answerTo(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  provider.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return provider;
}

/** The first rule that is broken, as `Answer`; undefined when all hold. */
export function broken(rules: readonly [holds: boolean, status: number, message: string][]): Answer | undefined {
  const found = rules.find(([holds]) => !holds);
  return found && { status: found[1], body: JSON.stringify({ message: found[2] }) };
}
