import { describe, expect, it } from 'vitest';
import { defineHandler } from '../../src/handler.js';
import type { Job } from '../../src/job.js';
import { aDouble, aWorker, gate, next, running } from './harness.js';

const echo = defineHandler('echo', {}, (input: unknown) => input);

/** Runs until its signal fires, then fails with the signal's reason. */
const untilAborted = defineHandler(
  'until-aborted',
  {},
  (_input: unknown, job: Job) =>
    new Promise<void>((_resolve, reject) => job.signal.addEventListener('abort', () => reject(job.signal.reason))),
);

describe('a worker that stops', () => {
  it('lets running handlers finish and sends their results', async () => {
    const double = await aDouble();
    const release = gate();
    const wait = defineHandler('wait', {}, () => release.opened);
    const stage = double.stages.offer('wait');
    const { worker, done } = await running(double.url, { handlers: [wait] });
    await next(worker, 'job_started');
    const draining = next(worker, 'draining');
    worker.stop();
    expect(await draining).toEqual({ cause: 'stop', final: true });
    release.open();
    expect(await done).toEqual({ processed: 1, failed: 0 });
    expect(stage.status).toBe('completed');
    expect(double.calls.at(-1)).toEqual({ path: '/workers/shutdown', body: { workerId: '7', reason: 'stop' } });
  });

  it('gives back at once what it only prefetched, and at the end what would not finish, without spending an attempt', async () => {
    const double = await aDouble();
    const first = double.stages.offer('until-aborted');
    const second = double.stages.offer('until-aborted');
    const { worker, stop } = await running(double.url, {
      handlers: [untilAborted],
      concurrency: 1,
      prefetch: 1,
      drainTimeoutMs: 0,
    });
    await next(worker, 'job_started');
    const released: string[] = [];
    worker.on('job_released', ({ job }) => released.push(job.id));
    expect(await stop()).toEqual({ processed: 0, failed: 0 });
    expect(released.sort()).toEqual([first.id, second.id]);
    expect([first, second]).toMatchObject([
      { status: 'pending', attempts: 0, error: undefined },
      { status: 'pending', attempts: 0, error: undefined },
    ]);
  });

  it('gives back a handler that ignores its signal and drops what it returns later', async () => {
    const double = await aDouble();
    const release = gate();
    const deaf = defineHandler('deaf', {}, () => release.opened);
    const stage = double.stages.offer('deaf');
    const { worker, stop } = await running(double.url, { handlers: [deaf], drainTimeoutMs: 0 });
    await next(worker, 'job_started');
    await stop();
    expect(stage).toMatchObject({ status: 'pending', attempts: 0 });
    const dropped = next(worker, 'result_dropped');
    release.open();
    expect((await dropped).job.id).toBe(stage.id);
  });

  it('gives back the jobs of a pull that it cut off', async () => {
    const double = await aDouble();
    const { worker, stop } = await running(double.url, { handlers: [echo] });
    await double.until(() => double.to('/jobs/pull').length === 1);
    const stage = double.stages.offer('echo');
    const [lease] = double.stages.lease(1, ['echo'], 1); // committed, but its answer is not on the way yet
    expect(lease?.id).toBe(stage.id);
    const stopped = next(worker, 'stopped');
    await stop();
    expect(double.to('/jobs/pull').at(-1)).toMatchObject({ maxJobs: 0, abandonedPulls: [1] });
    expect(stage.status).toBe('pending');
    expect(await stopped).toEqual({ unsent: 0 });
  });

  it('stops by an abort signal', async () => {
    const double = await aDouble();
    const { worker } = aWorker(double.url, { handlers: [echo] });
    const controller = new AbortController();
    const started = next(worker, 'started');
    const done = worker.run({ signal: controller.signal });
    expect(await started).toEqual({ workerId: '7', application: 'shop' });
    controller.abort();
    expect(await done).toEqual({ processed: 0, failed: 0 });
  });

  it.each(['SIGTERM', 'SIGINT'] as const)('stops by %s, and leaves no listener behind', async (name) => {
    const double = await aDouble();
    const before = process.listenerCount(name);
    const { worker } = aWorker(double.url, { handlers: [echo], signals: true });
    const started = next(worker, 'started');
    const done = worker.run();
    await started;
    process.emit(name, name);
    await done;
    expect(double.to('/workers/shutdown')).toEqual([{ workerId: '7', reason: name }]);
    expect(process.listenerCount(name)).toBe(before);
  });

  it('gives up waiting for handlers at a second signal', async () => {
    const double = await aDouble();
    const stage = double.stages.offer('until-aborted');
    const { worker } = aWorker(double.url, { handlers: [untilAborted], signals: true });
    const done = worker.run();
    await next(worker, 'job_started');
    const draining = next(worker, 'draining');
    process.emit('SIGINT', 'SIGINT');
    await draining;
    process.emit('SIGINT', 'SIGINT');
    await done;
    expect(stage).toMatchObject({ status: 'pending', attempts: 0 });
  });

  it('says how many results it could not send when the server stays away', async () => {
    const double = await aDouble();
    const release = gate();
    const wait = defineHandler('wait', {}, () => release.opened);
    double.stages.offer('wait');
    const { worker } = aWorker(double.url, { handlers: [wait], signals: true, drainTimeoutMs: 60_000 });
    const done = worker.run();
    await next(worker, 'job_started');
    double.fault = () => 503;
    const stopped = next(worker, 'stopped');
    const draining = next(worker, 'draining');
    process.emit('SIGTERM', 'SIGTERM');
    await draining;
    release.open();
    await double.until(() => double.to('/jobs/ack').length > 0);
    process.emit('SIGTERM', 'SIGTERM');
    await done;
    expect(await stopped).toEqual({ unsent: 1 });
  });
});

describe('runOnce', () => {
  it('does what is there, and what that makes ready, and ends', async () => {
    const double = await aDouble();
    const chain = defineHandler('chain', {}, (input: number) => {
      if (input < 3) double.stages.offer('chain', input + 1);
      return input;
    });
    double.stages.offer('chain', 0);
    const { worker } = aWorker(double.url, { handlers: [chain] });
    expect(await worker.runOnce()).toEqual({ processed: 4, failed: 0 });
    expect(double.stages.every('completed')).toBe(true);
    expect(double.to('/workers/shutdown')).toHaveLength(1);
  });

  it('does no more than maxJobs', async () => {
    const double = await aDouble();
    for (let index = 0; index < 10; index++) double.stages.offer('echo', index);
    const { worker } = aWorker(double.url, { handlers: [echo], concurrency: 2 });
    expect(await worker.runOnce({ maxJobs: 5 })).toEqual({ processed: 5, failed: 0 });
    expect([...double.stages.all.values()].filter(({ status }) => status === 'completed')).toHaveLength(5);
    expect([...double.stages.all.values()].filter(({ leases }) => leases > 0)).toHaveLength(5);
  });

  it('ends at once when there is nothing', async () => {
    const double = await aDouble();
    const { worker } = aWorker(double.url, { handlers: [echo] });
    expect(await worker.runOnce()).toEqual({ processed: 0, failed: 0 });
    expect(double.to('/jobs/pull')).toHaveLength(1);
  });
});
