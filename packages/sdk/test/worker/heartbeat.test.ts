import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Worker as Thread } from 'node:worker_threads';
import { build } from 'esbuild';
import { Agent } from 'undici';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { defineHandler } from '../../src/handler.js';
import type { Job } from '../../src/job.js';
import type { ThreadData, ThreadNews } from './double-thread.js';
import { aDouble, aWorker, gate, next, running } from './harness.js';

/** Runs until its signal fires and hands over the reason. */
function watching() {
  const reason = gate<unknown>();
  const handler = defineHandler('watch', {}, async (_input: unknown, job: Job) => {
    await new Promise((resolve) => job.signal.addEventListener('abort', resolve));
    reason.open(job.signal.reason);
  });
  return { handler, reason: reason.opened };
}

/** Holds the event loop, as a handler does that computes. */
function block(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

async function doubleInThread(workerData: ThreadData) {
  const entry = fileURLToPath(new URL('./double-thread.ts', import.meta.url));
  const bundle = await build({ entryPoints: [entry], bundle: true, platform: 'node', format: 'cjs', write: false });
  const thread = new Thread(bundle.outputFiles[0]?.text ?? '', { eval: true, execArgv: [], workerData });
  onTestFinished(async () => {
    await thread.terminate();
  });
  const [news] = (await once(thread, 'message')) as [{ url: string }];
  return { thread, url: news.url };
}

describe('heartbeats', () => {
  // Seen to fail without the thread: with `threadTarget` undefined the ack is refused with `expired` after one lease time.
  it('keep the lease of a handler that blocks the event loop for five lease times', async () => {
    const { thread, url } = await doubleInThread({ handler: 'busy', leaseMs: 300, heartbeatIntervalMs: 60 });
    const news = once(thread, 'message');
    const { stop } = await running(url, { handlers: [defineHandler('busy', {}, () => block(1_500))] });
    const [{ beatsInFlight, leases, refused }] = (await news) as [Exclude<ThreadNews, { url: string }>];
    expect({ leases, refused }).toEqual({ leases: 1, refused: [] });
    expect(beatsInFlight).toBeGreaterThan(5);
    await stop();
  });

  it.each([
    ['the thread', {}],
    ['the main thread when a dispatcher is injected', { dispatcher: new Agent() }],
  ])('extend leases and report totals from %s', async (_name, transportOptions) => {
    const double = await aDouble();
    double.heartbeatIntervalMs = 20;
    const release = gate();
    const wait = defineHandler('wait', {}, () => release.opened);
    const stage = double.stages.offer('wait');
    const { worker, stop } = await running(double.url, { handlers: [wait] }, transportOptions);
    expect(await next(worker, 'lease_extended')).toMatchObject({ job: { id: stage.id }, leaseMs: 60_000 });
    expect(double.beats.at(-1)).toMatchObject({
      workerId: '7',
      state: 'running',
      jobs: [{ id: stage.id, fencingToken: 1 }],
      inFlight: 1,
      processed: 0,
      failed: 0,
      cpuPercent: expect.any(Number),
      memoryMb: expect.any(Number),
    });
    release.open();
    await double.until(() => double.beats.at(-1)?.processed === 1 && double.beats.at(-1)?.jobs.length === 0);
    await stop();
  });

  it('beat from the main thread, with one warning, where no thread can start', async () => {
    const double = await aDouble();
    double.heartbeatIntervalMs = 20;
    vi.doMock('node:worker_threads', () => {
      throw new Error('no threads here');
    });
    onTestFinished(() => void vi.doUnmock('node:worker_threads'));
    const warning = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    onTestFinished(() => warning.mockRestore());
    const { stop } = await running(double.url, { handlers: [watching().handler] });
    await double.until(() => double.beats.length > 2);
    expect(warning).toHaveBeenCalledTimes(1);
    expect(warning.mock.calls[0]).toEqual([
      expect.stringContaining('main thread'),
      expect.objectContaining({ code: 'PIPELOGIQ_HEARTBEAT' }),
    ]);
    await stop();
  });

  it.each([
    ['cancelled', 'cancelled'],
    ['superseded', 'lease_lost'],
    ['timed_out', 'timeout'],
  ] as const)('tell a handler that its job was %s, by a signal with the code %s', async (reason, code) => {
    const double = await aDouble();
    double.heartbeatIntervalMs = 20;
    const { handler, reason: fired } = watching();
    const stage = double.stages.offer('watch');
    const { worker, stop } = await running(double.url, { handlers: [handler] });
    await next(worker, 'job_started');
    const lost = next(worker, 'lease_lost');
    const dropped = next(worker, 'result_dropped');
    double.stages.end(stage.id, reason, reason === 'cancelled' ? 'cancelled' : 'failed');
    expect(await fired).toMatchObject({ name: 'JobAbortedError', code, reason });
    expect(await lost).toMatchObject({ job: { id: stage.id }, reason });
    await dropped;
    await stop();
    expect(double.to('/jobs/ack')).toEqual([]);
  });

  it('order to drain and to go on', async () => {
    const double = await aDouble();
    double.heartbeatIntervalMs = 20;
    const echo = defineHandler('echo', {}, (input: unknown) => input);
    const { worker, stop } = await running(double.url, { handlers: [echo] });
    await double.until(() => double.to('/jobs/pull').length === 1);
    const draining = next(worker, 'draining');
    double.order = 'drain';
    expect(await draining).toEqual({ cause: 'order', final: false });
    double.stages.offer('echo', 1);
    double.changed();
    const lastPull = () => double.to('/jobs/pull').at(-1);
    await double.until(() => double.beats.at(-1)?.state === 'draining' && lastPull()?.maxJobs === 0);
    expect(lastPull()).toMatchObject({ abandonedPulls: [1] }); // it only gave back the pull that it cut off
    const resumed = next(worker, 'resumed');
    const done = next(worker, 'job_completed');
    double.order = 'run';
    await resumed;
    await done;
    await stop();
  });

  it('order to stop', async () => {
    const double = await aDouble();
    double.heartbeatIntervalMs = 20;
    const { done } = await running(double.url, { handlers: [watching().handler] });
    double.order = 'stop';
    expect(await done).toEqual({ processed: 0, failed: 0 });
    expect(double.to('/workers/shutdown')).toEqual([{ workerId: '7', reason: 'order' }]);
  });

  it('notice an outage while all slots are busy', async () => {
    const double = await aDouble();
    double.heartbeatIntervalMs = 20;
    const release = gate();
    const wait = defineHandler('wait', {}, () => release.opened);
    double.stages.offer('wait');
    const { worker, stop } = await running(double.url, { handlers: [wait], concurrency: 1 });
    await next(worker, 'job_started');
    const disconnected = next(worker, 'disconnected');
    const reconnected = next(worker, 'reconnected');
    await double.close();
    await disconnected;
    await double.listen();
    await reconnected;
    release.open();
    expect(await stop()).toEqual({ processed: 1, failed: 0 });
  });
});

describe('the local deadline', () => {
  it('fires the signal with the code timeout, and the failure may be retried', async () => {
    const double = await aDouble();
    const { worker } = aWorker(double.url, {
      handlers: [
        defineHandler('slow', {}, (_input: unknown, job: Job) => {
          return new Promise((_resolve, reject) => job.signal.addEventListener('abort', () => reject(job.signal.reason)));
        }),
      ],
    });
    const stage = double.stages.offer('slow', null, { timeoutMs: 20 }, 1);
    const failed = next(worker, 'job_failed');
    const done = worker.run();
    expect(await failed).toMatchObject({ error: { code: 'timeout' }, willRetry: false });
    expect(stage.retryable).toBe(true);
    worker.stop();
    await done;
  });
});
