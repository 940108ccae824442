import { Agent, type Dispatcher, request } from 'undici';
import type { Clock } from '../clock.js';
import { type Connect, checkedConnect, type Lookup } from './connect.js';
import { NETWORK_REASONS, OutboundRefused, OutboundTimedOut, OutboundUnreachable } from './errors.js';
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
  /** Connects to host and port of a URL, with TLS for https, and hangs up. Throws as `request`. */
  dial(url: string): Promise<void>;
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
  const agent = new Agent({
    connect,
    headersTimeout: 0, // one timer for all of it
    bodyTimeout: 0,
    keepAliveTimeout: IDLE_MS,
    keepAliveMaxTimeout: IDLE_MS,
  });
  return {
    request: (call) => send(agent, options, call),
    dial: (url) => dial(connect, options, url),
    objectionTo,
    close: () => agent.destroy(),
  };
}

function objectionTo(url: string): string | undefined {
  if (!URL.canParse(url)) return 'it is no URL';
  const { protocol, username, password } = new URL(url);
  if (protocol !== 'http:' && protocol !== 'https:') return 'it must begin with http:// or https://';
  if (username !== '' || password !== '') return 'it must not hold a user name or password; there is a field for them';
  return undefined;
}

async function send(
  agent: Agent,
  { timeoutMs: most, maxBytes, clock }: OutboundOptions,
  call: OutboundRequest,
): Promise<OutboundAnswer> {
  const objection = objectionTo(call.url);
  if (objection !== undefined) throw new OutboundRefused(`The URL cannot be called: ${objection}.`);
  const { host } = new URL(call.url);
  const timeoutMs = Math.min(call.timeoutMs ?? most, most);
  const overdue = new AbortController();
  const timer = clock.setTimer(() => overdue.abort(), timeoutMs);
  const signal = call.signal ? AbortSignal.any([overdue.signal, call.signal]) : overdue.signal;
  try {
    const { url, method = 'GET', headers = {}, body } = call;
    const answer = await request(url, { dispatcher: agent, method, headers, signal, body: body ?? null });
    return { status: answer.statusCode, headers: firstOf(answer.headers), ...(await textOf(answer.body, maxBytes)) };
  } catch (error) {
    if (overdue.signal.aborted) throw new OutboundTimedOut(`${host} did not answer within ${timeoutMs} ms.`);
    throw failureOf(error, host);
  } finally {
    timer.cancel();
  }
}

async function dial(connect: Connect, { timeoutMs, clock }: OutboundOptions, url: string): Promise<void> {
  const objection = objectionTo(url);
  if (objection !== undefined) throw new OutboundRefused(`The URL cannot be called: ${objection}.`);
  const { host, hostname, protocol, port } = new URL(url);
  await new Promise<void>((resolve, reject) => {
    let isOver = false;
    const end = (error: Error | null): void => {
      isOver = true;
      timer.cancel();
      if (error) reject(error);
      else resolve();
    };
    const timer = clock.setTimer(
      () => end(new OutboundTimedOut(`${host} took no connection within ${timeoutMs} ms.`)),
      timeoutMs,
    );
    connect({ hostname, host, protocol, port }, (error, socket) => {
      socket?.destroy();
      if (!isOver) end(error ? failureOf(error, host) : null);
    });
  });
}

const firstOf = (headers: Dispatcher.ResponseData['headers']): { [name: string]: string } =>
  Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, Array.isArray(value) ? (value[0] ?? '') : value]],
    ),
  );

async function textOf(body: Dispatcher.ResponseData['body'], maxBytes: number): Promise<{ body: string; truncated: boolean }> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > maxBytes) break; // ends the stream, and its connection with it
  }
  return { body: Buffer.concat(chunks).subarray(0, maxBytes).toString('utf8'), truncated: bytes > maxBytes };
}

function failureOf(error: unknown, host: string): Error {
  if (error instanceof OutboundRefused) return error;
  const refused = error instanceof AggregateError ? error.errors.find((one) => one instanceof OutboundRefused) : undefined;
  if (refused) return refused;
  const code = String((error as { code?: unknown }).code ?? '');
  if (code === 'UND_ERR_INVALID_ARG') return new OutboundRefused('The request has a header or body that cannot be sent.');
  const reason = NETWORK_REASONS[code] ?? `could not be called${/^[A-Z_]+$/.test(code) ? ` (${code})` : ''}`;
  return new OutboundUnreachable(`${host} ${reason}.`);
}
