import { expect, it } from 'vitest';
import { harness } from './support.js';

it('runs a chain of three stages from creation to completion', async () => {
  const { create, worker, call, statuses, controlPlane } = await harness();
  const run = await create({
    stages: [
      { name: 'a', input: { n: 1 } },
      { name: 'b', handler: 'a' },
      { name: 'c', handler: 'a' },
    ],
    context: { region: 'eu' },
  });
  expect(run.status).toBe('running');
  const w = await worker(['a']);
  for (const name of ['a', 'b', 'c']) {
    const job = await w.one();
    expect(job.stage).toBe(name);
    expect(job.context).toEqual({ region: 'eu' });
    await w.ack(job, { output: { from: name } });
  }
  expect(await statuses(run.id)).toEqual({ a: 'completed', b: 'completed', c: 'completed' });
  expect(await call('GET', `/pipelines/${run.id}`)).toMatchObject({ status: 'completed' });
  await controlPlane.close();
});
