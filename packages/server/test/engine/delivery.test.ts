import type { Stage, StageJob } from '@pipelogiq/protocol';
import { describe, expect, it } from 'vitest';
import { type Harness, harness } from './support.js';

const LEASE = 60_000;

async function running(
  options: { stages?: object[]; handlers?: string[] } = {},
): Promise<Harness & { w: Awaited<ReturnType<Harness['worker']>>; job: StageJob; runId: string }> {
  const h = await harness();
  const run = await h.create({ stages: (options.stages ?? [{ name: 'a' }]) as never });
  const w = await h.worker(options.handlers ?? ['a']);
  return { ...h, w, job: await w.one(), runId: run.id };
}

describe('fencing', () => {
  it('answers the same settle again with the same result, marked as repeated', async () => {
    const { w, job, controlPlane } = await running();
    expect((await w.ack(job)).settled).toEqual([{ id: job.id, status: 'completed' }]);
    expect((await w.ack(job)).settled).toEqual([{ id: job.id, status: 'completed', repeated: true }]);
    expect((await w.nack(job)).settled).toMatchObject([{ error: { code: 'lease_lost', reason: 'already_settled' } }]);
    await controlPlane.close();
  });

  it('lets the first of two settles in one call win', async () => {
    const { w, job, controlPlane, runId, call } = await running();
    const ref = { id: job.id, fencingToken: job.fencingToken };
    const { settled } = await w.post<{ settled: unknown[] }>('/jobs/ack', {
      acks: [
        { ...ref, output: 'first' },
        { ...ref, output: 'second' },
      ],
    });
    expect(settled).toEqual([
      { id: job.id, status: 'completed' },
      { id: job.id, status: 'completed', repeated: true },
    ]);
    expect(await call('GET', `/pipelines/${runId}/stages`)).toMatchObject({ items: [{ output: 'first' }] });
    await controlPlane.close();
  });

  it('refuses the late ack of an expired lease and keeps what the next delivery did', async () => {
    const { w, job, worker, controlPlane, runId, call } = await running();
    await controlPlane.advance(LEASE + 1_000);
    const other = await worker(['a']);
    const again = await other.one();
    expect(again).toMatchObject({
      id: job.id,
      fencingToken: job.fencingToken + 1,
      attempt: 2,
      idempotencyKey: job.idempotencyKey,
    });
    expect((await w.ack(job, { output: 'late' })).settled).toMatchObject([{ error: { code: 'lease_lost', reason: 'expired' } }]);
    await other.ack(again, { output: 'in time' });
    expect((await w.ack(job, { output: 'late' })).settled).toMatchObject([{ error: { reason: 'expired' } }]);
    expect(await call('GET', `/pipelines/${runId}/stages`)).toMatchObject({
      items: [{ output: 'in time', status: 'completed' }],
    });
    await controlPlane.close();
  });

  it('refuses another worker and a token that was never given out', async () => {
    const { job, w, worker, controlPlane } = await running();
    const other = await worker(['a']);
    expect((await other.ack(job)).settled).toMatchObject([{ error: { reason: 'superseded' } }]);
    expect((await w.ack({ ...job, fencingToken: 7 })).settled).toMatchObject([{ error: { reason: 'superseded' } }]);
    expect((await w.ack({ ...job, id: '999' })).settled).toMatchObject([{ error: { code: 'not_found' } }]);
    await controlPlane.close();
  });
});

