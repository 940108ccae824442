import { createServer, type IncomingHttpHeaders, type ServerHttp2Session } from 'node:http2';
import { type AddressInfo, createServer as createSocketServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

export interface GrpcCallSeen {
  headers: IncomingHttpHeaders;
  body: Buffer;
}

interface GrpcDouble {
  url: string;
  calls: GrpcCallSeen[];
  /** How the next calls end; one that has no body has its status in its only headers. */
  answer: { status: number; message?: string; alone?: boolean };
}

/** A collector that speaks gRPC without TLS, on the loopback. */
export async function aGrpcCollector(): Promise<GrpcDouble> {
  const double: GrpcDouble = { url: '', calls: [], answer: { status: 0 } };
  const sessions = new Set<ServerHttp2Session>();
  const server = createServer();
  server.on('session', (session) => {
    sessions.add(session);
    session.on('close', () => sessions.delete(session));
  });
  server.on('stream', (stream, headers) => {
    const chunks: Buffer[] = [];
    stream.on('error', () => {});
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('end', () => {
      double.calls.push({ headers, body: Buffer.concat(chunks) });
      const { status, message, alone } = double.answer;
      const ended = { 'grpc-status': String(status), ...(message !== undefined && { 'grpc-message': message }) };
      const first = { ':status': 200, 'content-type': 'application/grpc' };
      if (alone) return stream.respond({ ...first, ...ended }, { endStream: true });
      stream.respond(first, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers(ended));
      stream.end(Buffer.alloc(5));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  double.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  onTestFinished(() => {
    for (const session of sessions) session.destroy();
    server.close();
  });
  return double;
}

/** Takes connections and what is written to them, and never says a word. */
export async function aSilentSocket(): Promise<{ url: string; heard: Promise<void> }> {
  const sockets: Socket[] = [];
  let hear = (): void => {};
  const heard = new Promise<void>((resolve) => {
    hear = resolve;
  });
  const server = createSocketServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => {});
    socket.on('data', hear);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, heard };
}
