import { describe, expect, test } from 'vitest';
import { DomainError } from '../../src/domain/errors.js';
import { anApi, aPipeline, problemOf } from './harness.js';

const TRACEPARENT = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
const OTHER = `00-${'c'.repeat(32)}-${'d'.repeat(16)}-01`;

describe('POST /pipelines', () => {
  test('answers 201 with the place of what it made, and 200 to a replay', async () => {
    const made = { id: '42', traceId: 'f'.repeat(32), status: 'running' as const };
    const first = await anApi({ pipelines: { create: async () => [{ ...made, created: true }] } }).call('POST', '/pipelines', {
      body: aPipeline,
    });
    expect(first.status).toBe(201);
    expect(first.headers.get('location')).toBe('pipelines/42');
    expect(await first.json()).toEqual({ ...made, created: true });
    const replay = await anApi({ pipelines: { create: async () => [{ ...made, created: false }] } }).call('POST', '/pipelines', {
      body: aPipeline,
    });
    expect(replay.status).toBe(200);
    expect(replay.headers.get('location')).toBeNull();
  });

  test('answers the refusal of the domain as a problem', async () => {
    const errors = [{ path: 'stages[1].dependsOn[0]', message: 'names no stage' }];
    const refuse = async () => [new DomainError('invalid_pipeline', 'It has a cycle.', { errors })];
    const response = await anApi({ pipelines: { create: refuse } }).call('POST', '/pipelines', { body: aPipeline });
    expect(response.status).toBe(422);
    expect(await problemOf(response)).toMatchObject({ code: 'invalid_pipeline', detail: 'It has a cycle.', errors });
  });

  test('takes the idempotency key as header or field', async () => {
    const api = anApi();
    await api.call('POST', '/pipelines', { body: aPipeline, headers: { 'idempotency-key': 'k1' } });
    await api.call('POST', '/pipelines', { body: { ...aPipeline, idempotencyKey: 'k2' }, headers: { 'idempotency-key': 'k2' } });
    expect(api.calls.map(({ args }) => args[1])).toMatchObject([[{ idempotencyKey: 'k1' }], [{ idempotencyKey: 'k2' }]]);
  });

  test('refuses a header and a field that differ, and a key in the header that no field could be', async () => {
    const api = anApi();
    const differ = await api.call('POST', '/pipelines', {
      body: { ...aPipeline, idempotencyKey: 'a' },
      headers: { 'idempotency-key': 'b' },
    });
    expect(differ.status).toBe(422);
    expect((await problemOf(differ)).code).toBe('idempotency_mismatch');
    const long = await api.call('POST', '/pipelines', { body: aPipeline, headers: { 'idempotency-key': 'k'.repeat(300) } });
    expect((await problemOf(long)).errors).toEqual([{ path: 'idempotencyKey', message: 'must have at most 255 characters' }]);
    expect(api.calls).toEqual([]);
  });

  test('takes the trace of the headers only when the body has none, and never mixes two', async () => {
    const api = anApi();
    const headers = { traceparent: TRACEPARENT, tracestate: 'a=1' };
    await api.call('POST', '/pipelines', { body: aPipeline, headers });
    await api.call('POST', '/pipelines', { body: { ...aPipeline, traceparent: OTHER }, headers });
    await api.call('POST', '/pipelines', { body: aPipeline, headers: { tracestate: 'a=1' } });
    expect(api.calls.map(({ args }) => args[1])).toEqual([
      [{ ...aPipeline, traceparent: TRACEPARENT, tracestate: 'a=1' }],
      [{ ...aPipeline, traceparent: OTHER }],
      [aPipeline],
    ]);
  });

  test('leaves a traceparent that is no good to the domain, which starts a new trace', async () => {
    expect((await anApi().call('POST', '/pipelines', { body: { ...aPipeline, traceparent: 'nonsense' } })).status).toBe(201);
  });
});

