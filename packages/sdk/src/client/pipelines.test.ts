import { context, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import type { CreatePipeline } from '@pipelogiq/protocol';
import { describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { NotFoundError, PipelineFailedError, PipelogiqError, TimeoutError, ValidationError } from '../errors.js';
import { definePipeline } from '../pipeline/definition.js';
import { createTransport } from '../transport/create-transport.js';
import { localServer, problem, type Received, type Reply } from '../transport/local-server.fixture.js';
import { Pipelines } from './pipelines.js';

const UUID = /^[0-9a-f-]{36}$/;
const created = { status: 201, json: { id: '7', traceId: 'a'.repeat(32), status: 'running', created: true } };
const wire: CreatePipeline = { name: 'order', stages: [{ name: 'charge' }] };
const order = definePipeline('order', { input: z.object({ n: z.number() }), version: '3' }, (p, input) => {
  p.stage('charge', 'charge', input);
});

async function pipelinesAt(answer: (request: Received, nth: number) => Reply | Promise<Reply>) {
  const server = await localServer(answer);
  const transport = createTransport(() => ({ url: server.url, apiKey: 'k' }), { maxAttempts: 1 });
  onTestFinished(() => transport.close());
  return { pipelines: new Pipelines(transport), requests: server.requests };
}

describe('create', () => {
  it('sends a definition with its input and options', async () => {
    const { pipelines, requests } = await pipelinesAt(() => created);
    const runAt = new Date('2026-11-20T08:00:00Z');
    const options = { idempotencyKey: 'k1', keywords: ['a'], context: { c: 1 }, runAt };
    expect(await pipelines.create(order, { n: 1 }, options)).toEqual(created.json);
    expect(requests[0]).toMatchObject({ method: 'POST', path: '/pipelines' });
    expect(requests[0]?.body).toEqual({
      name: 'order',
      version: '3',
      stages: [{ name: 'charge', handler: 'charge', input: { n: 1 }, dependsOn: [] }],
      idempotencyKey: 'k1',
      keywords: ['a'],
      context: { c: 1 },
      runAt: '2026-11-20T08:00:00.000Z',
    });
  });

  it('makes an idempotency key of its own, a new one for every call, and keeps the one of a plain object', async () => {
    const { pipelines, requests } = await pipelinesAt(() => created);
    await pipelines.create(wire);
    await pipelines.create(wire);
    await pipelines.create({ ...wire, idempotencyKey: 'mine' });
    const keys = requests.map(({ body }) => (body as CreatePipeline).idempotencyKey);
    expect(keys).toEqual([expect.stringMatching(UUID), expect.stringMatching(UUID), 'mine']);
    expect(keys[0]).not.toBe(keys[1]);
  });

  it('repeats with the same key, so that a lost answer makes no second pipeline', async () => {
    const server = await localServer((_, nth) => (nth === 1 ? (response) => response.destroy() : created));
    const transport = createTransport(() => ({ url: server.url, apiKey: 'k' }), {});
    onTestFinished(() => transport.close());
    await new Pipelines(transport).create(wire);
    expect(server.requests).toHaveLength(2);
    expect(server.requests[0]?.text).toBe(server.requests[1]?.text);
  });

  it('sends nothing when the input does not fit', async () => {
    const { pipelines, requests } = await pipelinesAt(() => created);
    await expect(pipelines.create(order, { n: 'x' as unknown as number })).rejects.toThrow(ValidationError);
    expect(requests).toHaveLength(0);
  });

  it('continues the active trace, unless the pipeline names another', async () => {
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    onTestFinished(() => context.disable());
    const { pipelines, requests } = await pipelinesAt(() => created);
    const parent = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: 1 };
    await context.with(trace.setSpanContext(context.active(), parent), async () => {
      await pipelines.create(wire);
      await pipelines.create(wire, undefined, { traceparent: `00-${'c'.repeat(32)}-${'d'.repeat(16)}-00` });
    });
    expect(requests.map(({ body }) => (body as CreatePipeline).traceparent)).toEqual([
      `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`,
      `00-${'c'.repeat(32)}-${'d'.repeat(16)}-00`,
    ]);
  });
});

describe('createMany', () => {
  const itemsOf = ({ body }: Received) => (body as { pipelines: CreatePipeline[] }).pipelines;
  const answerAll = (request: Received) => ({
    json: { results: itemsOf(request).map((_, index) => ({ ...created.json, id: `${index}` })) },
  });

  it('sends plain objects and calls of definitions together, each with a key', async () => {
    const { pipelines, requests } = await pipelinesAt(answerAll);
    const results = await pipelines.createMany([wire, order.with({ n: 2 }, { idempotencyKey: 'k2', version: '4' })]);
    expect(results.map((result) => 'id' in result && result.id)).toEqual(['0', '1']);
    const [first, second] = requests.flatMap(itemsOf);
    expect(first).toEqual({ ...wire, idempotencyKey: expect.stringMatching(UUID) });
    expect(second).toMatchObject({ idempotencyKey: 'k2', version: '4', stages: [{ input: { n: 2 } }] });
  });

  it('splits by count and by size, and answers in order', async () => {
    const { pipelines, requests } = await pipelinesAt(answerAll);
    const large = { ...wire, context: { blob: 'x'.repeat(200 * 1024) } };
    expect(
      await pipelines.createMany([...Array<CreatePipeline>(1_001).fill(wire), ...Array<CreatePipeline>(20).fill(large)]),
    ).toHaveLength(1_021);
    expect(requests.map((request) => itemsOf(request).length)).toEqual([1_000, 11, 10]);
  });

  it('gives a refused item its own error', async () => {
    const refused = (problem(422, 'invalid_pipeline') as { json: object }).json;
    const { pipelines } = await pipelinesAt(() => ({ json: { results: [created.json, { error: refused }] } }));
    const [first, second] = await pipelines.createMany([wire, { ...wire, idempotencyKey: 'k2' }]);
    expect(first).toEqual(created.json);
    expect(second).toEqual({ error: expect.any(ValidationError), idempotencyKey: 'k2' });
  });

  it('halves what a server with smaller limits refuses, down to the one item that is too large', async () => {
    const tooLarge = (request: Received) => itemsOf(request).length > 2 || itemsOf(request).some(({ name }) => name === 'huge');
    const { pipelines } = await pipelinesAt((request) =>
      tooLarge(request) ? problem(413, 'payload_too_large') : answerAll(request),
    );
    const results = await pipelines.createMany([wire, wire, wire, { ...wire, name: 'huge' }, wire]);
    expect(results.map((result) => ('error' in result ? result.error.code : 'created'))).toEqual([
      'created',
      'created',
      'created',
      'payload_too_large',
      'created',
    ]);
  });

  it('throws when nothing was created, and keeps what was created when a later call fails', async () => {
    const down = problem(503, 'overloaded');
    const first = await pipelinesAt(() => down);
    await expect(first.pipelines.createMany([wire])).rejects.toMatchObject({ code: 'overloaded' });

    const later = await pipelinesAt((request, nth) => (nth === 2 ? down : answerAll(request)));
    const results = await later.pipelines.createMany(Array<CreatePipeline>(2_500).fill(wire));
    expect(results.filter((result) => 'id' in result)).toHaveLength(1_000);
    expect(results.at(-1)).toEqual({ error: expect.any(PipelogiqError), idempotencyKey: expect.stringMatching(UUID) });
    expect(later.requests).toHaveLength(2);
  });

  it('calls nobody for an empty list', async () => {
    const { pipelines, requests } = await pipelinesAt(() => created);
    expect([await pipelines.createMany([]), requests.length]).toEqual([[], 0]);
  });
});

describe('reading', () => {
  const paged = (request: Received): Reply => {
    const cursor = request.query.get('cursor');
    return { json: cursor === null ? { items: [1, 2], nextCursor: 'c 2' } : { items: [3], nextCursor: null } };
  };

  it('iterates over all pages of a list, with its filter', async () => {
    const { pipelines, requests } = await pipelinesAt(paged);
    const seen: unknown[] = [];
    for await (const item of pipelines.list({ status: 'failed', limit: 2 })) seen.push(item);
    expect(seen).toEqual([1, 2, 3]);
    expect(requests.map(({ query }) => `${query}`)).toEqual(['limit=2&status=failed', 'limit=2&status=failed&cursor=c+2']);
  });

  it('asks for values of the context, each as a parameter of its own', async () => {
    const { pipelines, requests } = await pipelinesAt(paged);
    await pipelines.list({ name: 'order', context: { orderId: '4 2', 'a.b': 'x' }, limit: 2 }).page();
    expect(`${requests[0]?.query}`).toBe('limit=2&name=order&context.orderId=4+2&context.a.b=x');
  });

  it('asks for a further page only when it is needed', async () => {
    const { pipelines, requests } = await pipelinesAt(paged);
    for await (const _ of pipelines.list()) break;
    expect(await pipelines.list({ cursor: 'c 2' }).page()).toEqual({ items: [3], nextCursor: null });
    expect(requests).toHaveLength(2);
  });

  it('gathers stages, context and attempts, and escapes ids', async () => {
    const { pipelines, requests } = await pipelinesAt(paged);
    expect(await pipelines.stages('7')).toEqual([1, 2, 3]);
    expect(await pipelines.context('7')).toEqual([1, 2, 3]);
    expect(await pipelines.attempts('../7')).toEqual([1, 2, 3]);
    expect(await pipelines.logs('7').all()).toEqual([1, 2, 3]);
    expect(requests.map(({ path }) => path).filter((_, index) => index % 2 === 0)).toEqual([
      '/pipelines/7/stages',
      '/pipelines/7/context',
      '/pipelines/..%2F7/attempts',
      '/pipelines/7/logs',
    ]);
  });

  it('gets one, its trace, and cancels it', async () => {
    const { pipelines, requests } = await pipelinesAt(({ path }) =>
      path.endsWith('/8') ? problem(404, 'not_found') : { json: { id: '7' } },
    );
    expect(await pipelines.get('7')).toEqual({ id: '7' });
    expect(await pipelines.trace('7')).toEqual({ id: '7' });
    expect(await pipelines.cancel('7', { reason: 'not needed' })).toEqual({ id: '7' });
    await expect(pipelines.get('8')).rejects.toThrow(NotFoundError);
    expect(requests.map(({ method, path }) => `${method} ${path}`)).toContain('POST /pipelines/7/cancel');
    expect(requests[2]?.body).toEqual({ reason: 'not needed' });
  });
});

describe('wait', () => {
  const state = (status: string) => ({ id: '7', name: 'order', status });
  const waited = (status: string): Reply => ({ json: { pipeline: state(status), done: status !== 'running' } });

  it('asks again until the pipeline is final', async () => {
    const { pipelines, requests } = await pipelinesAt((_, nth) => waited(nth < 3 ? 'running' : 'failed'));
    expect(await pipelines.wait('7')).toEqual(state('failed'));
    expect(requests.map(({ path, query }) => `${path}?${query}`)).toEqual(Array(3).fill('/pipelines/7/wait?timeoutMs=30000'));
  });

  it('ends with its time, or with its signal', async () => {
    const abort = new AbortController();
    let leaves = false; // whether the first wait got so far as to ask is nobody's guess
    const { pipelines } = await pipelinesAt(() => {
      if (leaves) abort.abort(new Error('leaving'));
      return () => {};
    });
    const timedOut = pipelines.wait('7', { timeoutMs: 20 });
    await expect(timedOut).rejects.toThrow(TimeoutError);
    await expect(timedOut).rejects.toThrow('Pipeline 7 was not done after 20 ms. It goes on.');
    leaves = true;
    await expect(pipelines.wait('7', { signal: abort.signal, timeoutMs: 60_000 })).rejects.toThrow('leaving');
  });

  it('for success returns a completed pipeline, and throws with the failed stages of any other', async () => {
    const completed = await pipelinesAt(() => waited('completed'));
    expect(await completed.pipelines.waitForSuccess('7')).toEqual(state('completed'));

    const stages = [
      { name: 'a', status: 'completed' },
      { name: 'b', status: 'failed', error: { code: 'boom', message: 'it broke' } },
      { name: 'c', status: 'blocked' },
    ];
    const failed = await pipelinesAt(({ path }) =>
      path.endsWith('/wait') ? waited('failed') : { json: { items: stages, nextCursor: null } },
    );
    const error = await failed.pipelines.waitForSuccess('7').catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(PipelineFailedError);
    expect(error).toMatchObject({ id: '7', pipeline: state('failed'), stages: [{ name: 'b' }] });
  });
});
