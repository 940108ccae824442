import { defineHandler } from '@pipelogiq/sdk';
import { describe, expect, it } from 'vitest';
import { endToEnd, WAYS } from './harness.js';

const KIB = 1_024;
const QUICK = { type: 'fixed', delayMs: 1, jitter: false } as const;

describe.each(WAYS)('payloads %s', (way) => {
  it('commits context with the ack and drops it when the attempt fails', async () => {
    const { pipelogiq, work } = await endToEnd(way);
    const write = defineHandler('write', {}, (_, job) => {
      job.context.set(`attempt-${job.attempt}`, true);
      job.context.set('secret', 'hunter2', { sensitive: true });
      if (job.attempt === 1) throw new Error('dropped');
    });
    await work([write, defineHandler('read', {}, (_, job) => job.context.all())]);
    const stages = [{ name: 'write', backoff: QUICK }, { name: 'read' }];
    const { id } = await pipelogiq.pipelines.create({ name: 'context', context: { given: 1 }, stages });
    await pipelogiq.pipelines.waitForSuccess(id);
    expect((await pipelogiq.pipelines.stages(id))[1]?.output).toEqual({ given: 1, 'attempt-2': true, secret: 'hunter2' });
    const items = await pipelogiq.pipelines.context(id);
    expect(items.map(({ key }) => key)).toEqual(['attempt-2', 'given', 'secret']);
    expect(JSON.stringify(items)).not.toContain('hunter2');
  });

  it('keeps what was flushed even when the attempt fails', async () => {
    const { pipelogiq, work } = await endToEnd(way);
    const write = defineHandler('write', {}, async (_, job) => {
      job.context.set('flushed', true);
      await job.context.flush();
      job.context.set('buffered', true);
      throw new Error('no');
    });
    await work([write]);
    const { id } = await pipelogiq.pipelines.create({ name: 'flush', stages: [{ name: 'write', maxAttempts: 1 }] });
    expect(await pipelogiq.pipelines.wait(id)).toMatchObject({ status: 'failed' });
    expect((await pipelogiq.pipelines.context(id)).map(({ key }) => key)).toEqual(['flushed']);
  });

  it('fetches outputs and context by reference when they are above 256 KiB together', async () => {
    const { pipelogiq, work } = await endToEnd(way);
    const big = 200 * KIB;
    const make = defineHandler('make', {}, (_, job) => {
      if (job.stage === 'a') job.context.set('big', 'c'.repeat(big));
      return job.stage.repeat(big);
    });
    const join = defineHandler('join', {}, (_, job) => ({
      outputs: Object.entries(job.outputs).map(([stage, output]) => [stage, String(output).length, String(output)[0]]),
      context: String(job.context.get('big')).length,
      of: job.outputsOf('make').length,
    }));
    await work([make, join]);
    const { id } = await pipelogiq.pipelines.create({
      name: 'big',
      stages: [
        { name: 'a', handler: 'make', dependsOn: [] },
        { name: 'b', handler: 'make', dependsOn: [] },
        { name: 'join', dependsOn: ['a', 'b'] },
      ],
    });
    await pipelogiq.pipelines.waitForSuccess(id);
    expect((await pipelogiq.pipelines.stages(id))[2]?.output).toEqual({
      outputs: [
        ['a', big, 'a'],
        ['b', big, 'b'],
      ],
      context: big,
      of: 2,
    });
  });

  it('fails the one stage whose output is too large, not its neighbours in the same call', async () => {
    const { pipelogiq, work } = await endToEnd(way);
    let waiting = 0;
    let open = (): void => {};
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    const size = defineHandler('size', {}, async (bytes: number) => {
      if (++waiting === 5) open(); // all end in one moment, so that their acks travel together
      await gate;
      return 'x'.repeat(bytes);
    });
    await work([size], { concurrency: 5 });
    const sizes = [10, 20, 300 * KIB, 30, 40];
    const stages = sizes.map((input) => ({ name: `s${input}`, handler: 'size', dependsOn: [], input }));
    const { id } = await pipelogiq.pipelines.create({ name: 'large', stages });
    const failed = await pipelogiq.pipelines.waitForSuccess(id).catch((error: unknown) => error);
    expect(failed).toMatchObject({ stages: [{ name: `s${300 * KIB}`, attempts: 1, error: { code: 'output_too_large' } }] });
    const statuses = (await pipelogiq.pipelines.stages(id)).map(({ status }) => status);
    expect(statuses).toEqual(['completed', 'completed', 'failed', 'completed', 'completed']);
  });
});
