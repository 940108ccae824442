import { Agent, type Dispatcher, request } from 'undici';
import type { Clock } from '../clock.js';
import { checkedConnect, type Lookup } from './connect.js';
import { failureOf, OutboundRefused, OutboundTimedOut } from './errors.js';
import { callUnary, type UnaryAnswer, type UnaryCall } from './grpc.js';
import type { Networks } from './networks.js';

export interface OutboundRequest {
  /** http or https, without user name and password. */
  url: string;
  method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  headers?: { readonly [name: string]: string };
  body?: string | Uint8Array;
  /** Milliseconds from the call to the last byte of the answer; default and most: the server's option. */
  timeoutMs?: number;
  /** Gives up when it aborts. */
  signal?: AbortSignal;
}

export interface OutboundAnswer {
  /** Also 3xx: no redirect is followed. */
  status: number;
  /** By lower-case name; the first of several values. */
  headers: { readonly [name: string]: string };
  /** Text of it, up to the server's limit. */
  body: string;
  /** Whether there was more of it. */
  truncated: boolean;
}

/**
 * The only way in which the server calls others. Addresses that are not of the public internet are refused when the connection is
 * made, whatever name led to them, unless the option `outboundAllow` has them.
 */
export interface Outbound {
  /**
   * @throws OutboundRefused, OutboundTimedOut, OutboundUnreachable
   */
  request(call: OutboundRequest): Promise<OutboundAnswer>;
  /** One gRPC call with one message, over a connection of its own. Throws as `request`. */
  unary(call: UnaryCall): Promise<UnaryAnswer>;
  /** Says what is wrong with a URL before anybody connects; undefined when it may be tried. */
  objectionTo(url: string): string | undefined;
  close(): Promise<void>;
}

export interface OutboundOptions {
  networks: Networks;
  timeoutMs: number;
  /** Of an answer's body. */
  maxBytes: number;
  clock: Pick<Clock, 'setTimer'>;
  /** How names become addresses; default: the system's. */
  lookup?: Lookup;
}

const IDLE_MS = 4_000;

export function createOutbound(options: OutboundOptions): Outbound {
  const connect = checkedConnect(options.networks, options.lookup);
  const connectHttp2 = checkedConnect(options.networks, options.lookup, { allowH2: true });
  const closed = new AbortController();
  const agent = new Agent({
    connect,
    headersTimeout: 0, // one timer for all of it
    bodyTimeout: 0,
    keepAliveTimeout: IDLE_MS,
    keepAliveMaxTimeout: IDLE_MS,
  });
  return {
    request: (call) => send(agent, options, call),
    async unary(call) {
      mustBeCallable(call.url);
      return callUnary(connectHttp2, { ...options, closed: closed.signal }, call);
    },
    objectionTo,
    close() {
      closed.abort();
      return agent.destroy();
    },
  };
}

function objectionTo(url: string): string | undefined {
  if (!URL.canParse(url)) return 'it is no URL';
  const { protocol, username, password } = new URL(url);
  if (protocol !== 'http:' && protocol !== 'https:') return 'it must begin with http:// or https://';
  if (username !== '' || password !== '') return 'it must not hold a user name or password; there is a field for them';
  return undefined;
}

function mustBeCallable(url: string): void {
  const objection = objectionTo(url);
  if (objection !== undefined) throw new OutboundRefused(`The URL cannot be called: ${objection}.`);
}

async function send(
  agent: Agent,
  { timeoutMs: most, maxBytes, clock }: OutboundOptions,
  call: OutboundRequest,
): Promise<OutboundAnswer> {
  mustBeCallable(call.url);
  const url = new URL(call.url);
  const timeoutMs = Math.min(call.timeoutMs ?? most, most);
  const ending = new AbortController(); // a signal made by AbortSignal.any takes longer than the rest of this
  const end = () => ending.abort();
  let isOverdue = false;
  const timer = clock.setTimer(() => {
    isOverdue = true;
    end();
  }, timeoutMs);
  if (call.signal?.aborted) end();
  else call.signal?.addEventListener('abort', end, { once: true });
  try {
    const { method = 'GET', headers = {}, body } = call;
    const { signal } = ending;
    const answer = await request(url, { dispatcher: agent, method, headers, signal, body: body ?? null });
    return { status: answer.statusCode, headers: firstOf(answer.headers), ...(await textOf(answer.body, maxBytes)) };
  } catch (error) {
    if (isOverdue) throw new OutboundTimedOut(`${url.host} did not answer within ${timeoutMs} ms.`);
    throw failureOf(error, url.host);
  } finally {
    timer.cancel();
    call.signal?.removeEventListener('abort', end);
  }
}

const firstOf = (headers: Dispatcher.ResponseData['headers']): { [name: string]: string } =>
  Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, Array.isArray(value) ? (value[0] ?? '') : value]],
    ),
  );

function textOf(body: Dispatcher.ResponseData['body'], maxBytes: number): Promise<{ body: string; truncated: boolean }> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  return new Promise((resolve, reject) => {
    const done = () =>
      resolve({ body: Buffer.concat(chunks).subarray(0, maxBytes).toString('utf8'), truncated: bytes > maxBytes });
    body.on('error', reject).on('end', done);
    body.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes <= maxBytes) return;
      done();
      body.destroy(); // and its connection with it
    });
  });
}
