import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';

/** How a provider repeats what it was sent. */
type Echo = (request: IncomingMessage, body: string) => string;

const basicOf = ({ headers }: IncomingMessage): string =>
  Buffer.from(String(headers.authorization ?? '').replace(/^basic /i, ''), 'base64').toString('utf8');

const unescaped = (written: string): string => {
  try {
    return decodeURIComponent(written);
  } catch {
    return written;
  }
};

/** Headers that anybody would repeat come last: what is kept of an answer is its beginning. */
const headersOf = ({ headers }: IncomingMessage): [string, string][] =>
  Object.entries(headers)
    .map(([name, value]): [string, string] => [name, String(value)])
    .sort(([one], [other]) => Number(DULL.has(one)) - Number(DULL.has(other)));
const DULL = new Set(['host', 'connection', 'content-type', 'content-length', 'user-agent', 'accept-encoding', 'accept']);

const ECHOES: readonly Echo[] = [
  ({ url }) => `no such path: ${url}`,
  ({ url = '' }) => `no such path: ${unescaped(url)}`,
  ({ url = '' }) => `no such path: ${encodeURIComponent(url)}`,
  (request) => JSON.stringify({ headers: Object.fromEntries(headersOf(request)) }),
  (request) =>
    headersOf(request)
      .map(([name, value]) => `${name}: ${encodeURIComponent(value)}`)
      .join('\n'),
  (request) =>
    headersOf(request)
      .map(([, value]) => value.replace(/^\w+ /, ''))
      .join(' '),
  (request) => `no such user: ${basicOf(request)}`,
  (_, body) => `cannot read ${body}`,
  (_, body) => JSON.stringify({ ok: false, description: unescaped(body), error: { message: body } }),
];
/** Every way of being wrong: for good, for now, for the caller. */
const STATUSES = [400, 401, 403, 404, 429, 500, 503, 200];

/** Every pair of an echo and a status comes once in so many requests. */
export const WAYS = ECHOES.length;

/** Takes nothing, and repeats in its answer what it was sent, each time in another way. */
export async function anEchoingProvider(): Promise<{ url: string; calls: () => number }> {
  let calls = 0;
  const server = createServer(async (request, response) => {
    const body = await text(request);
    const at = calls++;
    const echo = ECHOES[at % ECHOES.length] as Echo;
    const status = STATUSES[(at + Math.floor(at / ECHOES.length)) % STATUSES.length] ?? 500;
    response.writeHead(status, { 'content-type': 'text/plain' }).end(echo(request, body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, calls: () => calls };
}

/** Takes what OTLP exports for a while, then refuses it with the headers it came with. */
export async function aCollector(): Promise<{ url: string; bodies: Buffer[]; paths: Set<string> }> {
  const bodies: Buffer[] = [];
  const paths = new Set<string>();
  let calls = 0;
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    bodies.push(Buffer.concat(chunks));
    paths.add(request.url ?? '');
    if (++calls % 3 === 0) response.writeHead(401).end(JSON.stringify(request.headers));
    else response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, bodies, paths };
}
