import { defineHandler, Pipelogiq } from '@pipelogiq/sdk';
import { expect, it, onTestFinished } from 'vitest';
import { createTestControlPlane } from '../../src/testing/index.js';

async function aClient(): Promise<Pipelogiq> {
  const controlPlane = await createTestControlPlane();
  const pipelogiq = new Pipelogiq(controlPlane.connection());
  onTestFinished(async () => {
    await pipelogiq.close();
    await controlPlane.close();
  });
  return pipelogiq;
}

it('what handlers measure is in the insights: with the ack, or what was flushed of an attempt that failed', async () => {
  const pipelogiq = await aClient();
  const charge = defineHandler('charge', {}, async (input: { cents: number; fails: boolean }, job) => {
    job.measure('calls', 1);
    await job.flush();
    job.measure('amount', input.cents / 100, { unit: 'eur' });
    if (input.fails) throw new Error('no');
  });
  for (const input of [
    { cents: 1_250, fails: false },
    { cents: -250, fails: false },
    { cents: 9_900, fails: true },
  ]) {
    await pipelogiq.pipelines.create({ name: 'orders', stages: [{ name: 'charge', handler: 'charge', maxAttempts: 1, input }] });
  }
  await pipelogiq.worker({ handlers: [charge], signals: false }).runOnce({ maxJobs: 3 });
  const { measures } = await pipelogiq.insights.get();
  expect(measures).toMatchObject([
    { name: 'calls', unit: null, handler: 'charge', pipeline: 'orders', sum: 3, values: { count: 3 } },
    { name: 'amount', unit: 'eur', sum: 10, values: { count: 2, min: -2.5, max: 12.5, mean: 5 } },
  ]);
});

it('deployments are marked once, listed, and compared', async () => {
  const pipelogiq = await aClient();
  const { id, created, at } = await pipelogiq.insights.mark({ version: '7', idempotencyKey: 'run-1' });
  expect(created).toBe(true);
  expect(await pipelogiq.insights.mark({ version: '7', idempotencyKey: 'run-1' })).toMatchObject({ id, created: false });
  expect(await pipelogiq.insights.marks({ pipeline: 'orders' }).all()).toMatchObject([{ id, version: '7', at }]);
  expect(await pipelogiq.insights.compareMark(id, { over: '24h' })).toMatchObject({ id, enough: false, before: { attempts: 0 } });
  await expect(pipelogiq.insights.compareMark('999')).rejects.toMatchObject({ code: 'not_found' });
});
