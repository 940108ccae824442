import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { contextKey } from '../../src/context-key.js';
import { NonRetryableError } from '../../src/errors.js';
import { declareHandler, defineHandler } from '../../src/handler.js';
import type { AddedStage } from '../../src/pipeline/added-stage.js';
import { typed } from '../../src/standard-schema.js';
import { runHandler } from '../../src/testing/index.js';
import { BufferedContext } from '../../src/worker/job-context.js';

const throwing = (error: unknown, options = {}) =>
  defineHandler('throwing', options, () => {
    throw error;
  });

describe('runHandler', () => {
  it('returns what the handler returned, as JSON, and what it reported', async () => {
    const charge = declareHandler('charge', {
      input: z.object({ orderId: z.string(), at: z.string().transform((text) => new Date(text)) }),
      output: z.object({ receipt: z.string(), paidAt: z.date() }),
    }).handle(async (input, job) => {
      job.log.info('charging', { orderId: input.orderId });
      const id = await job.step('authorise', () => `r-${input.orderId}`);
      await job.progress(0.5, 'authorised');
      job.context.set('receipt', id);
      return { receipt: id, paidAt: input.at };
    });
    const result = await runHandler(charge, { input: { orderId: '42', at: '2026-01-31' }, context: { shop: 'a' } });
    expect(result).toMatchObject({
      status: 'completed',
      output: { receipt: 'r-42', paidAt: '2026-01-31T00:00:00.000Z' },
      context: { shop: 'a', receipt: 'r-42' },
      progress: [{ ratio: 0.5, message: 'authorised' }],
      steps: [{ name: 'authorise', failed: false }],
    });
    expect(result.logs.map(({ message }) => message)).toEqual(['charging', 'step_completed']);
  });

  it('reads and writes context under keys that know their types', async () => {
    const total = contextKey<number>('total');
    const secret = contextKey<string>('secret', { sensitive: true });
    const sums = defineHandler('sums', {}, (_input: unknown, job) => {
      job.context.set(total, (job.context.get(total) ?? 0) + 1);
      job.context.set(secret, 'hidden');
      return job.context.get(total) ?? null;
    });
    expect(await runHandler(sums, { context: { total: 41 } })).toMatchObject({
      output: 42,
      context: { total: 42, secret: 'hidden' },
    });
    const write = new BufferedContext({}, async () => {});
    write.set(secret, 'hidden');
    expect(write.pending()).toEqual([{ key: 'secret', value: '"hidden"', sensitive: true }]);
  });

  it('shows outputs of dependencies by stage, by handler, and the only one as previousOutput', async () => {
    const scan = declareHandler('scan');
    const join = defineHandler('join', {}, (_input: unknown, job) => ({
      byStage: job.outputOf('left'),
      all: job.outputsOf(scan),
      previous: job.previousOutput,
    }));
    const outputs = { left: 1, right: 2 };
    const outputHandlers = { left: 'scan', right: 'scan' };
    expect(await runHandler(join, { outputs, outputHandlers })).toMatchObject({
      output: { byStage: 1, all: [1, 2], previous: null },
    });
    expect(await runHandler(join, { outputs: { left: 1 } })).toMatchObject({ output: { previous: 1 } });
    const ambiguous = defineHandler('ambiguous', {}, (_input: unknown, job) => job.outputOf(scan));
    expect(await runHandler(ambiguous, { outputs, outputHandlers })).toMatchObject({
      status: 'failed',
      error: { message: expect.stringContaining('left, right') },
    });
  });

  it('tells that a handler snoozed, for how long, and drops what it wrote', async () => {
    const waits = defineHandler('waits', {}, async (_input: unknown, job) => {
      job.context.set('dropped', 1);
      job.spawn([{ name: 'never' }]);
      job.snooze(60_000.4);
    });
    const result = await runHandler(waits, { context: { kept: 1 } });
    expect(result).toMatchObject({ status: 'snoozed', delayMs: 60_000, context: { kept: 1 }, spawned: [] });
    expect(result.context).toEqual({ kept: 1 });
  });

  it('gives tokens of event stages that name their stage', async () => {
    const asks = defineHandler('asks', {}, (_input: unknown, job) => job.eventToken('approve'));
    const token = { stageId: 'id-of-approve', token: 'token-of-approve' };
    expect(await runHandler(asks)).toMatchObject({ status: 'completed', output: token, eventTokens: ['approve'] });
  });

  it.each([
    ['an error', new Error('no'), 'handler_error', true],
    ['an error with a name', new TypeError('no'), 'type_error', true],
    ['an error with a code', Object.assign(new Error('no'), { code: 'ECONNREFUSED' }), 'econnrefused', true],
    ['something else', 'no', 'handler_error', true],
    ['an error that must not be retried', new NonRetryableError('no', { code: 'card_declined' }), 'card_declined', false],
  ])('fails with a code for %s', async (_name, thrown, code, retryable) => {
    const result = await runHandler(throwing(thrown));
    expect(result).toMatchObject({ status: 'failed', error: { code, message: 'no' }, retryable, cause: thrown });
  });

  it('retries by code as the handler declares', async () => {
    const refused = Object.assign(new Error('no'), { code: 'ECONNREFUSED' });
    expect(await runHandler(throwing(refused, { retryOn: ['ECONNREFUSED'] }))).toMatchObject({ retryable: true });
    expect(await runHandler(throwing(refused, { retryOn: ['timeout'] }))).toMatchObject({ retryable: false });
    expect(await runHandler(throwing(refused, { noRetryOn: ['ECONNREFUSED'] }))).toMatchObject({ retryable: false });
  });

  it('keeps the stacks of causes', async () => {
    const result = await runHandler(throwing(new Error('outer', { cause: new Error('inner') })));
    expect(result).toMatchObject({ error: { stack: expect.stringMatching(/outer[\s\S]*caused by: Error: inner/) } });
  });

  it('fails without retry when input, output or JSON do not fit', async () => {
    const strict = declareHandler('strict', { input: z.object({ n: z.number() }), output: z.number() });
    const badInput = await runHandler(
      strict.handle(({ n }) => n),
      { input: { n: 'one' as unknown as number } },
    );
    expect(badInput).toMatchObject({
      error: { code: 'invalid_input', message: expect.stringContaining('n: ') },
      retryable: false,
    });
    const badOutput = await runHandler(
      strict.handle(() => 'one' as unknown as number),
      { input: { n: 1 } },
    );
    expect(badOutput).toMatchObject({ error: { code: 'invalid_output' }, retryable: false });
    const cycle: { self?: unknown } = {};
    cycle.self = cycle;
    for (const output of [1n, cycle]) {
      const result = await runHandler(defineHandler('odd', {}, () => output));
      expect(result).toMatchObject({ error: { code: 'output_not_serializable' }, retryable: false });
    }
  });

  it('keeps what a completed handler measured, of one that fails only what it flushed, and tells what no figure is', async () => {
    const measuring = defineHandler('measuring', {}, async ({ fails }: { fails: boolean }, job) => {
      job.measure('tries', 1);
      await job.flush();
      job.measure('amount', -2.5, { unit: 'eur' });
      for (const value of [Number.NaN, Number.NaN, Number.POSITIVE_INFINITY, 2e15]) job.measure('amount', value);
      job.measure('', 1);
      if (fails) throw new Error('no');
    });
    const completed = await runHandler(measuring, { input: { fails: false } });
    expect(completed.measures).toEqual([
      { name: 'tries', value: 1 },
      { name: 'amount', value: -2.5, unit: 'eur' },
    ]);
    expect(completed.logs.map(({ level, message }) => [level, message])).toEqual([
      ['warn', 'measure_dropped'],
      ['warn', 'measure_dropped'],
    ]);
    const failed = await runHandler(measuring, { input: { fails: true } });
    expect(failed).toMatchObject({ status: 'failed', measures: [{ name: 'tries', value: 1 }] });
    expect(failed.measures).toHaveLength(1);
  });

  it('keeps 1,000 figures of an attempt', async () => {
    const eager = defineHandler('eager', {}, (_input: unknown, job) => {
      for (let value = 0; value < 1_200; value++) job.measure('n', value);
    });
    const { measures, logs } = await runHandler(eager);
    expect([measures.length, logs.length]).toEqual([1_000, 1]);
  });

  it('keeps only flushed context writes of a handler that fails', async () => {
    const half = defineHandler('half', {}, async (_input: unknown, job) => {
      job.context.set('kept', 1);
      await job.context.flush();
      job.context.set('dropped', 2);
      throw new Error('no');
    });
    expect((await runHandler(half)).context).toEqual({ kept: 1 });
  });

  it('refuses context keys and values that the server would refuse', async () => {
    const setting = (key: string, value: unknown) =>
      defineHandler('setting', {}, (_input: unknown, job) => job.context.set(key, value as never));
    for (const key of ['', 'a\0b', '\ud800', 'x'.repeat(201)]) {
      expect(await runHandler(setting(key, 1))).toMatchObject({ error: { code: 'invalid_context_key' }, retryable: false });
    }
    for (const value of [1n, undefined]) {
      expect(await runHandler(setting('key', value))).toMatchObject({ error: { code: 'context_not_serializable' } });
    }
  });

  it('hands over the signal and the attempt', async () => {
    const seen = defineHandler('seen', {}, (_input: unknown, job) => ({ aborted: job.signal.aborted, attempt: job.attempt }));
    const result = await runHandler(seen, { signal: AbortSignal.abort(), attempt: 2 });
    expect(result).toMatchObject({ output: { aborted: true, attempt: 2 } });
  });

  it('tells a step that failed', async () => {
    const stepping = defineHandler('stepping', {}, (_input: unknown, job) =>
      job.step('one', () => Promise.reject(new Error('no'))),
    );
    const result = await runHandler(stepping);
    expect(result).toMatchObject({
      status: 'failed',
      steps: [{ name: 'one', failed: true }],
      logs: [{ message: 'step_failed' }],
    });
  });

  describe('of a handler that spawns', () => {
    const render = declareHandler('render', { input: typed<{ page: number }>(), defaults: { maxAttempts: 5, timeoutMs: 1_000 } });
    const pages = (count: number, from = 0): AddedStage[] =>
      Array.from({ length: count }, (_, index) => ({
        name: `page-${from + index}`,
        handler: render,
        input: { page: from + index },
      }));

    it('shows the stages as they travel, with the defaults of their handlers', async () => {
      const split = defineHandler('split', {}, (_input: unknown, job) => {
        const input = { page: 1 };
        job.spawn([{ name: 'a', handler: render, input, timeoutMs: 2_000, runAt: new Date('2030-01-01T00:00:00Z') }]);
        input.page = 2; // too late
        job.spawn([{ name: 'b', handler: 'by-name', dependsOn: ['a'] }, { name: 'c' }]);
      });
      expect((await runHandler(split)).spawned).toEqual([
        { name: 'a', handler: 'render', input: { page: 1 }, maxAttempts: 5, timeoutMs: 2_000, runAt: '2030-01-01T00:00:00.000Z' },
        { name: 'b', handler: 'by-name', dependsOn: ['a'] },
        { name: 'c' },
      ]);
    });

    it('forgets them when the attempt fails', async () => {
      const failing = defineHandler('failing', {}, (_input: unknown, job) => {
        job.spawn(pages(2));
        throw new Error('no');
      });
      expect(await runHandler(failing)).toMatchObject({ status: 'failed', spawned: [] });
    });

    it.each([
      ['more than 1,000 in all', pages(1_000), pages(1, 1_000), /1000 stages, and this would make 1001/],
      ['two of one name', pages(2), pages(1), /"page-0" is spawned twice/],
      ['an input that is no JSON', [], [{ name: 'big', handler: 'x', input: 1n }], /"big" cannot be written/],
    ])('fails for good with %s', async (_name, first, second, message) => {
      const split = defineHandler('split', {}, (_input: unknown, job) => {
        job.spawn(first);
        job.spawn(second);
      });
      const result = await runHandler(split);
      expect(result).toMatchObject({
        status: 'failed',
        error: { code: 'spawn_invalid', message: expect.stringMatching(message) },
        retryable: false,
      });
    });

    it('adds all stages of a call or none', async () => {
      const split = defineHandler('split', {}, (_input: unknown, job) => {
        expect(() => job.spawn([...pages(2), ...pages(1)])).toThrow(/twice/);
        job.spawn(pages(1_000));
      });
      expect((await runHandler(split)).spawned).toHaveLength(1_000);
    });
  });
});
