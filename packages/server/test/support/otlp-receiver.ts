import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttp2Server, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo, Server } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { type DecodedLog, type DecodedMetric, decodeLogs, decodeMetrics } from './otlp-records.js';
import { type DecodedSpan, decodeSpans } from './otlp-spans.js';

export type { DecodedLog, DecodedMetric } from './otlp-records.js';
export type { DecodedSpan } from './otlp-spans.js';

/** A tracing backend of the test: takes OTLP on a free port of the loopback and keeps what it accepted. */
export interface OtlpReceiver {
  /** For `OTEL_EXPORTER_OTLP_ENDPOINT`. */
  endpoint: string;
  /** All accepted spans, in the order of their arrival. */
  spans(): DecodedSpan[];
  /** All accepted metrics and log records, likewise. */
  metrics(): DecodedMetric[];
  logs(): DecodedLog[];
  /** All requests, the refused ones included. */
  requests(): { path: string; headers: { [name: string]: string } }[];
  /** Resolves with all spans as soon as there are at least `count`. */
  waitFor(count: number): Promise<DecodedSpan[]>;
  /** Refuses the next request: with an HTTP status, or over gRPC with a `grpc-status`. */
  failNext(status: number): void;
  close(): Promise<void>;
}

const GRPC_PATH = /^\/opentelemetry\.proto\.collector\.(trace|metrics|logs)\.v1\.(Trace|Metrics|Logs)Service\/Export$/;
const GRPC_UNIMPLEMENTED = 12;

/** `port` puts a receiver back where an earlier one stood. */
export async function startOtlpReceiver({
  protocol,
  port = 0,
}: {
  protocol: 'http/protobuf' | 'grpc';
  port?: number;
}): Promise<OtlpReceiver> {
  const inbox = createInbox();
  const { server, end } = protocol === 'grpc' ? grpcServer(inbox) : httpServer(inbox);
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    ...inbox,
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      const closed = once(server, 'close');
      server.close();
      end();
      await closed;
    },
  };
}

type Headers = { readonly [name: string]: string | string[] | undefined };

function createInbox() {
  const spans: DecodedSpan[] = [];
  const metrics: DecodedMetric[] = [];
  const logs: DecodedLog[] = [];
  const requests: { path: string; headers: { [name: string]: string } }[] = [];
  const failures: number[] = [];
  let waiting: (() => void)[] = [];
  return {
    spans: () => [...spans],
    metrics: () => [...metrics],
    logs: () => [...logs],
    requests: () => [...requests],
    failNext: (status: number) => void failures.push(status),
    async waitFor(count: number): Promise<DecodedSpan[]> {
      while (spans.length < count) await new Promise<void>((resolve) => void waiting.push(resolve));
      return [...spans];
    },
    /** The status to refuse with, or undefined when the spans were taken. */
    take(path: string, headers: Headers, body: Uint8Array): number | undefined {
      requests.push({ path, headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)])) });
      const failure = failures.shift();
      if (failure !== undefined) return failure;
      if (/metrics/i.test(path)) metrics.push(...decodeMetrics(body));
      else if (/logs/i.test(path)) logs.push(...decodeLogs(body));
      else spans.push(...decodeSpans(body));
      for (const wake of waiting) wake();
      waiting = [];
      return undefined;
    },
  };
}

type Inbox = ReturnType<typeof createInbox>;

function httpServer(inbox: Inbox): { server: Server; end: () => void } {
  const server = createHttpServer(async (request, response) => {
    const sent = await buffer(request);
    const body = request.headers['content-encoding'] === 'gzip' ? gunzipSync(sent) : sent;
    const isTraces = request.method === 'POST' && request.headers['content-type'] === 'application/x-protobuf';
    const status = isTraces ? inbox.take(request.url ?? '', request.headers, body) : 415;
    response.writeHead(status ?? 200, { 'content-type': 'application/x-protobuf' }).end();
  });
  return { server, end: () => server.closeAllConnections() };
}

/** gRPC is HTTP/2 with length-prefixed messages and the outcome in the trailers: a dozen lines for a single method. */
function grpcServer(inbox: Inbox): { server: Server; end: () => void } {
  const sessions = new Set<ServerHttp2Session>();
  const server = createHttp2Server();
  server.on('session', (session) => {
    sessions.add(session);
    session.on('close', () => sessions.delete(session));
  });
  server.on('stream', async (stream, headers) => {
    const sent = await buffer(stream);
    const path = String(headers[':path']);
    const status = GRPC_PATH.test(path) ? inbox.take(path, headers, grpcMessage(sent)) : GRPC_UNIMPLEMENTED;
    answer(stream, status ?? 0);
  });
  return {
    server,
    end: () => {
      for (const session of sessions) session.destroy();
    },
  };
}

function answer(stream: ServerHttp2Stream, status: number): void {
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
  stream.on('wantTrailers', () =>
    stream.sendTrailers({ 'grpc-status': String(status), 'grpc-message': status === 0 ? '' : 'refused' }),
  );
  const empty = Buffer.alloc(5); // uncompressed, length 0: an ExportTraceServiceResponse without fields
  stream.end(status === 0 ? empty : undefined);
}

function grpcMessage(framed: Buffer): Uint8Array {
  const message = framed.subarray(5, 5 + framed.readUInt32BE(1));
  return framed[0] === 1 ? gunzipSync(message) : message;
}
