import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { SettleResponse, StageJob } from '@pipelogiq/protocol';
import { createTestControlPlane, type TestControlPlane, type TestOptions } from '@pipelogiq/server/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { temporaryFolder } from './support/processes.js';
import { lookAt, Wire, type WireWorker } from './support/wire.js';

// The same as restart.test.ts, without waiting: time moves when the test says so. The control of each is the server with its grace
// switched off by configuration: `aliveGapMs` of a day takes no gap for an outage.
const LEASE_MS = 60_000;
const OUTAGE_MS = LEASE_MS + 6_000;
const NO_GRACE = { aliveGapMs: 86_400_000 };

const open: TestControlPlane[] = [];
const start = async (options: TestOptions = {}): Promise<TestControlPlane> => {
  const controlPlane = await createTestControlPlane({ leaseMs: LEASE_MS, ...options });
  open.push(controlPlane);
  await controlPlane.advance(1_000); // it has noted that it lives
  return controlPlane;
};
afterEach(async () => {
  await Promise.all(open.splice(0).map((controlPlane) => controlPlane.close()));
});

const wireTo = (controlPlane: TestControlPlane): Wire => new Wire({ ...controlPlane.connection(), up: async () => {} });

/** A job under lease. */
async function held(wire: Wire, stage: object = {}) {
  const body = { name: 'work', stages: [{ name: 'work', maxAttempts: 10, ...stage }] };
  const { id: pipelineId } = await wire.call<{ id: string }>('POST', '/pipelines', body);
  const worker = await wire.worker(['work']);
  const [job] = (await worker.pull({ maxJobs: 1 })).jobs;
  if (!job) throw new Error('nothing to pull');
  return { pipelineId, worker, job };
}

const resultOf = ({ settled: [result] }: SettleResponse) => result;
const expired = { error: { code: 'lease_lost', reason: 'expired' } };

describe('a gap in the life of the server', () => {
  /** What the ack of a job is answered that was held through the gap. */
  const ackAfterGap = async (options: TestOptions = {}) => {
    const controlPlane = await start(options);
    const { worker, job } = await held(wireTo(controlPlane));
    await controlPlane.jump(OUTAGE_MS);
    await controlPlane.advance(1_000);
    return resultOf(await worker.ack(job, 'kept'));
  };

  it('costs no live worker its lease', async () => {
    expect(await ackAfterGap()).toMatchObject({ status: 'completed' });
  });

  it('would without the grace', async () => {
    expect(await ackAfterGap(NO_GRACE)).toMatchObject(expired);
  });

  it('gives a whole new lease, and no more', async () => {
    const controlPlane = await start();
    const wire = wireTo(controlPlane);
    const { pipelineId } = await held(wire);
    await controlPlane.jump(OUTAGE_MS);
    await controlPlane.advance(LEASE_MS - 2_000);
    expect((await lookAt(wire, { pipelineId })).stage.status).toBe('running');
    await controlPlane.advance(4_000);
    expect((await lookAt(wire, { pipelineId })).stage.status).toBe('pending');
  });

  it('moves the timeout of a delivery by its length', async () => {
    const controlPlane = await start();
    const wire = wireTo(controlPlane);
    const { pipelineId, worker, job } = await held(wire, { timeoutMs: LEASE_MS });
    await controlPlane.advance(30_000);
    await controlPlane.jump(OUTAGE_MS);
    await controlPlane.advance(20_000);
    await worker.beat(job);
    expect((await lookAt(wire, { pipelineId })).stage.status).toBe('running');
    await controlPlane.advance(12_000);
    expect((await lookAt(wire, { pipelineId })).attempts[0]?.outcome).toBe('timed_out');
  });

  it('is one when the clock is set back, too: no lease ends early or lasts for days', async () => {
    const controlPlane = await start();
    const wire = wireTo(controlPlane);
    const { pipelineId } = await held(wire);
    await controlPlane.jump(-3_600_000);
    await controlPlane.advance(LEASE_MS - 2_000);
    expect((await lookAt(wire, { pipelineId })).stage.status).toBe('running');
    await controlPlane.advance(4_000);
    expect((await lookAt(wire, { pipelineId })).stage.status).toBe('pending');
  });

  it('is none when time just passes: a silent worker loses its job', async () => {
    const controlPlane = await start();
    const { worker, job } = await held(wireTo(controlPlane));
    await controlPlane.advance(LEASE_MS + 1_000);
    expect(resultOf(await worker.ack(job, 'late'))).toMatchObject(expired);
  });
});

describe('a restart after an outage', () => {
  /** Closes the server, opens it on the same file `OUTAGE_MS` later, and acks there what was held before. */
  const ackAfterRestart = async (options: TestOptions = {}) => {
    const folder = temporaryFolder();
    const database = join(folder, 'grace.db');
    const before = await start({ database, ...options });
    const { worker, job } = await held(wireTo(before));
    await before.advance(1_000);
    await before.close();
    const after = await start({ database, now: before.now() + OUTAGE_MS, seed: 2, ...options });
    await after.advance(1_000);
    const result = await ackWith(wireTo(after), worker, job);
    await after.close();
    rmSync(folder, { recursive: true });
    return result;
  };

  it('leaves the jobs with those who held them', async () => {
    expect(await ackAfterRestart()).toMatchObject({ status: 'completed' });
  });

  it('would give them away without the grace', async () => {
    expect(await ackAfterRestart(NO_GRACE)).toMatchObject(expired);
  });
});

/** The session is the one of before the restart. */
async function ackWith(wire: Wire, { session }: WireWorker, { id, fencingToken }: StageJob) {
  const body = { workerId: session.workerId, acks: [{ id, fencingToken, output: 'kept' }] };
  return resultOf(await wire.call('POST', '/jobs/ack', body, { 'x-worker-session': session.sessionToken }));
}
