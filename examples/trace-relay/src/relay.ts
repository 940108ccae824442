import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { type CreatePipeline, defineHandler, Pipelogiq } from '@pipelogiq/sdk';
import { tracedFetch, withIncomingTrace } from '@pipelogiq/sdk/observability';
import { createControlPlane } from '@pipelogiq/server';
import { type Call, parseCalls } from './calls.js';

export interface Relay {
  /** `http://127.0.0.1:5000` */
  url: string;
  close(): Promise<void>;
}

/** Posts what is to be handed on to whom it is meant for, with the trace of its stage. */
const forward = defineHandler('forward', { defaults: { maxAttempts: 1 } }, async (call: Call, job) => {
  const answer = await tracedFetch(call.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(call.arguments),
    signal: job.signal,
  });
  await answer.arrayBuffer();
  return { status: answer.status };
});

/** All calls at once: stages without dependencies. */
const pipelineOf = (calls: readonly Call[]): CreatePipeline => ({
  name: 'relay',
  stages: calls.map((call, index) => ({
    name: `call-${index}`,
    handler: 'forward',
    dependsOn: [],
    input: { url: call.url, arguments: call.arguments as [] },
  })),
});

/**
 * Takes `POST /test` with a list of calls and makes them, each in a stage of one pipeline: from the request over the control plane
 * (its own HTTP API, on loopback) and the worker to the callee it is one trace.
 */
export async function openRelay({ port }: { port: number }): Promise<Relay> {
  const controlPlane = await createControlPlane({ database: ':memory:', logLevel: 'warn' });
  const { url } = await controlPlane.listen({ port: 0 });
  const { key } = await controlPlane.createApiKey({ name: 'relay', scopes: ['produce', 'read', 'work'] });
  const pipelogiq = new Pipelogiq({ url, apiKey: key });
  const worker = pipelogiq.worker({ handlers: [forward], concurrency: 50, signals: false });
  const working = worker.run();
  const server = createServer((request, response) => void answer(pipelogiq, request, response));
  const close = async () => {
    server.close();
    server.closeAllConnections();
    worker.stop();
    await working;
    await pipelogiq.close();
    await controlPlane.close();
  };
  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  } catch (error) {
    await close();
    throw error;
  }
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close };
}

async function answer(pipelogiq: Pipelogiq, request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    const [status, body] = await respond(pipelogiq, request);
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    response.writeHead(502, { 'content-type': 'application/json' }).end(JSON.stringify({ error: message }));
  }
}

async function respond(pipelogiq: Pipelogiq, request: IncomingMessage): Promise<[number, unknown]> {
  if (request.method !== 'POST' || request.url !== '/test') return [404, { error: 'POST /test' }];
  const calls = parseCalls(await text(request));
  if (!calls) return [400, { error: 'expected a list of { "url", "arguments" }, at most 100' }];
  if (calls.length === 0) return [200, { calls: 0 }];
  return withIncomingTrace(request.headers, 'POST /test', async () => {
    const { id, traceId } = await pipelogiq.pipelines.create(pipelineOf(calls));
    await pipelogiq.pipelines.waitForSuccess(id);
    return [200, { calls: calls.length, pipeline: id, traceId }];
  });
}
