import { once } from 'node:events';
import { createServer, request as httpRequest, type IncomingMessage, type RequestOptions, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { type HttpServer, startHttpServer } from '../../src/http/index.js';
import { type Api, SESSION } from './harness.js';

const closers: (() => Promise<unknown>)[] = [];
/** Closes what the test opened. */
export async function closeAll(): Promise<void> {
  await Promise.all(closers.splice(0).map((close) => close()));
}

export async function serve(api: Api, host = '127.0.0.1'): Promise<HttpServer> {
  const server = await startHttpServer(api.app, { host, port: 0 });
  closers.push(server.close);
  return server;
}

export const HEADERS = { 'x-api-key': 'key-admin', 'content-type': 'application/json', 'x-worker-session': SESSION };
export const post = (url: string, body: unknown, init: RequestInit = {}) =>
  fetch(url, { method: 'POST', headers: HEADERS, body: JSON.stringify(body), ...init });

export function send(
  options: RequestOptions,
  body?: string,
): Promise<{ status: number; text: string; headers: IncomingMessage['headers'] }> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ host: '127.0.0.1', ...options }, async (response) => {
      let text = '';
      for await (const chunk of response.setEncoding('utf8')) text += chunk;
      resolve({ status: response.statusCode ?? 0, text, headers: response.headers });
    });
    request.on('error', reject).end(body);
  });
}

/** Sends `text` as it is, and gives all that comes until the other side has enough. */
export async function raw(port: number, text: string): Promise<string> {
  const socket = connect(port, '127.0.0.1').setEncoding('utf8');
  socket.write(text);
  let answer = '';
  for await (const chunk of socket) answer += chunk;
  return answer;
}

/** A server of somebody else that hands its requests to `handler`. */
export async function embed(handler: (req: IncomingMessage, res: ServerResponse) => void): Promise<number> {
  const server = createServer(handler).listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => new Promise((resolve) => server.close(resolve).closeAllConnections()));
  return (server.address() as AddressInfo).port;
}

export function deferred<T>() {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
