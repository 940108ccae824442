import {
  ConflictError,
  declareHandler,
  defineHandler,
  definePipeline,
  NonRetryableError,
  PipelineFailedError,
  typed,
} from '@pipelogiq/sdk';
import { describe, expect, it } from 'vitest';
import { endToEnd, WAYS } from './harness.js';

const QUICK = { type: 'fixed', delayMs: 20, jitter: false } as const;

describe.each(WAYS)('a pipeline %s', (way) => {
  it('hands outputs on: references are resolved by the server, typed handlers get what they declared', async () => {
    const charge = declareHandler('charge', {
      input: typed<{ orderId: string }>(),
      output: typed<{ receipt: string; lines: { sku: string }[] }>(),
    });
    const pack = declareHandler('pack', { input: typed<{ receipt: string; first: string }>(), output: typed<string>() });
    const order = definePipeline('order', { version: '3' }, (p, input: { orderId: string }) => {
      const paid = p.stage('charge', charge, { orderId: input.orderId });
      p.stage('pack', pack, { receipt: paid.output('receipt'), first: paid.output('lines', 1, 'sku') });
    });
    const { pipelogiq, work } = await endToEnd(way);
    await work([
      charge.handle(({ orderId }) => ({ receipt: `r-${orderId}`, lines: [{ sku: 'a' }, { sku: 'b' }] })),
      pack.handle(({ receipt, first }, job) => `${receipt} ${first} ${job.outputOf(charge).receipt} ${job.attempt}`),
    ]);
    const { id } = await pipelogiq.pipelines.create(order, { orderId: '42' });
    expect(await pipelogiq.pipelines.waitForSuccess(id)).toMatchObject({ name: 'order', version: '3', status: 'completed' });
    const stages = await pipelogiq.pipelines.stages(id);
    expect(stages.map(({ name, status }) => `${name} ${status}`)).toEqual(['charge completed', 'pack completed']);
    expect(stages[1]?.output).toBe('r-42 b r-42 1');
  });

  it('fails a stage whose reference leads nowhere before anybody runs it', async () => {
    const { pipelogiq, work } = await endToEnd(way);
    const ran: string[] = [];
    await work([defineHandler('step', {}, (_, job) => void ran.push(job.stage))]);
    const nowhere = definePipeline('nowhere', {}, (p) => {
      const first = p.stage('first', 'step');
      p.stage('second', 'step', { x: first.output('no', 'such') });
    });
    const { id } = await pipelogiq.pipelines.create(nowhere);
    await expect(pipelogiq.pipelines.waitForSuccess(id)).rejects.toMatchObject({
      stages: [{ name: 'second', error: { code: 'input_unresolvable' } }],
    });
    expect(ran).toEqual(['first']);
  });

  it('retries after the backoff, with one idempotency key for all attempts', async () => {
    const { pipelogiq, work } = await endToEnd(way);
    const keys: string[] = [];
    const flaky = defineHandler('flaky', {}, (_, job) => {
      keys.push(job.idempotencyKey);
      if (job.attempt < 3) throw new Error(`attempt ${job.attempt}`);
      return job.attempt;
    });
    await work([flaky]);
    const backoff = { type: 'linear', delayMs: 60, jitter: false } as const;
    const { id } = await pipelogiq.pipelines.create({ name: 'retry', stages: [{ name: 'flaky', maxAttempts: 3, backoff }] });
    await pipelogiq.pipelines.waitForSuccess(id);
    const attempts = await pipelogiq.pipelines.attempts(id);
    expect(attempts.map(({ outcome, error }) => [outcome, error?.message])).toEqual([
      ['retried', 'attempt 1'],
      ['retried', 'attempt 2'],
      ['completed', undefined],
    ]);
    const waits = attempts.slice(1).map(({ startedAt }, n) => Date.parse(startedAt) - Date.parse(attempts[n]?.finishedAt ?? ''));
    expect(waits[0]).toBeGreaterThanOrEqual(60);
    expect(waits[1]).toBeGreaterThanOrEqual(120);
    expect(new Set(keys).size).toBe(1);
  });

  it('fails after the last attempt, and waitForSuccess says which stage and why', async () => {
    const { pipelogiq, work } = await endToEnd(way);
    const boom = defineHandler('boom', {}, () => {
      throw new NonRetryableError('card was declined', { code: 'card_declined' });
    });
    await work([boom, defineHandler('after', {}, () => 'never')]);
    const { id } = await pipelogiq.pipelines.create({ name: 'boom', stages: [{ name: 'boom' }, { name: 'after' }] });
    const error = await pipelogiq.pipelines.waitForSuccess(id).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(PipelineFailedError);
    expect(error).toMatchObject({
      id,
      message: expect.stringContaining('boom: card was declined (card_declined)'),
      pipeline: { status: 'failed', stages: { failed: 1, blocked: 1 } },
      stages: [{ name: 'boom', attempts: 1, error: { code: 'card_declined' } }],
    });
  });

  it('goes on after a failed stage with runNextIfFailed, which gives no output', async () => {
    const { pipelogiq, work } = await endToEnd(way);
    const boom = defineHandler('boom', {}, () => {
      throw new Error('no');
    });
    await work([boom, defineHandler('after', {}, (_, job) => ({ previous: job.previousOutput, outputs: job.outputs }))]);
    const { id } = await pipelogiq.pipelines.create({
      name: 'tolerant',
      stages: [{ name: 'boom', maxAttempts: 2, backoff: QUICK, runNextIfFailed: true }, { name: 'after' }],
    });
    const done = await pipelogiq.pipelines.waitForSuccess(id);
    expect(done.stages).toMatchObject({ completed: 1, failed: 1, open: 0 });
    expect((await pipelogiq.pipelines.stages(id))[1]?.output).toEqual({ previous: null, outputs: { boom: null } });
  });

  it('fails an empty output only where failIfOutputEmpty is set', async () => {
    const { pipelogiq, work } = await endToEnd(way);
    await work([defineHandler('empty', {}, () => ({}))]);
    const stages = [
      { name: 'strict', handler: 'empty', dependsOn: [], maxAttempts: 1, failIfOutputEmpty: true },
      { name: 'lenient', handler: 'empty', dependsOn: [], maxAttempts: 1 },
    ];
    const { id } = await pipelogiq.pipelines.create({ name: 'empty', stages });
    await expect(pipelogiq.pipelines.waitForSuccess(id)).rejects.toMatchObject({
      stages: [{ name: 'strict', error: { code: 'output_empty' } }],
    });
    expect((await pipelogiq.pipelines.stages(id))[1]).toMatchObject({ name: 'lenient', status: 'completed' });
  });

  it('is made once for one idempotency key, and a key that comes with another body is a conflict', async () => {
    const { pipelogiq } = await endToEnd(way);
    const body = { name: 'once', stages: [{ name: 'step', input: { n: 1 } }] };
    const options = { idempotencyKey: 'order-42' };
    const [first, ...others] = await Promise.all(
      Array.from({ length: 5 }, () => pipelogiq.pipelines.create(body, undefined, options)),
    );
    expect(new Set([first, ...others].map((created) => created?.id)).size).toBe(1);
    expect([first, ...others].filter((created) => created?.created)).toHaveLength(1);
    const other = { name: 'once', stages: [{ name: 'step', input: { n: 2 } }] };
    const conflict = pipelogiq.pipelines.create(other, undefined, options);
    await expect(conflict).rejects.toThrow(ConflictError);
    await expect(conflict).rejects.toMatchObject({ code: 'idempotency_conflict', status: 409 });
    expect(await pipelogiq.pipelines.list().all()).toHaveLength(1);
  });
});
