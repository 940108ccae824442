import { ERROR_CODES } from '@pipelogiq/protocol';
import { describe, expect, test } from 'vitest';
import { DomainError } from '../../src/domain/errors.js';
import { PROBLEMS } from '../../src/http/problems.js';
import { anApi, problemOf } from './harness.js';

const throwing = (error: unknown) =>
  anApi({
    pipelines: {
      get: async () => {
        throw error;
      },
    },
  });

describe('problems', () => {
  test.each(ERROR_CODES)('%s has a status, a title and a section to read', async (code) => {
    const response = await throwing(new DomainError(code, 'Words.')).call('GET', '/pipelines/1');
    expect(response.status).toBe(PROBLEMS[code].status);
    expect(await problemOf(response)).toEqual({
      type: `/docs/errors#${code}`,
      title: PROBLEMS[code].title,
      status: PROBLEMS[code].status,
      code,
      detail: 'Words.',
      requestId: response.headers.get('x-request-id'),
    });
    const page = await (await anApi().call('GET', '/docs/errors')).text();
    expect(page).toContain(`id="${code}"`);
  });

  test('tell nobody about an exception, but the log', async () => {
    const error = new Error('password=hunter2 at /srv/secret.ts');
    const api = throwing(error);
    const response = await api.call('GET', '/pipelines/1');
    expect(response.status).toBe(500);
    const problem = await problemOf(response);
    expect(JSON.stringify(problem)).not.toContain('hunter2');
    expect(problem.code).toBe('internal');
    expect(api.requests[0]?.trace?.traceId).toHaveLength(32);
    expect(api.logged).toEqual([
      {
        level: 'error',
        message: 'request failed',
        fields: {
          err: error,
          requestId: problem.requestId,
          traceId: api.requests[0]?.trace?.traceId, // the span of the request has them too
          spanId: api.requests[0]?.trace?.spanId,
          durationMs: expect.any(Number),
          method: 'GET',
          route: '/pipelines/{id}',
          userId: 'key:1',
        },
      },
    ]);
  });

  // Seen to fail when the ids that a request would have had were logged: of a trace that is nowhere.
  test('are logged with ids that lead somewhere: those of the caller, or none', async () => {
    const error = new Error('x');
    const parent = { spanId: 'a'.repeat(16), isRemote: true };
    const own = { traceId: 'f'.repeat(32), spanId: 'e'.repeat(16), tracestate: undefined };
    const fail = async () => {
      throw error;
    };
    const logged = async (trace: { flags: number; isExported: boolean; parent: typeof parent | undefined }) => {
      const api = anApi({ pipelines: { get: fail } }, { traceOf: () => ({ ...own, ...trace }) });
      await api.call('GET', '/pipelines/1');
      const { traceId, spanId } = api.logged[0]?.fields ?? {};
      return [traceId, spanId];
    };
    expect(await logged({ flags: 1, isExported: true, parent })).toEqual([own.traceId, own.spanId]);
    expect(await logged({ flags: 1, isExported: false, parent })).toEqual([own.traceId, parent.spanId]);
    expect(await logged({ flags: 0, isExported: true, parent: undefined })).toEqual([undefined, undefined]);
    expect(await logged({ flags: 1, isExported: false, parent: undefined })).toEqual([undefined, undefined]);
  });

  test('survive even a thrown nothing', async () => {
    expect((await throwing(undefined).call('GET', '/pipelines/1')).status).toBe(500);
  });

  test('say when to retry, in whole seconds rounded up', async () => {
    const response = await throwing(new DomainError('overloaded', 'Later.', { retryAfterMs: 1_200 })).call('GET', '/pipelines/1');
    expect(response.headers.get('retry-after')).toBe('2');
    expect((await problemOf(response)).retryAfterMs).toBe(1_200);
  });
});

describe('every answer', () => {
  test('has a request id: the one that came, when it is safe, else a new one', async () => {
    const api = anApi();
    const send = async (id?: string) =>
      (await api.call('GET', '/pipelines', { headers: id === undefined ? {} : { 'x-request-id': id } })).headers.get(
        'x-request-id',
      );
    expect(await send('req-1.2:3_4')).toBe('req-1.2:3_4');
    for (const unsafe of ['', 'a b', '<script>', 'x'.repeat(129), 'ü']) expect(await send(unsafe)).toMatch(/^[0-9a-f]{32}$/);
    expect(await send()).not.toBe(await send());
    const refused = await api.call('GET', '/pipelines', { key: null, headers: { 'x-request-id': 'mine' } });
    expect((await problemOf(refused)).requestId).toBe('mine');
  });

  test('is kept by no cache and sniffed by no browser', async () => {
    const { headers } = await anApi().call('GET', '/pipelines');
    expect([headers.get('cache-control'), headers.get('x-content-type-options')]).toEqual(['no-store', 'nosniff']);
  });

  test('is reported with its route, status and caller', async () => {
    const api = anApi();
    const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
    await api.call('GET', '/pipelines/12', { key: 'key-read', headers: { traceparent, 'x-request-id': 'r1' } });
    await api.call('GET', '/nothing', { key: null });
    expect(api.requests).toMatchObject([
      { method: 'GET', route: '/pipelines/{id}', status: 200, requestId: 'r1', traceparent, principal: { keyId: '1' } },
      { method: 'GET', route: 'unmatched', status: 401 },
    ]);
    expect(api.requests[0]?.durationMs).toBeGreaterThanOrEqual(0);
    expect(api.requests[1]).not.toHaveProperty('principal');
  });

  test('to HEAD is that of GET without its body', async () => {
    const response = await anApi().call('HEAD', '/pipelines');
    expect([response.status, await response.text()]).toEqual([200, '']);
    expect((await anApi().call('HEAD', '/pipelines', { key: null })).status).toBe(401);
  });
});
