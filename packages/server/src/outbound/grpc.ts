import { type ClientHttp2Session, connect as connectHttp2, type IncomingHttpHeaders } from 'node:http2';
import type { TLSSocket } from 'node:tls';
import type { Clock } from '../clock.js';
import { type Connect, connected } from './connect.js';
import { failureOf, OutboundTimedOut, OutboundUnreachable } from './errors.js';

export interface UnaryCall {
  /** http or https; of it the origin counts. */
  url: string;
  /** `/package.Service/Method` */
  path: string;
  /** By lower-case name. */
  headers?: { readonly [name: string]: string };
  /** A message of protobuf, encoded. */
  message: Uint8Array;
  /** Gives up when it aborts. */
  signal?: AbortSignal;
}

export interface UnaryAnswer {
  /** Of HTTP. */
  status: number;
  /** Of gRPC; undefined when the answer had none, as proxies and other servers answer. */
  grpcStatus?: number;
  /** What the provider said of it; may be empty. */
  grpcMessage: string;
}

interface UnaryOptions {
  timeoutMs: number;
  /** Of the answer's body. */
  maxBytes: number;
  clock: Pick<Clock, 'setTimer'>;
  /** Ends all calls. */
  closed: AbortSignal;
}

const NO_HTTP2 = /^ERR_HTTP2_(ERROR|SESSION_ERROR|STREAM_ERROR|GOAWAY_SESSION)$/;

/** @throws OutboundRefused, OutboundTimedOut, OutboundUnreachable */
export async function callUnary(
  connect: Connect,
  { timeoutMs, maxBytes, clock, closed }: UnaryOptions,
  call: UnaryCall,
): Promise<UnaryAnswer> {
  const { host, hostname, protocol, port, origin } = new URL(call.url);
  const overdue = new AbortController();
  const timer = clock.setTimer(() => overdue.abort(), timeoutMs);
  const stop = AbortSignal.any([overdue.signal, closed, ...(call.signal ? [call.signal] : [])]);
  const noHttp2 = () => new OutboundUnreachable(`${host} does not speak HTTP/2, as gRPC does.`);
  try {
    const socket = await connected(connect, { hostname, host, protocol, port }, stop);
    try {
      if (protocol === 'https:' && (socket as TLSSocket).alpnProtocol !== 'h2') throw noHttp2();
      return await exchange(connectHttp2(origin, { createConnection: () => socket }), call, maxBytes, stop);
    } finally {
      socket.destroy();
    }
  } catch (error) {
    if (overdue.signal.aborted) throw new OutboundTimedOut(`${host} did not answer within ${timeoutMs} ms.`);
    throw NO_HTTP2.test(String((error as { code?: unknown }).code)) ? noHttp2() : failureOf(error, host);
  } finally {
    timer.cancel();
  }
}

async function exchange(
  session: ClientHttp2Session,
  { path, headers = {}, message }: UnaryCall,
  maxBytes: number,
  stop: AbortSignal,
): Promise<UnaryAnswer> {
  try {
    return await new Promise((resolve, reject) => {
      const broken = () => reject(Object.assign(new Error('broken'), { code: 'ECONNRESET' }));
      session.on('error', reject);
      session.on('close', broken);
      stop.addEventListener('abort', broken, { once: true });
      const sent = { ...headers, ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers' };
      const stream = session.request(sent);
      let first: IncomingHttpHeaders | undefined;
      let last: IncomingHttpHeaders = {};
      let bytes = 0;
      stream.on('response', (received) => {
        first = received;
      });
      stream.on('trailers', (received) => {
        last = received;
      });
      stream.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > maxBytes) reject(Object.assign(new Error('too long'), { code: 'ERR_ANSWER_TOO_LONG' }));
      });
      stream.on('error', reject);
      stream.on('close', () => (first ? resolve(answerOf(first, last)) : broken()));
      stream.end(framed(message));
    });
  } finally {
    session.destroy();
  }
}

/** Not compressed, and its length. https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md */
function framed(message: Uint8Array): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

/** A call that is refused at once has its status in the only headers. */
function answerOf(first: IncomingHttpHeaders & { ':status'?: number }, last: IncomingHttpHeaders): UnaryAnswer {
  const all = { ...first, ...last };
  const code = String(all['grpc-status'] ?? '');
  return {
    status: Number(first[':status'] ?? 0),
    ...(/^\d{1,3}$/.test(code) && { grpcStatus: Number(code) }),
    grpcMessage: decoded(String(all['grpc-message'] ?? '')),
  };
}

/** Percent-encoded; one that is not stays as it is. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
