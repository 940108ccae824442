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

it('failures that are alike are run again', async () => {
  const controlPlane = await createTestControlPlane();
  const pipelogiq = new Pipelogiq(controlPlane.connection());
  onTestFinished(async () => {
    await pipelogiq.close();
    await controlPlane.close();
  });
  let isBack = false;
  const charge = defineHandler('charge', {}, (input: { card: number }) => {
    if (!isBack) throw new Error(`no connection for card ${input.card}`);
  });
  const stages = (card: number) => [{ name: 'charge', handler: 'charge', maxAttempts: 1, input: { card } }];
  const runs = [];
  for (const card of [7, 41]) runs.push(await pipelogiq.pipelines.create({ name: 'orders', stages: stages(card) }));
  const worker = () => pipelogiq.worker({ handlers: [charge], signals: false });
  await worker().runOnce({ maxJobs: 2 });
  await controlPlane.advance(6_000);
  isBack = true;
  const [group] = await pipelogiq.insights.errors({ handler: 'charge' }).all();
  const fingerprint = group?.fingerprint ?? '';
  expect(await pipelogiq.insights.replay(fingerprint, { dryRun: true })).toMatchObject({ matched: 2, possible: 2, done: 0 });
  const { id = '' } = await pipelogiq.insights.replay(fingerprint);
  await controlPlane.advance(1_000);
  expect(await pipelogiq.pipelines.action(id)).toMatchObject({ status: 'completed', done: 2 });
  await worker().runOnce({ maxJobs: 2 });
  for (const run of runs) expect(await pipelogiq.pipelines.get(run.id)).toMatchObject({ status: 'completed' });
});
