import { once } from 'node:events';
import { defineHandler, JobAbortedError } from '@pipelogiq/sdk';
import { describe, expect, it } from 'vitest';
import { deferred } from '../support/events.js';
import { endToEnd, WAYS } from './harness.js';

/** A handler that says when it has begun and runs until its signal fires, or until it is let go. */
function holding() {
  const begun = deferred();
  const letGo = deferred<string>();
  const aborted = deferred<unknown>();
  const handler = defineHandler('hold', {}, async (_, job) => {
    begun.resolve();
    job.signal.addEventListener('abort', () => aborted.resolve(job.signal.reason), { once: true });
    return Promise.race([letGo.promise, aborted.promise.then((reason) => Promise.reject(reason))]);
  });
  return { handler, begun: begun.promise, letGo: letGo.resolve, aborted: aborted.promise };
}

/** Runs on when its signal fires, until it is let go; its second attempt returns at once. */
function stubborn() {
  const letGo = deferred<string>();
  const aborted = deferred<unknown>();
  const handler = defineHandler('hold', {}, async (_, job) => {
    if (job.attempt > 1) return 'second try';
    job.signal.addEventListener('abort', () => aborted.resolve(job.signal.reason), { once: true });
    return letGo.promise;
  });
  return { handler, letGo: letGo.resolve, aborted: aborted.promise };
}

describe.each(WAYS)('a worker %s', (way) => {
  const shortBeats = { leaseMs: 2_000, heartbeatIntervalMs: 100 };

  it('fires the signal of a running handler with the reason when its pipeline is cancelled', async () => {
    const { pipelogiq, work } = await endToEnd(way, shortBeats);
    const { handler, begun, aborted } = holding();
    const { worker } = await work([handler]);
    const lost = once(worker, 'lease_lost');
    const { id } = await pipelogiq.pipelines.create({ name: 'cancel', stages: [{ name: 'hold' }, { name: 'never' }] });
    await begun;
    await pipelogiq.pipelines.cancel(id, { reason: 'changed my mind' });
    const reason = await aborted;
    expect(reason).toBeInstanceOf(JobAbortedError);
    expect(reason).toMatchObject({ code: 'cancelled', reason: 'cancelled' });
    expect((await lost)[0]).toMatchObject({ job: { stage: 'hold' }, reason: 'cancelled' });
    expect(await pipelogiq.pipelines.wait(id)).toMatchObject({ status: 'cancelled', cancelReason: 'changed my mind' });
    const statuses = (await pipelogiq.pipelines.stages(id)).map(({ status }) => status);
    expect(statuses).toEqual(['cancelled', 'cancelled']);
    await expect(pipelogiq.pipelines.waitForSuccess(id)).rejects.toThrow('changed my mind');
  });

  it('is told by its signal when the time of a delivery is up; a handler that runs on regardless is ended by the server', async () => {
    const { pipelogiq, work } = await endToEnd(way, { ...shortBeats, expireEveryMs: 50 });
    const { handler, aborted, letGo } = stubborn();
    const { worker } = await work([handler]);
    const lost = once(worker, 'lease_lost');
    const dropped = once(worker, 'result_dropped');
    const backoff = { type: 'fixed', delayMs: 1, jitter: false } as const;
    const { id } = await pipelogiq.pipelines.create({ name: 'slow', stages: [{ name: 'hold', timeoutMs: 300, backoff }] });
    expect(await aborted).toMatchObject({ code: 'timeout' });
    expect((await lost)[0]).toMatchObject({ reason: 'timed_out' });
    letGo('too late');
    await dropped;
    await pipelogiq.pipelines.waitForSuccess(id);
    expect((await pipelogiq.pipelines.stages(id))[0]?.output).toBe('second try');
    const outcomes = (await pipelogiq.pipelines.attempts(id)).map(({ outcome }) => outcome);
    expect(outcomes).toEqual(['timed_out', 'completed']);
  });

  it('takes no more jobs once it is drained by an operator, and finishes the one it has', async () => {
    const { pipelogiq, work } = await endToEnd(way, shortBeats);
    const { handler, begun, letGo } = holding();
    const drained = await work([handler], { concurrency: 5 });
    const draining = once(drained.worker, 'draining');
    const first = await pipelogiq.pipelines.create({ name: 'first', stages: [{ name: 'hold' }] });
    await begun;
    await pipelogiq.workers.drain(drained.workerId);
    expect((await draining)[0]).toEqual({ cause: 'order', final: false });
    const second = await pipelogiq.pipelines.create({ name: 'second', stages: [{ name: 'hold' }] });
    letGo('done');
    await pipelogiq.pipelines.waitForSuccess(first.id);
    expect(await pipelogiq.workers.get(drained.workerId)).toMatchObject({ order: 'drain' });
    expect((await pipelogiq.pipelines.stages(second.id))[0]).toMatchObject({ status: 'pending', fencingToken: 0 });
    await work([handler]);
    await pipelogiq.pipelines.waitForSuccess(second.id);
    expect((await pipelogiq.pipelines.attempts(second.id))[0]?.workerId).not.toBe(drained.workerId);
  });

  it('gives back without an attempt what it cannot finish when it stops', async () => {
    const { pipelogiq, work } = await endToEnd(way, shortBeats);
    const { handler, begun, aborted } = holding();
    const stopping = await work([handler], { drainTimeoutMs: 0 });
    const { id } = await pipelogiq.pipelines.create({ name: 'release', stages: [{ name: 'hold', maxAttempts: 1 }] });
    await begun;
    stopping.worker.stop();
    expect(await aborted).toMatchObject({ code: 'shutdown' });
    await stopping.ended;
    expect((await pipelogiq.pipelines.stages(id))[0]).toMatchObject({ status: 'pending', attempts: 0 });
    await work([defineHandler('hold', {}, (_, job) => job.attempt)]);
    await pipelogiq.pipelines.waitForSuccess(id);
    expect((await pipelogiq.pipelines.stages(id))[0]?.output).toBe(1);
  });

  it('continues the trace of the caller: in the pipeline, its jobs and its waterfall', async () => {
    const { pipelogiq, work } = await endToEnd(way);
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
    const seen: string[] = [];
    await work([defineHandler('step', {}, (_, job) => void seen.push(job.traceparent))]);
    const { id, traceId: kept } = await pipelogiq.pipelines.create({
      name: 'traced',
      stages: [{ name: 'step' }],
      traceparent: `00-${traceId}-00f067aa0ba902b7-01`,
    });
    await pipelogiq.pipelines.waitForSuccess(id);
    const [stage] = await pipelogiq.pipelines.stages(id);
    expect(kept).toBe(traceId);
    expect(seen).toEqual([`00-${traceId}-${stage?.spanId}-01`]);
    expect(await pipelogiq.pipelines.get(id)).toMatchObject({ traceId, parentSpanId: '00f067aa0ba902b7' });
    expect(await pipelogiq.pipelines.trace(id)).toMatchObject({ traceId, stages: [{ spanId: stage?.spanId }] });
  });
});
