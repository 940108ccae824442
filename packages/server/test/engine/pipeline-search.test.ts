import type { PipelineSummary } from '@pipelogiq/protocol';
import { describe, expect, it } from 'vitest';
import { execute } from '../support/databases.js';
import { aDatabase } from '../support/stores.js';
import { harness } from './support.js';

const STAGES = [{ name: 'one', handler: 'a' }];

async function searched() {
  const database = await aDatabase();
  const { create, call } = await harness({ database });
  const search = async (text: string, more = ''): Promise<string[]> => {
    const { items } = (await call('GET', `/pipelines?search=${encodeURIComponent(text)}${more}`)) as { items: PipelineSummary[] };
    return items.map(({ name, keywords }) => [name, ...keywords].join(' '));
  };
  const all = {
    orders: ['vip'],
    'orders-late': ['order-1', 'order-2'],
    billing: ['order-3'],
    Orders: ['ordinary', 'ärger'],
  };
  for (const [name, keywords] of Object.entries(all)) await create({ name, keywords, stages: STAGES });
  /** So many that the search walks back from the newest pipeline instead of sorting all matches. */
  const crowd = () =>
    execute(
      database,
      `insert into pipeline_keyword (application_id, keyword, pipeline_id)
       with recursive n(i) as (select 1 union all select i + 1 from n where i < 30100)
       select application_id, 'o-' || i, id from pipeline cross join n where name = 'orders-late'
       union all select application_id, 'ä-' || i, id from pipeline cross join n where name = 'Orders'`,
    );
  return { search, crowd };
}

describe('a search', () => {
  it('finds names and keywords that begin with the text, newest first, each pipeline once', async () => {
    const { search } = await searched();
    expect(await search('order')).toEqual(['billing order-3', 'orders-late order-1 order-2', 'orders vip']);
    expect(await search('ord')).toEqual([
      'Orders ordinary ärger',
      'billing order-3',
      'orders-late order-1 order-2',
      'orders vip',
    ]);
    expect(await search('ä')).toEqual(['Orders ordinary ärger']);
    expect(await search('rder')).toEqual([]);
    expect(await search('%')).toEqual([]);
    expect(await search('order', '&limit=1')).toEqual(['billing order-3']);
  });

  it('finds the same when thousands of entries begin with the text', async () => {
    const { search, crowd } = await searched();
    await crowd();
    expect(await search('o')).toEqual(['Orders ordinary ärger', 'billing order-3', 'orders-late order-1 order-2', 'orders vip']);
    expect(await search('o', '&name=orders')).toEqual(['orders vip']);
    expect(await search('ä')).toEqual(['Orders ordinary ärger']);
    expect(await search('order')).toEqual(['billing order-3', 'orders-late order-1 order-2', 'orders vip']);
  });
});