describe('expiry', () => {
  it('keeps a lease for as long as heartbeats name it', async () => {
    const { w, job, controlPlane } = await running();
    const beat = () =>
      w.post('/workers/heartbeat', {
        state: 'running',
        jobs: [{ id: job.id, fencingToken: job.fencingToken }],
        inFlight: 1,
        processed: 0,
        failed: 0,
      });
    for (let minute = 0; minute < 5; minute++) {
      await controlPlane.advance(LEASE - 1);
      expect(await beat()).toEqual({ order: 'run', extended: [{ id: job.id, leaseMs: LEASE }], lost: [] });
    }
    await controlPlane.advance(LEASE + 1_000);
    expect(await beat()).toMatchObject({ extended: [], lost: [{ id: job.id, fencingToken: 1, reason: 'expired' }] });
    await controlPlane.close();
  });

  it('fails a stage as poisoned after three expiries in a row, whatever maxAttempts says', async () => {
    const { w, controlPlane, runId, call } = await running({ stages: [{ name: 'a', maxAttempts: 10 }] });
    await controlPlane.advance(LEASE + 1_000);
    await w.one();
    await controlPlane.advance(LEASE + 1_000);
    await w.one();
    await controlPlane.advance(LEASE + 1_000);
    expect(await call('GET', `/pipelines/${runId}/stages`)).toMatchObject({
      items: [{ status: 'failed', error: { code: 'poisoned' }, attempts: 3 }],
    });
    expect(await call('GET', `/pipelines/${runId}`)).toMatchObject({ status: 'failed' });
    await controlPlane.close();
  });

  it('counts expiries anew after a settle in between', async () => {
    const { w, controlPlane, runId, statuses } = await running({
      stages: [{ name: 'a', maxAttempts: 10, backoff: { type: 'fixed', delayMs: 0 } }],
    });
    for (let round = 0; round < 2; round++) {
      await controlPlane.advance(LEASE + 1_000);
      await w.one();
      await controlPlane.advance(LEASE + 1_000);
      await w.nack(await w.one());
      await w.one();
    }
    expect(await statuses(runId)).toEqual({ a: 'running' });
    await controlPlane.close();
  });

  it('ends a delivery at timeoutMs even though it is kept alive, and retries it with backoff', async () => {
    const { w, job, controlPlane, runId, call } = await running({
      stages: [{ name: 'a', timeoutMs: 5_000, backoff: { type: 'fixed', delayMs: 10_000, jitter: false } }],
    });
    expect(job.timeoutMs).toBe(5_000);
    await controlPlane.advance(6_000);
    expect((await w.ack(job)).settled).toMatchObject([{ error: { reason: 'timed_out' } }]);
    expect(await call('GET', `/pipelines/${runId}/stages`)).toMatchObject({
      items: [{ status: 'scheduled', error: { code: 'timed_out' }, attempts: 1 }],
    });
    await controlPlane.advance(10_000);
    expect(await w.one()).toMatchObject({ attempt: 2 });
    await controlPlane.close();
  });

  it('expires nothing after an outage, and gives every running delivery a fresh lease', async () => {
    const { w, job, controlPlane } = await running({ stages: [{ name: 'a', timeoutMs: 90_000 }] });
    await controlPlane.advance(30_000);
    await controlPlane.jump(10 * LEASE); // the process was stopped for ten minutes
    await controlPlane.advance(LEASE - 2_000);
    expect((await w.ack(job)).settled).toEqual([{ id: job.id, status: 'completed' }]);
    await controlPlane.close();
  });
});

// Seen to fail when every timeout and wait moved by the whole gap: the first job timed out within two seconds of 30 minutes.
it.each([-3_600_000, 3_600_000])(
  'takes nothing of a gap of %i ms from what begins after it, before the server notices',
  async (gap) => {
    const { create, worker, controlPlane, call, statuses } = await harness();
    await controlPlane.advance(2_000);
    await controlPlane.jump(gap);
    const w = await worker();
    const run = await create({
      stages: [
        { name: 'leased', handler: 'a', maxAttempts: 1 },
        { name: 'ready', handler: 'b', dependsOn: [], pendingTimeoutMs: 60_000 },
      ],
    });
    const job = await w.one();
    await controlPlane.advance(2_000);
    const { items } = await call<{ items: Stage[] }>('GET', `/pipelines/${run.id}/stages`);
    for (const { readyAt } of items) expect(Date.parse(readyAt ?? '')).toBeLessThanOrEqual(controlPlane.now());
    expect((await w.ack(job)).settled).toMatchObject([{ status: 'completed' }]);
    await controlPlane.advance(57_000);
    expect(await statuses(run.id)).toEqual({ leased: 'completed', ready: 'pending' });
    await controlPlane.advance(3_000);
    expect(await statuses(run.id)).toEqual({ leased: 'completed', ready: 'failed' });
  },
);

