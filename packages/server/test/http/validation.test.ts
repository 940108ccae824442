import { describe, expect, test } from 'vitest';
import { type Api, anApi, aPipeline, aPull, problemOf } from './harness.js';

async function errorsOf(body: unknown, path = '/pipelines', api: Api = anApi()) {
  const response = await api.call('POST', path, { body });
  expect(response.status).toBe(422);
  const problem = await problemOf(response);
  expect(problem.code).toBe('invalid_request');
  return Object.fromEntries((problem.errors ?? []).map(({ path, message }) => [path, message]));
}

describe('what is wrong is said in words', () => {
  test('by field, at every level', async () => {
    const stages = [
      { name: '', priority: 101, dependsOn: ['a', 7], backoff: { type: 'exponentail', delayMs: -1 } },
      { name: 'b', maxAttempts: 1.5, runAt: 'tomorrow', timeoutMs: 0, runNextIfFailed: 'yes' },
    ];
    expect(await errorsOf({ stages, keywords: 'a', context: { '': 1 } })).toEqual({
      name: 'is required',
      'stages[0].name': 'must not be empty',
      'stages[0].priority': 'must be at most 100',
      'stages[0].dependsOn[1]': 'must be a string, not a number',
      'stages[0].backoff.type': 'must be one of "fixed", "linear", "exponential"; did you mean exponential?',
      'stages[0].backoff.delayMs': 'must be at least 0',
      'stages[1].maxAttempts': 'must be a whole number',
      'stages[1].runAt': 'must be an RFC 3339 time such as 2026-01-31T12:00:00Z',
      'stages[1].timeoutMs': 'must be at least 1',
      'stages[1].runNextIfFailed': 'must be true or false, not a string',
      keywords: 'must be an array, not a string',
      'context[""]': 'has a key that must not be empty',
    });
  });

  test('with the first of them as the detail', async () => {
    const response = await anApi().call('POST', '/pipelines', { body: { name: 'a', stages: [{ name: 1 }, {}] } });
    expect((await problemOf(response)).detail).toBe('stages[0].name must be a string, not a number (and 1 more).');
    const array = await anApi().call('POST', '/pipelines', { body: [] });
    expect((await problemOf(array)).detail).toBe('The body must be an object, not an array.');
  });

  test('with a suggestion for a field that is not known, wherever it stands', async () => {
    const stages = [{ name: 'a', dependson: [], backoff: { type: 'fixed', delayMs: 1, maxDelay: 1 } }];
    expect(await errorsOf({ name: 'a', stages, keyword: [], zzz: 1 })).toEqual({
      'stages[0].dependson': 'is not known; did you mean dependsOn?',
      'stages[0].backoff.maxDelay': 'is not known; did you mean maxDelayMs?',
      keyword: 'is not known; did you mean keywords?',
      zzz: 'is not known',
    });
    expect(await errorsOf({ ...aPull, settle: { ack: [] } }, '/jobs/pull')).toEqual({
      'settle.ack': 'is not known; did you mean acks?',
    });
  });

  test('with a bounded list, however much is wrong', async () => {
    const stages = Array.from({ length: 5_000 }, () => ({ nme: 1 }));
    expect(Object.keys(await errorsOf({ name: 'a', stages })).length).toBeLessThanOrEqual(50);
    const unknown = Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`k${i}`, 1]));
    expect(Object.keys(await errorsOf({ ...aPipeline, ...unknown })).length).toBeLessThanOrEqual(50);
    expect(await errorsOf({ name: 'a', stages: new Array(20_000).fill(0) })).toEqual({ stages: 'must have at most 10000 items' });
  });

  test.each([
    ['a pipeline name', { ...aPipeline, name: 'a\u0000' }, 'name'],
    ['a stage name', { name: 'a', stages: [{ name: 'x\ud800' }] }, 'stages[0].name'],
    ['a handler', { name: 'a', stages: [{ name: 'x', handler: '\udc00' }] }, 'stages[0].handler'],
    ['a keyword', { ...aPipeline, keywords: ['\u0000'] }, 'keywords[0]'],
    ['an idempotency key', { ...aPipeline, idempotencyKey: '\u0000' }, 'idempotencyKey'],
    ['a context key', { ...aPipeline, context: { 'k\u0000': 1 } }, 'context["k\\u0000"]'],
  ])('refuses NUL and half surrogate pairs in %s', async (_, body, path) => {
    expect((await errorsOf(body))[path]).toContain('must not contain NUL or half a surrogate pair');
  });

  test('takes whole surrogate pairs and any script in names', async () => {
    expect((await anApi().call('POST', '/pipelines', { body: { name: '注文 🚀', stages: [{ name: 'é' }] } })).status).toBe(201);
  });

  test('cuts texts for people instead of refusing the report that they belong to', async () => {
    const api = anApi();
    const error = { code: 'x'.repeat(500), message: `a\u0000${'m'.repeat(100_000)}`, stack: '\ud800'.repeat(100_000) };
    const body = { workerId: '7', nacks: [{ id: '1', fencingToken: 1, error }] };
    expect((await api.call('POST', '/jobs/nack', { body })).status).toBe(200);
    const [, batch] = (api.calls[0]?.args ?? []) as [unknown, { nacks: { error: { [field: string]: string } }[] }];
    const sent = batch.nacks[0]?.error as { code: string; message: string; stack: string };
    expect([sent.code.length, sent.message.length, sent.stack.length]).toEqual([200, 16_384, 65_536]);
    expect(sent.message.startsWith('a\uFFFDm')).toBe(true);
    expect(sent.stack).toBe('\uFFFD'.repeat(65_536));
  });
});

