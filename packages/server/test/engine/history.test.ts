import type { Attempt, LogsResponse, Page, StageJob, StageLog } from '@pipelogiq/protocol';
import { describe, expect, it } from 'vitest';
import { type Harness, harness, type WireWorker } from './support.js';

/** What is kept of deliveries that are over: attempts and log lines. */

const attemptsOf = async ({ call }: Harness, id: string): Promise<string[]> => {
  const { items } = await call<Page<Attempt>>('GET', `/pipelines/${id}/attempts`);
  return items.map(({ stage, fencingToken, outcome }) => `${stage} ${fencingToken} ${outcome}`);
};
const linesOf = async ({ call }: Harness, id: string): Promise<string[]> => {
  const { items } = await call<Page<StageLog>>('GET', `/pipelines/${id}/logs`);
  return items.map(({ stage, message }) => `${stage}: ${message}`);
};
const log = (worker: WireWorker, { id, fencingToken }: StageJob, ...messages: string[]): Promise<LogsResponse> => {
  const line = { id, fencingToken, level: 'info', loggedAt: '2030-01-01T00:00:00Z' };
  return worker.post('/logs', { lines: messages.map((message) => ({ ...line, message })) });
};

describe('a delivery that has ended', () => {
  it('is remembered when the stage fails before the next one', async () => {
    const h = await harness();
    const worker = await h.worker();
    const input = { v: { $output: { stage: 'up', path: ['v'] } } };
    const backoff = { type: 'fixed', delayMs: 1_000, jitter: false } as const;
    const { id } = await h.create({
      stages: [
        { name: 'up', handler: 'a' },
        { name: 'down', handler: 'a', input, backoff },
      ],
    });
    const up = await worker.one();
    await worker.ack(up, { output: { v: 1 } });
    const down = await worker.one();
    await worker.nack(down);
    await h.call('POST', `/stages/${up.id}/rerun`, {});
    await worker.ack(await worker.one(), { output: { other: 1 } });
    await h.controlPlane.advance(1_000);
    expect(await worker.pull()).toEqual([]);
    expect((await h.statuses(id)).down).toBe('failed');
    expect((await attemptsOf(h, id)).sort()).toEqual(['down 1 retried', 'up 1 completed', 'up 2 completed']);
    expect((await worker.nack(down)).settled).toEqual([{ id: down.id, status: 'pending', repeated: true }]);
    expect((await worker.ack(down)).settled[0]).toMatchObject({ error: { reason: 'already_settled' } });
  });
});

describe('the log of a stage', () => {
  it('has room again for the stage that runs anew', async () => {
    const h = await harness({ logsPerStage: 2 });
    const worker = await h.worker();
    const { id } = await h.create({ stages: [{ name: 'a', maxAttempts: 1 }] });
    const job = await worker.one();
    expect(await log(worker, job, 'one', 'two', 'three')).toEqual({ accepted: 2 });
    await worker.nack(job);
    await h.call('POST', `/stages/${job.id}/rerun`, {});
    expect(await log(worker, await worker.one(), 'four', 'five', 'six')).toEqual({ accepted: 2 });
    const full = 'a: The 2 lines that are kept of a stage are full; further ones are dropped.';
    expect(await linesOf(h, id)).toEqual(['a: one', 'a: two', full, 'a: four', 'a: five', full]);
  });
});
