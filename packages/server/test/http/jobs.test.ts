import { describe, expect, test } from 'vitest';
import { aLeasedJob, anApi, aPipeline, aPull, jsonText, problemOf } from './harness.js';

const ack = { id: '42', fencingToken: 3, output: { ok: true } };
const nack = { id: '43', fencingToken: 1, error: { code: 'boom', message: 'It broke.' }, retryable: false, retryAfterMs: 10 };
const release = { id: '44', fencingToken: 2, delayMs: 5 };

describe('POST /jobs/pull', () => {
  test('answers leased jobs with the JSON of users as it was stored', async () => {
    const job = aLeasedJob({ input: jsonText({ n: 1 }), outputs: { a: jsonText([1]) }, context: { k: jsonText('v') } });
    const settled = [{ id: '42', status: 'completed' as const }];
    const api = anApi({ jobs: { pull: async () => ({ jobs: [job], settled }) } });
    const response = await api.call('POST', '/jobs/pull', { body: { ...aPull, settle: { acks: [ack] } }, key: 'key-work' });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(await response.json()).toMatchObject({
      jobs: [{ id: '42', input: { n: 1 }, outputs: { a: [1] }, context: { k: 'v' } }],
      settled,
    });
    expect(api.calls[0]?.args).toEqual([
      expect.objectContaining({ workerId: 7 }),
      { ...aPull, settle: { acks: [ack] } },
      expect.any(AbortSignal),
    ]);
  });

  test.each([
    [{ maxJobs: 1_001 }, 'maxJobs'],
    [{ waitMs: 30_001 }, 'waitMs'],
    [{ pullSeq: -1 }, 'pullSeq'],
    [{ abandonedPulls: [1.5] }, 'abandonedPulls[0]'],
    [{ handlers: 'x' }, 'handlers'],
    [{ workerId: 7 }, 'workerId'],
    [{ settle: { nacks: [{ id: '1', fencingToken: 1 }] } }, 'settle.nacks[0].error'],
    [{ settle: { acks: [{ id: '1', fencingToken: '1' }] } }, 'settle.acks[0].fencingToken'],
  ])('refuses %j', async (wrong, path) => {
    const api = anApi();
    const problem = await problemOf(await api.call('POST', '/jobs/pull', { body: { ...aPull, ...wrong } }));
    expect(problem.errors?.map((error) => error.path)).toEqual([path]);
    expect(api.calls).toEqual([]);
  });
});

describe('settling', () => {
  test.each([
    ['/jobs/ack', { acks: [ack] }],
    ['/jobs/nack', { nacks: [nack] }],
    ['/jobs/release', { releases: [release] }],
  ])('%s passes its batch on and answers the results in order', async (path, batch) => {
    const settled = [
      { id: '42', error: { code: 'lease_lost' as const, reason: 'expired' as const, message: 'The lease is gone.' } },
    ];
    const api = anApi({ jobs: { settle: async () => settled } });
    const response = await api.call('POST', path, { body: { workerId: '7', ...batch }, key: 'key-work' });
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ settled });
    expect(api.calls[0]?.args).toEqual([expect.objectContaining({ workerId: 7 }), batch]);
  });

  test('progress and logs carry the whole request', async () => {
    const api = anApi();
    const reports = [{ id: '42', fencingToken: 3, ratio: 0.5, message: 'half', context: [{ key: 'k', value: null }] }];
    const lines = [
      { id: '42', fencingToken: 3, level: 'info', message: 'hi', fields: { a: 1 }, loggedAt: '2026-01-31T12:00:00.5Z' },
    ];
    await api.call('POST', '/jobs/progress', { body: { workerId: '7', reports } });
    await api.call('POST', '/logs', { body: { workerId: '7', lines } });
    expect(api.calls.map(({ name, args }) => [name, args[1]])).toEqual([
      ['jobs.progress', { workerId: '7', reports }],
      ['jobs.log', { workerId: '7', lines }],
    ]);
  });
});

describe('workers', () => {
  test('bootstrap needs the scope and no session; heartbeat and shutdown need both', async () => {
    const api = anApi();
    const headers = { 'x-worker-session': '' };
    const body = { workerName: 'w', supportedHandlers: ['a'], metadata: { zone: 'a' } };
    expect((await api.call('POST', '/workers/bootstrap', { body, headers, key: 'key-work' })).status).toBe(200);
    const beat = { workerId: '7', state: 'running', jobs: [], inFlight: 0, processed: 1, failed: 0 };
    expect((await api.call('POST', '/workers/heartbeat', { body: beat, headers })).status).toBe(401);
    expect((await api.call('POST', '/workers/heartbeat', { body: beat })).status).toBe(200);
    const shutdown = await api.call('POST', '/workers/shutdown', { body: { workerId: '7' } });
    expect([shutdown.status, await shutdown.text()]).toEqual([204, '']);
    expect(api.calls.map(({ name }) => name)).toEqual(['workers.bootstrap', 'workers.heartbeat', 'workers.shutdown']);
  });
});

describe('accounts', () => {
  test('creates with 201 and disables by DELETE', async () => {
    const api = anApi();
    expect((await api.call('POST', '/applications', { body: { name: 'shop' } })).status).toBe(201);
    const key = { name: 'k', scopes: ['work', 'produce'], expiresAt: '2027-01-01T00:00:00Z' };
    expect((await api.call('POST', '/api-keys', { body: key })).status).toBe(201);
    expect((await api.call('DELETE', '/api-keys/4')).status).toBe(200);
    expect(api.calls.map(({ args }) => args[1])).toEqual([{ name: 'shop' }, key, '4']);
    expect((await api.call('POST', '/api-keys', { body: { ...key, scopes: ['root'] } })).status).toBe(422);
  });
});

describe('while the server shuts down', () => {
  const stopping = () =>
    anApi({ jobs: { settle: async () => [{ id: '42', status: 'completed' }] } }, { isShuttingDown: () => true });

  test('new work is refused with 503 and a time to retry', async () => {
    const api = stopping();
    for (const [path, body] of [
      ['/pipelines', aPipeline],
      ['/pipelines/batch', { pipelines: [aPipeline] }],
      ['/workers/bootstrap', { workerName: 'w', supportedHandlers: ['a'] }],
      ['/jobs/pull', aPull],
    ] as const) {
      const response = await api.call('POST', path, { body });
      expect(response.status, path).toBe(503);
      expect(response.headers.get('retry-after')).toBe('1');
      expect(await problemOf(response)).toMatchObject({ code: 'shutting_down', retryAfterMs: 1_000 });
    }
    expect(api.calls).toEqual([]);
  });

  test('what finishes work is served, also the settles of a pull', async () => {
    const api = stopping();
    const pull = await api.call('POST', '/jobs/pull', { body: { ...aPull, settle: { acks: [ack] } } });
    expect(await pull.json()).toEqual({ jobs: [], settled: [{ id: '42', status: 'completed' }] });
    expect((await api.call('POST', '/jobs/ack', { body: { workerId: '7', acks: [ack] } })).status).toBe(200);
    const beat = { workerId: '7', state: 'running', jobs: [], inFlight: 0, processed: 1, failed: 0 };
    expect((await api.call('POST', '/workers/heartbeat', { body: beat })).status).toBe(200);
    expect((await api.call('GET', '/pipelines')).status).toBe(200);
    expect(api.calls.map(({ name }) => name)).toEqual(['jobs.settle', 'jobs.settle', 'workers.heartbeat', 'pipelines.list']);
  });
});
