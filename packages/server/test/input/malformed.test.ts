import { afterEach, describe, expect, it } from 'vitest';
import { type InspectedHarness, inspectedHarness, refusal } from './support.js';

const A_STAGE = { name: 'a' };
const pipeline = (over: object = {}) => ({ name: 'p', stages: [A_STAGE], ...over });
const deep = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);
const chain = (count: number) => Array.from({ length: count }, (_, at) => ({ name: `s${at}`, handler: 'a' }));

afterEach(() => {
  expect(Object.keys(Object.prototype)).toEqual([]);
  expect({}).not.toHaveProperty('polluted');
});

/** Sends each body to `path` and compares the refusals and the tables before and after. */
async function expectRefused(h: InspectedHarness, path: string, cases: [body: unknown, refusal: string][]): Promise<void> {
  const before = await h.stored();
  for (const [body, expected] of cases) {
    expect(await refusal(await h.send('POST', path, body)), JSON.stringify(body)?.slice(0, 200)).toBe(expected);
  }
  expect(await h.stored()).toEqual(before);
}

describe('a pipeline that cannot be', () => {
  it('is refused with the reason, and leaves nothing behind', async () => {
    const on = (name: string, ...dependsOn: string[]) => ({ name, dependsOn });
    await expectRefused(await inspectedHarness(), '/pipelines', [
      ['{"name": "p", }', '400 invalid_json'],
      ['', '400 invalid_json'],
      ['null', '422 invalid_request'],
      ['[]', '422 invalid_request'],
      ['"p"', '422 invalid_request'],
      [{}, '422 invalid_request'],
      [pipeline({ stages: [] }), '422 invalid_request'],
      [pipeline({ stages: 'a' }), '422 invalid_request'],
      [pipeline({ stages: [null] }), '422 invalid_request'],
      [pipeline({ name: 7 }), '422 invalid_request'],
      [pipeline({ name: '' }), '422 invalid_request'],
      [pipeline({ name: 'x'.repeat(10_000) }), '422 invalid_request'],
      [pipeline({ runAt: 'tomorrow' }), '422 invalid_request'],
      [pipeline({ runAt: '2030-02-31T00:00:00Z' }), '422 invalid_request'],
      [pipeline({ priority: 101 }), '422 invalid_request'],
      [pipeline({ stages: [{ ...A_STAGE, maxAttempts: 0 }] }), '422 invalid_request'],
      [pipeline({ stages: [{ ...A_STAGE, timeoutMs: -1 }] }), '422 invalid_request'],
      [pipeline({ stages: [{ ...A_STAGE, timeoutMs: 1e300 }] }), '422 invalid_request'],
      [pipeline({ stages: [on('a', 'a')] }), '422 invalid_pipeline'],
      [pipeline({ stages: [on('a', 'b'), on('b', 'c'), on('c', 'a')] }), '422 invalid_pipeline'],
      [pipeline({ stages: [on('a', 'nobody')] }), '422 invalid_pipeline'],
      [pipeline({ stages: [A_STAGE, A_STAGE] }), '422 invalid_pipeline'],
      [pipeline({ stages: [{ ...A_STAGE, input: { $output: { stage: 'b' } } }] }), '422 invalid_pipeline'],
      [pipeline({ stages: chain(10_001) }), '422 invalid_request'],
      [pipeline({ context: { big: 'x'.repeat(300_000) } }), '413 payload_too_large'],
      [pipeline({ stages: [{ ...A_STAGE, input: 'x'.repeat(300_000) }] }), '413 payload_too_large'],
      [pipeline({ context: { pad: 'x'.repeat(2 * 1024 * 1024) } }), '413 payload_too_large'],
      [`{"name":"p","stages":[{"name":"a","input":${deep(10_000)}}]}`, '400 invalid_json'],
      [deep(10_000), '400 invalid_json'],
    ]);
  });

  it('is told what was meant, and which stages wait for each other', async () => {
    const { send } = await inspectedHarness();
    const problem = async (body: object) => (await (await send('POST', '/pipelines', body)).json()) as { errors: object[] };
    expect(await problem(pipeline({ stages: [{ ...A_STAGE, dependOn: [] }] }))).toMatchObject({
      errors: [{ path: 'stages[0].dependOn', message: expect.stringContaining('dependsOn') }],
    });
    const cycle = ['a', 'b', 'c'].map((name, at, all) => ({ name, dependsOn: [all[(at + 1) % 3]] }));
    expect(await problem(pipeline({ stages: cycle }))).toMatchObject({
      errors: [{ message: expect.stringMatching(/"a" → "b" → "c" → "a"/) }],
    });
  });

  it('fails alone in a batch', async () => {
    const { call, stored } = await inspectedHarness();
    const cyclic = pipeline({ stages: [{ name: 'a', dependsOn: ['b'] }, { name: 'b' }] });
    const { results } = await call<{ results: object[] }>('POST', '/pipelines/batch', {
      pipelines: [pipeline(), cyclic, 'nonsense', null, pipeline({ nmae: 'x' }), pipeline()],
    });
    expect(results.map((result) => ('error' in result ? (result.error as { code: string }).code : 'created'))).toEqual([
      'created',
      'invalid_pipeline',
      'invalid_request',
      'invalid_request',
      'invalid_request',
      'created',
    ]);
    expect((await stored()).pipeline).toHaveLength(2);
    expect((await stored()).stage).toHaveLength(2);
  });

  it('is taken at the limit: ten thousand stages in one chain', async () => {
    const { create, stored } = await inspectedHarness();
    await create({ stages: chain(10_000) });
    expect((await stored()).stage).toHaveLength(10_000);
    expect((await stored()).stage_dependency).toHaveLength(9_999);
  });
});