describe('pulls', () => {
  it('gives the same jobs under the same tokens when a pull is repeated', async () => {
    const h = await harness();
    await h.create({
      stages: [{ name: 'a' }, { name: 'b', handler: 'a', dependsOn: [] }, { name: 'c', handler: 'a', dependsOn: [] }],
    });
    const w = await h.worker(['a']);
    const jobs = await w.pull({ pullSeq: 7, maxJobs: 2 });
    expect(jobs).toHaveLength(2);
    await w.ack(jobs[0] as StageJob);
    const again = await w.pull({ pullSeq: 7, maxJobs: 2 });
    expect(again.map((job) => [job.id, job.fencingToken])).toEqual([[jobs[1]?.id, 1]]);
    expect(await w.pull({ pullSeq: 8, maxJobs: 2 })).toMatchObject([{ stage: 'c' }]);
    await h.controlPlane.close();
  });

  it('takes back the jobs of abandoned pulls without spending an attempt', async () => {
    const h = await harness();
    await h.create({ stages: [{ name: 'a' }] });
    const w = await h.worker(['a']);
    await w.pull({ pullSeq: 1 });
    expect(await w.pull({ pullSeq: 2, abandonedPulls: [1] })).toMatchObject([{ attempt: 1, fencingToken: 2 }]);
    await h.controlPlane.close();
  });

  it('releases what was leased for a caller that has gone', async () => {
    const h = await harness();
    const w = await h.worker(['a']);
    const { fetch, url, apiKey } = h.controlPlane.connection();
    const gone = new AbortController();
    const pull = fetch(`${url}/jobs/pull`, {
      method: 'POST',
      signal: gone.signal,
      headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json', ...w.headers },
      body: JSON.stringify({ workerId: w.session.workerId, pullSeq: 1, handlers: ['a'], maxJobs: 1, waitMs: 30_000 }),
    });
    await h.controlPlane.advance(0);
    gone.abort();
    await pull;
    await h.create({ stages: [{ name: 'a' }] });
    expect(await w.pull({ pullSeq: 2 })).toMatchObject([{ attempt: 1 }]);
    await h.controlPlane.close();
  });

  it('settles and pulls in one call: the pull sees what the settle unblocked', async () => {
    const { w, job, controlPlane } = await running({ stages: [{ name: 'a' }, { name: 'b', handler: 'a' }] });
    const answer = await w.pullResponse({ settle: { acks: [{ id: job.id, fencingToken: 1, output: { n: 1 } }] } });
    expect(answer.settled).toEqual([{ id: job.id, status: 'completed' }]);
    expect(answer.jobs).toMatchObject([{ stage: 'b', previousOutput: { n: 1 }, outputs: { a: { n: 1 } } }]);
    await controlPlane.close();
  });

  it('serves higher priority first, then the older', async () => {
    const h = await harness();
    await h.create({
      name: 'old',
      stages: [{ name: 'low' }, { name: 'high', dependsOn: [], priority: 10 }].map((s) => ({ ...s, handler: 'a' })),
    });
    await h.create({ name: 'new', stages: [{ name: 'second', handler: 'a' }] });
    const jobs = await (await h.worker(['a'])).pull();
    expect(jobs.map((job) => job.stage)).toEqual(['high', 'low', 'second']);
    await h.controlPlane.close();
  });
});

describe('a settle of another kind', () => {
  it('is no repetition of a nack that failed the stage', async () => {
    const { w, job, controlPlane } = await running({ stages: [{ name: 'a', maxAttempts: 1 }] });
    await w.nack(job);
    expect((await w.nack(job)).settled).toMatchObject([{ status: 'failed', repeated: true }]);
    expect((await w.ack(job)).settled).toMatchObject([{ error: { reason: 'already_settled' } }]);
    await controlPlane.close();
  });

  it('is recognised after the next delivery too', async () => {
    const { w, job, controlPlane } = await running({ stages: [{ name: 'a', backoff: { type: 'fixed', delayMs: 0 } }] });
    await w.nack(job);
    await w.one();
    expect((await w.nack(job)).settled).toMatchObject([{ status: 'pending', repeated: true }]);
    expect((await w.ack(job)).settled).toMatchObject([{ error: { reason: 'already_settled' } }]);
    await controlPlane.close();
  });
});

describe('settles of one stage by several callers in one group', () => {
  it('keeps the context of the holder beside the stale ack of another worker', async () => {
    const { w, job, worker, call, controlPlane, runId } = await running();
    await controlPlane.advance(LEASE + 1_000);
    const other = await worker(['a']);
    const again = await other.one();
    const [late, held] = await Promise.all([
      w.ack(job, { output: 'late' }),
      other.ack(again, { output: 'held', context: [{ key: 'total', value: 7 }] }),
    ]);
    expect(late.settled).toMatchObject([{ error: { reason: 'expired' } }]);
    expect(held.settled).toEqual([{ id: job.id, status: 'completed' }]);
    expect(await call('GET', `/pipelines/${runId}/context`)).toMatchObject({ items: [{ key: 'total', value: 7 }] });
    await controlPlane.close();
  });

  it('judges the settle of another worker by itself, not as a repetition', async () => {
    const { w, job, worker, controlPlane } = await running();
    const other = await worker(['a']);
    const [own, foreign] = await Promise.all([w.nack(job), other.nack(job)]);
    expect(own.settled).toMatchObject([{ id: job.id, status: expect.stringMatching('pending|scheduled') }]);
    expect(foreign.settled).toMatchObject([{ error: { code: 'lease_lost', reason: 'superseded' } }]);
    await controlPlane.close();
  });

  it('extends a lease for its holder alone', async () => {
    const { w, job, worker, controlPlane } = await running();
    const other = await worker(['a']);
    const beat = { state: 'running', jobs: [{ id: job.id, fencingToken: 1 }], inFlight: 1, processed: 0, failed: 0 };
    const [own, foreign] = await Promise.all([w.post('/workers/heartbeat', beat), other.post('/workers/heartbeat', beat)]);
    expect(own).toMatchObject({ extended: [{ id: job.id }], lost: [] });
    expect(foreign).toMatchObject({ extended: [], lost: [{ id: job.id, reason: 'superseded' }] });
    await controlPlane.close();
  });
});
