import { expect, it } from 'vitest';
import { defineHandler } from '../../src/handler.js';
import type { WorkerEvents } from '../../src/worker/worker.js';
import { aDouble, aWorker, gate, next, running } from './harness.js';

it('tells what a worker does at every moment of its life', async () => {
  const double = await aDouble();
  const started = gate();
  const go = gate();
  const slow = defineHandler('slow', {}, async () => {
    started.open();
    await go.opened;
  });
  const { worker } = aWorker(double.url, { handlers: [slow], name: 'render', concurrency: 1, prefetch: 1 });
  expect(worker.snapshot()).toMatchObject({ name: 'render', state: 'idle', connected: false, workerId: undefined, uptimeMs: 0 });

  double.stages.offer('slow');
  double.stages.offer('slow');
  const done = worker.run();
  expect(worker.snapshot()).toMatchObject({ state: 'starting', connected: false });
  await started.opened;
  expect(worker.snapshot()).toMatchObject({
    state: 'running',
    connected: true,
    workerId: '7',
    concurrency: 1,
    running: 1,
    queued: 1,
  });
  expect(worker.snapshot().uptimeMs).toBeGreaterThan(0);

  worker.stop();
  await next(worker, 'draining');
  expect(worker.snapshot()).toMatchObject({ state: 'draining', running: 1, queued: 0 });
  go.open();
  await done;
  expect(worker.snapshot()).toMatchObject({
    state: 'stopped',
    connected: false,
    running: 0,
    processed: 1,
    failed: 0,
    uptimeMs: 0,
  });
});

it('knows that the server is away, and that a run was refused', async () => {
  const double = await aDouble();
  const { worker, stop } = await running(double.url, { handlers: [defineHandler('echo', {}, () => 1)], waitMs: 1 });
  double.fault = () => 503;
  await next(worker, 'disconnected');
  expect(worker.snapshot()).toMatchObject({ state: 'running', connected: false });
  double.fault = () => undefined;
  await next(worker, 'reconnected');
  expect(worker.snapshot().connected).toBe(true);
  await stop();

  double.fault = () => 401;
  await expect(worker.run()).rejects.toMatchObject({ status: 401 });
  expect(worker.snapshot()).toMatchObject({ state: 'failed', connected: false });
});

it('tells how long a handler ran, and what it logged', async () => {
  const double = await aDouble();
  double.stages.offer('charge');
  const charge = defineHandler('charge', {}, (_input: unknown, job) => job.log.warn('declined', { cents: 5 }));
  const { worker } = aWorker(double.url, { handlers: [charge] });
  const logged = next(worker, 'job_log');
  const completed = next(worker, 'job_completed');
  await worker.runOnce();
  expect(await logged).toMatchObject({ job: { handler: 'charge' }, level: 'warn', message: 'declined', fields: { cents: 5 } });
  expect(((await completed) as WorkerEvents['job_completed'][0]).durationMs).toBeGreaterThan(0);
});