describe('text that a database or a worker could choke on', () => {
  it.each([
    ['NUL', 'a\0b'],
    ['a lone high surrogate', 'a\ud800b'],
    ['a lone low surrogate', '\udc00'],
  ])('is refused in names and keys: %s', async (_, text) => {
    const h = await inspectedHarness();
    await expectRefused(
      h,
      '/pipelines',
      [
        pipeline({ name: text }),
        pipeline({ stages: [{ name: text }] }),
        pipeline({ stages: [{ ...A_STAGE, handler: text }] }),
        pipeline({ keywords: [text] }),
        pipeline({ context: { [text]: 1 } }),
        pipeline({ idempotencyKey: text }),
        pipeline({ environment: text }),
      ].map((body) => [JSON.stringify(body), '422 invalid_request']),
    );
    await expectRefused(h, '/workers/bootstrap', [
      [{ workerName: text, supportedHandlers: ['a'] }, '422 invalid_request'],
      [{ workerName: 'w', supportedHandlers: [text] }, '422 invalid_request'],
    ]);
  });

  it('travels unharmed as the data of users', async () => {
    const { create, worker, call } = await inspectedHarness();
    const input = { text: 'a\0b \ud800 \udc00 \u2028 😀', '\0key': 1, nested: [[['\uffff']]] };
    const run = await create({ stages: [{ name: 'a', input }], context: { c: input } });
    const w = await worker();
    const job = await w.one();
    expect(job.input).toEqual(input);
    expect(job.context).toEqual({ c: input });
    await w.ack(job, { output: input });
    expect(await call('GET', `/pipelines/${run.id}/stages`)).toMatchObject({ items: [{ input, output: input }] });
  });
});

describe('__proto__', () => {
  const POISON = '{"polluted":true}';

  it('is dropped from input, context, output and metadata, and pollutes nothing', async () => {
    const h = await inspectedHarness();
    const text = `{"name":"p","__proto__":${POISON},"stages":[{"name":"a","__proto__":${POISON},
      "input":{"__proto__":${POISON},"keep":1,"deep":[{"__proto__":${POISON}}]}}],
      "context":{"__proto__":${POISON},"k":{"__proto__":${POISON},"keep":2}}}`;
    expect((await h.send('POST', '/pipelines', text)).status).toBe(201);
    const w = await h.worker(['a'], { metadata: JSON.parse(`{"__proto__":${POISON},"keep":3}`) });
    const job = await w.one();
    expect(job).toMatchObject({ input: { keep: 1, deep: [{}] }, context: { k: { keep: 2 } } });
    const ack = `{"workerId":"${w.session.workerId}","acks":[{"id":"${job.id}","fencingToken":1,
      "output":{"__proto__":${POISON},"keep":4},"context":[{"key":"__proto__","value":1}]}]}`;
    expect((await h.send('POST', '/jobs/ack', ack, w.headers)).status).toBeLessThan(500);
    expect(JSON.stringify(await h.stored())).not.toContain('polluted');
  });

  it('is an ordinary name for a stage, a keyword or a handler', async () => {
    const { create, worker, call } = await inspectedHarness();
    const run = await create({
      name: '__proto__',
      keywords: ['__proto__', 'constructor'],
      stages: [
        { name: '__proto__', handler: 'a' },
        { name: 'constructor', handler: 'a', input: { $output: { stage: '__proto__' } } },
      ],
    });
    const w = await worker();
    await w.ack(await w.one(), { output: 'first' });
    const second = await w.one();
    expect(second.input).toBe('first');
    expect(Object.entries(second.outputs)).toEqual([['__proto__', 'first']]);
    await w.ack(second, { output: 'second' });
    expect(await call('GET', `/pipelines/${run.id}`)).toMatchObject({ status: 'completed', name: '__proto__' });
  });
});
