import { describe, expect, it } from 'vitest';
import { defineHandler } from '../../src/handler.js';
import { aDouble, completed, gate, next, running } from './harness.js';

const echo = defineHandler('echo', {}, (input: unknown) => input);

describe('a worker', () => {
  it('runs a job and commits its output', async () => {
    const double = await aDouble();
    const stage = double.stages.offer('echo', { hello: 'world' });
    const { worker, stop, errors } = await running(double.url, { handlers: [echo] });
    const { job, status } = await next(worker, 'job_completed');
    expect({ id: job.id, status }).toEqual({ id: stage.id, status: 'completed' });
    expect(stage.output).toEqual({ hello: 'world' });
    expect(await stop()).toEqual({ processed: 1, failed: 0 });
    expect(errors).toEqual([]);
    expect(double.to('/workers/shutdown')).toHaveLength(1);
  });

  it('starts a job that arrives while its pull waits', async () => {
    const double = await aDouble();
    const { worker, stop } = await running(double.url, { handlers: [echo] });
    await double.until(() => double.to('/jobs/pull').length === 1);
    double.stages.offer('echo', 1);
    double.changed();
    await next(worker, 'job_completed');
    expect(double.to('/jobs/ack')).toHaveLength(1); // the next pull waits already, so the result goes alone
    await stop();
  });

  it('sends the results of many handlers with the next pull', async () => {
    const double = await aDouble();
    for (let index = 0; index < 256; index++) double.stages.offer('echo', index);
    const { worker, stop } = await running(double.url, { handlers: [echo], concurrency: 64 });
    await completed(worker, 256);
    await stop();
    const pulls = double.to('/jobs/pull') as { settle?: { acks: unknown[] } }[];
    const carried = pulls.map(({ settle }) => settle?.acks.length ?? 0).filter((count) => count > 0);
    expect(carried).toEqual([64, 64, 64, 64]);
    expect(double.to('/jobs/ack')).toEqual([]);
    expect(double.violations).toEqual([]);
  });

  it('groups the results that become ready while another result travels', async () => {
    const double = await aDouble();
    const release = gate();
    const wait = defineHandler('wait', {}, () => release.opened);
    for (let index = 0; index < 5; index++) double.stages.offer('wait');
    const { stop } = await running(double.url, { handlers: [wait], concurrency: 10 });
    await double.until(() => double.to('/jobs/pull').length === 2); // five run, and a pull waits for more
    release.open();
    await double.until(() => double.stages.every('completed'));
    expect(double.to('/jobs/ack').map(({ acks }) => (acks as unknown[]).length)).toEqual([5]);
    await stop();
  });

  it('asks for no more than its free slots and its prefetch', async () => {
    const double = await aDouble();
    const release = gate();
    const wait = defineHandler('wait', {}, () => release.opened);
    for (let index = 0; index < 9; index++) double.stages.offer('wait');
    const { stop } = await running(double.url, { handlers: [wait], concurrency: 2, prefetch: 3 });
    await double.until(() => double.stages.get('5').status === 'running');
    expect(double.to('/jobs/pull').map(({ maxJobs }) => maxJobs)).toEqual([5]);
    expect([...double.stages.all.values()].filter(({ status }) => status === 'running')).toHaveLength(5);
    release.open();
    await double.until(() => double.stages.every('completed'));
    await stop();
  });

  it('gives back a job of a handler it does not have', async () => {
    const double = await aDouble();
    const stage = double.stages.offer('echo', null, { handler: 'unheard-of' });
    const { worker, stop } = await running(double.url, { handlers: [echo] });
    const { job } = await next(worker, 'job_released');
    expect(job.handler).toBe('unheard-of');
    expect(stage.attempts).toBe(0);
    await stop();
  });

  it('fetches a payload that was too large to travel with the job', async () => {
    const double = await aDouble();
    const sum = defineHandler('sum', {}, (_input: unknown, job) => ({
      outputs: job.outputs,
      previous: job.previousOutput,
      rate: job.context.get('rate') ?? null,
    }));
    const stage = double.stages.offer('sum', null, { payloadByReference: true, outputHandlers: { first: 'a' } });
    double.payloads.set(stage.id, [
      { outputs: { first: 1 }, context: {}, nextCursor: '1' },
      { outputs: {}, context: { rate: 3 }, nextCursor: null },
    ]);
    const { worker, stop } = await running(double.url, { handlers: [sum] });
    await next(worker, 'job_completed');
    expect(stage.output).toEqual({ outputs: { first: 1 }, previous: 1, rate: 3 });
    await stop();
  });

  it('refuses to run twice at the same time, and can run again', async () => {
    const double = await aDouble();
    const { worker, stop } = await running(double.url, { handlers: [echo] });
    await expect(worker.run()).rejects.toThrow('running already');
    await stop();
    double.stages.offer('echo');
    expect(await worker.runOnce()).toEqual({ processed: 1, failed: 0 });
  });
});
