import type { Page, PipelineSummary } from '@pipelogiq/protocol';
import { describe, expect, it } from 'vitest';
import { execute } from '../support/databases.js';
import { aDatabase } from '../support/stores.js';
import { type Harness, harness } from './support.js';

const STAGES = [{ name: 'one', handler: 'a' }];

const namesOf = async ({ call }: Pick<Harness, 'call'>, query: string): Promise<string[]> =>
  (await call<Page<PipelineSummary>>('GET', `/pipelines?${query}`)).items.map(({ name }) => name);

async function withContexts(contexts: Record<string, Record<string, unknown>>) {
  const database = await aDatabase();
  const h = await harness({ database });
  for (const [name, context] of Object.entries(contexts)) await h.create({ name, context: context as never, stages: STAGES });
  return { ...h, database, found: (query: string) => namesOf(h, query) };
}

const refusal = async (h: Pick<Harness, 'send'>, query: string) => {
  const response = await h.send('GET', `/pipelines?${query}`);
  return [response.status, ((await response.json()) as { errors?: { path: string; message: string }[] }).errors];
};

describe('pipelines by a value of their context', () => {
  it('are those that have the string, or the number, truth value or null that it spells', async () => {
    const { found } = await withContexts({
      string: { orderId: '42' },
      number: { orderId: 42 },
      longer: { orderId: '421' },
      list: { orderId: ['42'] },
      other: { order: '42' },
      words: { is: true, not: null, float: 1.5, text: 'é "quoted" %_ 🙂', empty: '' },
      wordsAsText: { is: 'true', not: 'null', float: '1.5' },
      object: { orderId: { id: '42' } },
    });
    expect(await found('context.orderId=42')).toEqual(['number', 'string']);
    expect(await found('context[orderId]=42')).toEqual(['number', 'string']);
    expect(await found('context.is=true')).toEqual(['wordsAsText', 'words']);
    expect(await found('context.not=null')).toEqual(['wordsAsText', 'words']);
    expect(await found('context.float=1.5')).toEqual(['wordsAsText', 'words']);
    expect(await found(`context.text=${encodeURIComponent('é "quoted" %_ 🙂')}`)).toEqual(['words']);
    expect(await found('context.empty=')).toEqual(['words']);
    expect(await found(`context.orderId=${encodeURIComponent('["42"]')}`)).toEqual([]);
    expect(await found('context.orderid=42')).toEqual([]);
  });

  it('have all the values that are asked for, and fit the other filters', async () => {
    const { found } = await withContexts({
      both: { 'customer.id': '7', region: 'eu' },
      one: { 'customer.id': '7', region: 'us' },
      none: { region: 'eu' },
    });
    expect(await found('context.customer.id=7')).toEqual(['one', 'both']);
    expect(await found('context.customer.id=7&context.region=eu')).toEqual(['both']);
    expect(await found('context.customer.id=7&name=one&status=running')).toEqual(['one']);
    expect(await found('context.customer.id=7&search=bo')).toEqual(['both']);
    expect(await found('context.customer.id=7&status=failed')).toEqual([]);
  });

  it('are told apart by values that begin alike, and found by the last that was written, however long others are', async () => {
    const begin = 'x'.repeat(900);
    const { found, worker } = await withContexts({
      a: { key: `${begin}a` },
      b: { key: `${begin}b`, large: 'ü'.repeat(120_000) },
    });
    expect(await found(`context.key=${begin}a`)).toEqual(['a']);
    expect(await found(`context.key=${begin}b`)).toEqual(['b']);
    const w = await worker();
    for (const job of await w.pull()) await w.ack(job, { context: [{ key: 'key', value: 'new' }] });
    expect(await found(`context.key=${begin}a`)).toEqual([]);
    expect(await found('context.key=new')).toEqual(['b', 'a']);
  });

  it('are not found by a sensitive value, also when it had not been sensitive before', async () => {
    const { found, worker } = await withContexts({ a: { card: '4242' } });
    expect(await found('context.card=4242')).toEqual(['a']);
    const w = await worker();
    await w.ack(await w.one(), { context: [{ key: 'card', value: '4242', sensitive: true }] });
    expect(await found('context.card=4242')).toEqual([]);
  });

  it('come in pages, newest first, whether few or thousands have the value', async () => {
    const { call, database, found } = await withContexts(
      Object.fromEntries(Array.from({ length: 7 }, (_, at) => [`p${at}`, { tenant: 'acme', odd: at % 2 === 1 }])),
    );
    const paged = async (query: string) => {
      const names: string[] = [];
      let cursor = '';
      for (;;) {
        const page = await call<Page<PipelineSummary>>('GET', `/pipelines?limit=2&${query}${cursor}`);
        names.push(...page.items.map(({ name }) => name));
        if (page.nextCursor === null) return names;
        cursor = `&cursor=${page.nextCursor}`;
      }
    };
    const check = async () => {
      expect(await paged('context.tenant=acme')).toEqual(['p6', 'p5', 'p4', 'p3', 'p2', 'p1', 'p0']);
      expect(await paged('context.tenant=acme&context.odd=true')).toEqual(['p5', 'p3', 'p1']);
    };
    await check();
    // Of pipelines that are gone: the index has so many entries that matches are met on a walk instead of being looked up.
    await execute(
      database,
      `insert into context_item (pipeline_id, key, value, sensitive, updated_at)
       with recursive n(i) as (select 1 union all select i + 1 from n where i < 30100)
       select 1000000 + i, 'tenant', '"acme"', 0, 1 from n`,
    );
    await check();
    expect(await found('context.tenant=other')).toEqual([]);
  });

  it('are what an action on many acts on', async () => {
    const { call, controlPlane, found } = await withContexts({ a: { batch: 7 }, b: { batch: 7 }, c: { batch: 8 } });
    const action = { action: 'cancel', filter: { context: { batch: '7' } } };
    expect(await call('POST', '/pipelines/actions', { ...action, dryRun: true })).toMatchObject({ matched: 2, possible: 2 });
    const started = await call<{ id: string }>('POST', '/pipelines/actions', action);
    await controlPlane.advance(2_000);
    expect(await call('GET', `/pipelines/actions/${started.id}`)).toMatchObject({
      status: 'completed',
      done: 2,
      filter: { context: { batch: '7' } },
    });
    expect(await found('status=cancelled')).toEqual(['b', 'a']);
  });
});

describe('a filter by context is refused', () => {
  it('when it is empty, too large, given twice, or has a key that no context has', async () => {
    const h = await withContexts({});
    const many = Array.from({ length: 6 }, (_, at) => `context.k${at}=1`).join('&');
    expect(await refusal(h, many)).toEqual([422, [{ path: 'context', message: 'must have 1 to 5 keys' }]]);
    expect(await refusal(h, `context.a=${'x'.repeat(1_001)}`)).toMatchObject([422, [{ path: 'context.a' }]]);
    expect(await refusal(h, 'context=a')).toMatchObject([422, [{ path: 'context' }]]);
    expect(await refusal(h, 'context.a=1&context[a]=2')).toMatchObject([422, [{ message: 'is given twice' }]]);
    expect(await refusal(h, 'context=a&context.a=2')).toMatchObject([422, [{ message: 'is given twice' }]]);
    expect(await refusal(h, 'context.__proto__=1&context.a=1')).toMatchObject([422, [{ path: 'context.__proto__' }]]);
    expect(await refusal(h, 'contxt.a=1')).toMatchObject([422, [{ path: 'contxt.a' }]]);
    const all = { action: 'cancel', filter: { context: {} } };
    expect((await h.send('POST', '/pipelines/actions', all)).status).toBe(422);
  });
});
