import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

/** A request as the local server received it. */
export interface Received {
  method: string;
  path: string;
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
  text: string;
  body: unknown;
}

/** What the local server answers: JSON with a status, or whatever the function writes itself. */
export type Reply =
  | { status?: number; headers?: Record<string, string>; json?: unknown; text?: string }
  | ((response: ServerResponse) => void);

/** A real HTTP server on a free port, closed with the test. `requests` grows as they arrive. */
export async function localServer(answer: (request: Received, nth: number) => Reply | Promise<Reply>) {
  const requests: Received[] = [];
  const server = createServer(async (incoming, response) => {
    const text = await collect(incoming);
    const url = new URL(incoming.url ?? '/', 'http://localhost');
    const request: Received = {
      method: incoming.method ?? '',
      path: url.pathname,
      query: url.searchParams,
      headers: incoming.headers,
      text,
      body: text ? JSON.parse(text) : undefined,
    };
    requests.push(request);
    send(response, await answer(request, requests.length));
  });
  const url = await listen(server);
  onTestFinished(() => stop(server));
  return { url, requests, stop: () => stop(server) };
}

/** A problem document as the control plane sends it. */
export const problem = (status: number, code: string, more: object = {}): Reply => ({
  status,
  headers: { 'content-type': 'application/problem+json', 'x-request-id': 'req-1' },
  json: { type: `https://pipelogiq.dev/errors/${code}`, title: code, status, code, detail: `Detail of ${code}.`, ...more },
});

async function collect(incoming: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

function send(response: ServerResponse, reply: Reply): void {
  if (typeof reply === 'function') {
    reply(response);
    return;
  }
  const { status = 200, headers = {}, json, text } = reply;
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(text ?? (json === undefined ? '' : JSON.stringify(json)));
}

function listen(server: Server): Promise<string> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
  });
}

function stop(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