describe('POST /pipelines/batch', () => {
  test('gives each item its own result, in order, and creates the good ones', async () => {
    const api = anApi({
      pipelines: {
        create: async (_, items) =>
          items.map(({ name }) =>
            name === 'conflict'
              ? new DomainError('idempotency_conflict', 'The key was used.')
              : { id: '1', traceId: 'f'.repeat(32), status: 'running' as const, created: true },
          ),
      },
    });
    const pipelines = [aPipeline, { name: 'no stages' }, 7, { ...aPipeline, name: 'conflict' }, aPipeline];
    const response = await api.call('POST', '/pipelines/batch', { body: { pipelines } });
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({
      results: [
        { created: true },
        { error: { code: 'invalid_request', status: 422, errors: [{ path: 'stages', message: 'is required' }] } },
        { error: { code: 'invalid_request', detail: 'The body must be an object, not a number.' } },
        { error: { code: 'idempotency_conflict', status: 409, requestId: response.headers.get('x-request-id') } },
        { created: true },
      ],
    });
    expect(api.calls[0]?.args[1]).toHaveLength(3);
  });

  test('asks nothing of the domain when no item is good', async () => {
    const api = anApi();
    expect((await api.call('POST', '/pipelines/batch', { body: { pipelines: [1, {}] } })).status).toBe(200);
    expect(api.calls).toEqual([]);
  });

  test('is bounded, and takes no idempotency key as a header', async () => {
    const api = anApi();
    const many = await api.call('POST', '/pipelines/batch', { body: { pipelines: new Array(1_001).fill(aPipeline) } });
    expect((await problemOf(many)).errors).toEqual([{ path: 'pipelines', message: 'must have at most 1000 items' }]);
    expect((await problemOf(await api.call('POST', '/pipelines/batch', { body: { pipelines: [] } }))).status).toBe(422);
    const keyed = await api.call('POST', '/pipelines/batch', {
      body: { pipelines: [aPipeline] },
      headers: { 'idempotency-key': 'k' },
    });
    expect(keyed.status).toBe(422);
    expect(api.calls).toEqual([]);
  });

  test('gives the trace of the headers to every item without one of its own', async () => {
    const api = anApi();
    const pipelines = [aPipeline, { ...aPipeline, traceparent: OTHER }];
    await api.call('POST', '/pipelines/batch', { body: { pipelines }, headers: { traceparent: TRACEPARENT } });
    expect(api.calls[0]?.args[1]).toMatchObject([{ traceparent: TRACEPARENT }, { traceparent: OTHER }]);
  });
});

describe('reading pipelines', () => {
  test.each([
    ['/pipelines/12', 'pipelines.get', ['12']],
    ['/pipelines/12/stages?limit=3&cursor=c', 'pipelines.stages', ['12', { limit: 3, cursor: 'c' }]],
    ['/pipelines/12/context', 'pipelines.context', ['12', { limit: 50 }]],
    ['/pipelines/12/attempts', 'pipelines.attempts', ['12', { limit: 50 }]],
    ['/pipelines/12/logs', 'pipelines.logs', ['12', { limit: 50 }]],
    ['/pipelines/12/trace', 'pipelines.trace', ['12']],
    ['/pipelines/12/wait?timeoutMs=250', 'pipelines.wait', ['12', 250, expect.any(AbortSignal)]],
    ['/pipelines/12/wait', 'pipelines.wait', ['12', 30_000, expect.any(AbortSignal)]],
    ['/workers/3', 'workers.get', ['3']],
    ['/workers', 'workers.list', [{ limit: 50 }]],
    ['/applications', 'accounts.listApplications', []],
    ['/api-keys', 'accounts.listApiKeys', []],
  ])('GET %s asks %s', async (path, name, args) => {
    const api = anApi();
    expect((await api.call('GET', path)).status).toBe(200);
    expect(api.calls).toEqual([{ name, args: [expect.objectContaining({ application: 'shop' }), ...args] }]);
  });

  test('bounds the wait', async () => {
    expect((await anApi().call('GET', '/pipelines/12/wait?timeoutMs=30001')).status).toBe(422);
  });
});