describe('queries', () => {
  const query = async (search: string, path = '/pipelines') => {
    const api = anApi();
    const response = await api.call('GET', `${path}${search}`);
    return { response, filter: api.calls[0]?.args[1] };
  };

  test('are coerced, with a default limit', async () => {
    expect((await query('')).filter).toEqual({ limit: 50 });
    expect((await query('?limit=200&status=running&search=or%20d%2B&cursor=abc&from=2026-01-01T00:00:00Z')).filter).toEqual({
      limit: 200,
      status: 'running',
      search: 'or d+',
      cursor: 'abc',
      from: '2026-01-01T00:00:00Z',
    });
  });

  test.each([
    ['?limit=0', 'limit', 'must be at least 1'],
    ['?limit=201', 'limit', 'must be at most 200'],
    ['?limit=ten', 'limit', 'must be a whole number'],
    ['?limit=', 'limit', 'must be a whole number'],
    ['?limit=1.5', 'limit', 'must be a whole number'],
    ['?limit=999999999999999999999', 'limit', 'must be a whole number'],
    ['?stauts=running', 'stauts', 'is not known; did you mean status?'],
    ['?status=runing', 'status', expect.stringContaining('did you mean running?')],
    ['?traceId=XYZ', 'traceId', 'must be 32 lower-case hex digits'],
    ['?name=a&name=b', 'name', 'is given twice'],
    ['?name=%00', 'name', expect.stringContaining('NUL')],
    ['?__proto__=1', '__proto__', 'is not known'],
  ])('refuse %s in words', async (search, path, message) => {
    const { response, filter } = await query(search);
    expect(response.status).toBe(422);
    expect((await problemOf(response)).errors).toEqual([{ path, message }]);
    expect(filter).toBeUndefined();
  });

  test('are refused where a route takes none, and ignored on open routes', async () => {
    expect((await query('?limit=1', '/pipelines/1')).response.status).toBe(422);
    expect((await query('?cache-buster=1', '/health')).response.status).toBe(200);
  });
});

describe('the protocol version', () => {
  const body = { ...aPipeline, mood: 1, stages: [{ name: 'a', colour: 'ü', input: { mood: 1 } }] };
  const send = (version: string, path = '/pipelines', content: unknown = body) => {
    const api = anApi();
    return api
      .call('POST', path, { body: content, headers: { 'pipelogiq-protocol': version } })
      .then((response) => ({ response, api }));
  };

  test('makes unknown fields of a newer minor ignored, and names them in a Warning', async () => {
    const { response, api } = await send('1.7');
    expect(response.status).toBe(201);
    expect(api.calls[0]?.args[1]).toEqual([{ name: 'order', stages: [{ name: 'a', input: { mood: 1 } }] }]);
    expect(response.headers.get('warning')).toMatch(/^299 pipelogiq ".*: stages\[0\]\.colour, mood"$/);
  });

  test('still refuses what is wrong in known fields', async () => {
    const { response } = await send('1.7', '/pipelines', { ...body, name: 3 });
    expect((await problemOf(response)).errors).toEqual([{ path: 'name', message: 'must be a string, not a number' }]);
  });

  test('names ignored fields of batch items by their place in the batch', async () => {
    const { response } = await send('1.7', '/pipelines/batch', { pipelines: [aPipeline, body] });
    expect(await response.json()).toMatchObject({ results: [{ created: true }, { created: true }] });
    expect(response.headers.get('warning')).toContain('pipelines[1].stages[0].colour, pipelines[1].mood');
  });

  test('is ours when absent or equal: unknown fields are refused', async () => {
    expect((await send('1.0')).response.status).toBe(422);
    expect((await anApi().call('POST', '/pipelines', { body })).status).toBe(422);
  });

  test.each(['2.0', '0.9', 'one', '1', '1.0.0'])('%s is refused with 400', async (version) => {
    const { response, api } = await send(version);
    expect(response.status).toBe(400);
    expect((await problemOf(response)).code).toBe('unsupported_protocol');
    expect(api.calls).toEqual([]);
  });

  test('never puts into the Warning what a header cannot hold', async () => {
    const { response } = await send('1.7', '/pipelines', { ...aPipeline, 'a"\r\nSet-Cookie: x': 1, ['y'.repeat(5_000)]: 1 });
    expect(response.status).toBe(201);
    expect(response.headers.get('warning')?.length).toBeLessThan(1_200);
    expect(response.headers.get('set-cookie')).toBeNull();
  });
});
