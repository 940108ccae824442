import { LIMITS } from '@pipelogiq/protocol';
import { describe, expect, test } from 'vitest';
import { HTTP_LIMITS } from '../../src/http/index.js';
import { type Api, anApi, aPipeline, aPull, type CallInit, problemOf } from './harness.js';

const create = (api: Api, init: CallInit) => api.call('POST', '/pipelines', init);

describe('reading a body', () => {
  test.each(['text/plain', 'application/x-www-form-urlencoded', 'application/jsonx', 'application/json; charset=latin1', ''])(
    'refuses Content-Type %j with 415',
    async (type) => {
      const api = anApi();
      const response = await create(api, { text: JSON.stringify(aPipeline), headers: { 'content-type': type } });
      expect((await problemOf(response)).code).toBe('unsupported_media_type');
      expect(response.status).toBe(415);
    },
  );

  test.each([
    'application/json',
    'application/json; charset=utf-8',
    'Application/JSON;charset="UTF-8"',
    'application/vnd.pipelogiq+json',
  ])('takes Content-Type %j', async (type) => {
    expect((await create(anApi(), { body: aPipeline, headers: { 'content-type': type } })).status).toBe(201);
  });

  test('refuses a compressed body with 415', async () => {
    const response = await create(anApi(), { body: aPipeline, headers: { 'content-encoding': 'gzip' } });
    expect((await problemOf(response)).code).toBe('unsupported_media_type');
  });

  test('refuses malformed JSON with 400 and the position', async () => {
    const response = await create(anApi(), { text: '{"name": "order", }' });
    const problem = await problemOf(response);
    expect(response.status).toBe(400);
    expect(problem).toMatchObject({ code: 'invalid_json', detail: expect.stringContaining('position 18') });
  });

  test('refuses an empty body, and bytes that are not UTF-8', async () => {
    expect((await problemOf(await create(anApi(), { text: '' }))).code).toBe('invalid_json');
    const api = anApi();
    const request = new Request('http://in.process/pipelines', {
      method: 'POST',
      headers: { authorization: 'Bearer key-admin', 'content-type': 'application/json' },
      body: Buffer.from('{"name":"\xff"}', 'latin1'),
    });
    expect((await problemOf(await api.app.fetch(request))).detail).toContain('UTF-8');
  });

  test('refuses a single body above 1 MiB and a batch above 2 MiB, naming the limit', async () => {
    const api = anApi();
    const padded = (bytes: number) => JSON.stringify({ ...aPipeline, context: { pad: 'x'.repeat(bytes) } });
    const single = await create(api, { text: padded(LIMITS.bodyBytes) });
    expect(single.status).toBe(413);
    expect((await problemOf(single)).detail).toContain('1048576');
    const batch = await api.call('POST', '/pipelines/batch', { text: `{"pipelines":[${padded(LIMITS.batchBodyBytes)}]}` });
    expect((await problemOf(batch)).detail).toContain('2097152');
    expect((await api.call('POST', '/pipelines/batch', { text: `{"pipelines":[${padded(LIMITS.bodyBytes)}]}` })).status).toBe(
      200,
    );
    expect(api.calls).toHaveLength(1);
  });

  test('counts bytes of UTF-8, not characters', async () => {
    const api = anApi({}, { limits: { ...HTTP_LIMITS, bodyBytes: 110 } });
    const text = JSON.stringify({ ...aPipeline, version: 'ü'.repeat(50) });
    expect(text.length).toBeLessThanOrEqual(110);
    expect((await create(api, { text })).status).toBe(413);
  });

  test('stops reading a stream that exceeds the limit', async () => {
    let sent = 0;
    const body = new ReadableStream({
      pull(controller) {
        sent += 65_536;
        controller.enqueue(new Uint8Array(65_536).fill(0x20));
      },
    });
    const headers = { authorization: 'Bearer key-admin', 'content-type': 'application/json' };
    const request = new Request('http://in.process/pipelines', { method: 'POST', headers, body, duplex: 'half' } as RequestInit);
    expect((await anApi().app.fetch(request)).status).toBe(413);
    expect(sent).toBeLessThan(2 * LIMITS.bodyBytes);
  });

  test('answers a stream that breaks off with a 4xx, and logs no error', async () => {
    const api = anApi();
    const body = new ReadableStream({
      pull(controller) {
        controller.error(new Error('gone'));
      },
    });
    const headers = { authorization: 'Bearer key-admin', 'content-type': 'application/json' };
    const request = new Request('http://in.process/pipelines', { method: 'POST', headers, body, duplex: 'half' } as RequestInit);
    expect((await problemOf(await api.app.fetch(request))).code).toBe('invalid_json');
    expect(api.logged).toEqual([]);
  });

  test('refuses JSON that nests 10,000 deep, and takes 100', async () => {
    const nested = (depth: number) => `{"name":"order","stages":[{"name":"a","input":${'['.repeat(depth)}${']'.repeat(depth)}}]}`;
    const problem = await problemOf(await create(anApi(), { text: nested(10_000) }));
    expect(problem).toMatchObject({ code: 'invalid_json', status: 400 });
    expect((await create(anApi(), { text: nested(97) })).status).toBe(201);
    expect((await create(anApi(), { text: nested(98) })).status).toBe(400);
  });

  test('drops __proto__ wherever it stands, and pollutes nothing', async () => {
    const api = anApi();
    const text = '{"name":"order","__proto__":{"a":1},"stages":[{"name":"s","input":{"\\u005f_proto__":{"b":1},"kept":1}}]}';
    expect((await create(api, { text })).status).toBe(201);
    expect(JSON.stringify(api.calls[0]?.args[1])).toBe('[{"name":"order","stages":[{"name":"s","input":{"kept":1}}]}]');
    expect(({} as { a?: 1 }).a).toBeUndefined();
  });

  const ODD_BODIES = [
    '[]',
    'null',
    '"x"',
    '1',
    'true',
    '[[]]',
    '{}',
    '{"name":null}',
    '{"name":[],"stages":{}}',
    '{"stages":[null]}',
  ];
  const POSTS = [
    '/pipelines',
    '/pipelines/batch',
    '/jobs/pull',
    '/jobs/ack',
    '/jobs/nack',
    '/jobs/release',
    '/jobs/progress',
    '/logs',
  ];
  const MORE_POSTS = ['/workers/bootstrap', '/workers/heartbeat', '/workers/shutdown', '/applications', '/api-keys'];

  test.each([...POSTS, ...MORE_POSTS])('answers every odd body of %s with a 4xx', async (path) => {
    const api = anApi();
    for (const text of [...ODD_BODIES, '{"a":1,"a":2}', `[${'0,'.repeat(1_000_000)}0]`, `{"${'k'.repeat(2_000_000)}":1}`]) {
      const { status } = await api.call('POST', path, { text });
      expect(status, text.slice(0, 40)).toBeGreaterThanOrEqual(400);
      expect(status, text.slice(0, 40)).toBeLessThan(500);
    }
    expect(api.calls).toEqual([]);
  });

  test('takes the last of two equal keys, as JSON.parse does', async () => {
    const api = anApi();
    await create(api, { text: '{"name":"a","name":"b","stages":[{"name":"s"}]}' });
    expect(api.calls[0]?.args[1]).toMatchObject([{ name: 'b' }]);
  });

  test('needs no body where every field is optional', async () => {
    const api = anApi();
    expect((await api.call('POST', '/pipelines/5/cancel')).status).toBe(200);
    expect((await api.call('POST', '/pipelines/5/cancel', { body: { reason: 'stop\u0000' } })).status).toBe(200);
    expect((await api.call('POST', '/workers/5/drain')).status).toBe(200);
    expect(api.calls.map(({ args }) => args.slice(1))).toEqual([['5', {}], ['5', { reason: 'stop\uFFFD' }], ['5']]);
  });

  test('passes the JSON of users on as it was', async () => {
    const api = anApi();
    const input = { nul: '\u0000', half: '\ud800', big: 1e300, unknownField: { dependsOn: 3 } };
    await create(api, { body: { ...aPipeline, stages: [{ name: 's', input }], context: { k: input } } });
    expect(api.calls[0]?.args[1]).toEqual([{ name: 'order', stages: [{ name: 's', input }], context: { k: input } }]);
    expect(await (await api.call('POST', '/jobs/pull', { body: aPull })).json()).toEqual({ jobs: [] });
  });
});
