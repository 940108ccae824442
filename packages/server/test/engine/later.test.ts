import { type AnyHandler, defineHandler, Pipelogiq } from '@pipelogiq/sdk';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createTestControlPlane } from '../../src/testing/index.js';
import { aFreshDatabase } from '../support/stores.js';

/** A pipeline of one stage, and one look of a worker at it. */
async function aStage(handler: AnyHandler, options: object = {}) {
  const controlPlane = await createTestControlPlane({ database: await aFreshDatabase() });
  const pipelogiq = new Pipelogiq(controlPlane.connection());
  onTestFinished(async () => {
    await pipelogiq.close();
    await controlPlane.close();
  });
  const { id } = await pipelogiq.pipelines.create({ name: 'p', stages: [{ name: 'a', handler: handler.name, ...options }] });
  return {
    controlPlane,
    work: () => pipelogiq.worker({ handlers: [handler], signals: false }).runOnce(),
    stage: async () => (await pipelogiq.pipelines.stages(id))[0],
    attempts: () => pipelogiq.pipelines.attempts(id),
    context: () => pipelogiq.pipelines.context(id),
  };
}

describe('job.snooze', () => {
  it('gives the job back for a while, as often as it likes, and spends no attempt', async () => {
    const seen: [attempt: number, token: number][] = [];
    const handler = defineHandler('waits', {}, (_input: unknown, job) => {
      seen.push([job.attempt, job.fencingToken]);
      job.context.set('seen', seen.length);
      if (seen.length < 6) job.snooze(60_000);
      return 'done';
    });
    const { controlPlane, work, stage, attempts, context } = await aStage(handler, { maxAttempts: 1 });
    for (let round = 1; round < 6; round++) {
      expect(await work()).toEqual({ processed: 0, failed: 0 });
      expect(await stage()).toMatchObject({ status: 'scheduled', attempts: 0 });
      expect((await stage())?.error).toBeUndefined();
      expect(await context()).toEqual([]);
      await controlPlane.advance(59_999);
      expect((await stage())?.status).toBe('scheduled');
      await controlPlane.advance(1);
    }
    expect(await work()).toEqual({ processed: 1, failed: 0 });
    expect(await stage()).toMatchObject({ status: 'completed', attempts: 1, output: 'done' });
    expect(seen).toEqual([1, 2, 3, 4, 5, 6].map((token) => [1, token]));
    const outcomes = (await attempts()).map(({ outcome }) => outcome);
    expect(outcomes).toEqual([...Array.from({ length: 5 }, () => 'released'), 'completed']);
    expect(await context()).toMatchObject([{ key: 'seen', value: 6 }]);
  });
});

describe('job.retryAfter', () => {
  it('spends an attempt and waits for its own time instead of the backoff', async () => {
    const handler = defineHandler('busy', {}, (_input: unknown, job) => job.retryAfter(90_000, 'the bank asks for patience'));
    const { controlPlane, work, stage } = await aStage(handler, { maxAttempts: 2, backoff: { type: 'fixed', delayMs: 1 } });
    expect(await work()).toEqual({ processed: 1, failed: 1 });
    const error = { code: 'retry_after', message: 'the bank asks for patience' };
    expect(await stage()).toMatchObject({ status: 'scheduled', attempts: 1, error });
    await controlPlane.advance(89_999);
    expect((await stage())?.status).toBe('scheduled');
    await controlPlane.advance(1);
    await work();
    expect(await stage()).toMatchObject({ status: 'failed', attempts: 2, error });
  });
});
