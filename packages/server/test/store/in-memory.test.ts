import { expect, it } from 'vitest';
import { harness } from '../engine/support.js';

it('a database in memory shares nothing with the ones that the process opened before', async () => {
  const told = async () => {
    const { call, create } = await harness({ database: ':memory:' });
    const before = await call('GET', '/pipelines');
    const { id } = await create({ stages: [{ name: 'a' }], idempotencyKey: 'once' });
    return { before, id };
  };
  const first = await told();
  expect(first.before).toMatchObject({ items: [] });
  expect(await told()).toEqual(first); // as it would be on an empty one, ids too
  expect(await told()).toEqual(first);
});
