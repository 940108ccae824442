import { setTimeout as pass } from 'node:timers/promises';
import type { SettleResponse } from '@pipelogiq/protocol';
import { describe, expect, it } from 'vitest';
import { type SystemOptions, withSystem } from './support/system.js';
import { createWork, lookAt, untilDone, type Wire } from './support/wire.js';

describe.concurrent('SIGTERM', () => {
  it('ends the server with 0 within 10 s, with waiting pulls answered and every answered ack kept', () =>
    withSystem({}, async ({ server, wire }) => {
      const JOBS = 200;
      const pipelines = Array.from({ length: JOBS }, (_, n) => ({ name: `p${n}`, stages: [{ name: 'work' }] }));
      await wire.call('POST', '/pipelines/batch', { pipelines });
      const [worker, waiting] = [await wire.worker(['work']), await wire.worker(['nothing'])];
      const { jobs } = await worker.pull({ maxJobs: JOBS });
      expect(jobs).toHaveLength(JOBS);
      const longPoll = callOnce(wire, waiting, '/jobs/pull', { pullSeq: 1, handlers: ['nothing'], maxJobs: 1, waitMs: 30_000 });
      await parked(wire);
      const acks = jobs.map((job) => worker.ack(job, job.id)); // in flight, and repeated after the restart where refused
      await acks[0];
      const exit = await server.terminate();
      expect(exit).toMatchObject({ code: 0, signal: null });
      expect(exit.tookMs).toBeLessThan(10_000);
      expect(await longPoll).toEqual({ jobs: [] });
      await server.start();
      for (const { settled } of await Promise.all(acks)) expect(settled).toMatchObject([{ status: 'completed' }]);
      const { items } = await wire.get<{ items: unknown[] }>('/pipelines?status=completed&limit=200');
      expect(items).toHaveLength(JOBS);
    }));

  it('keeps sessions: workers go on with the same session and settle what they held', () =>
    withSystem({}, async ({ server, wire }) => {
      const created = await createWork(wire, {});
      const worker = await wire.worker(['work']);
      const job = await worker.one();
      await server.terminate();
      await server.start();
      const { settled } = await wire.call<SettleResponse>(
        'POST',
        '/jobs/ack',
        { workerId: worker.session.workerId, acks: [{ id: job.id, fencingToken: job.fencingToken, output: 'kept' }] },
        { 'x-worker-session': worker.session.sessionToken },
      );
      expect(settled).toEqual([{ id: job.id, status: 'completed' }]);
      expect((await lookAt(wire, created)).stage.output).toBe('kept');
    }));
});

describe.concurrent('an outage longer than lease and 5 s', () => {
  const LEASE_MS = 2_000;
  const OUTAGE_MS = LEASE_MS + 5_500;
  const leases = { leaseMs: LEASE_MS, heartbeatIntervalMs: 400 };

  /** Deliveries of a job that a live worker held all through the outage and finished after it. */
  const throughOutage = (kind: 'killed' | 'stopped' | 'frozen', { flags = {} }: SystemOptions = {}) =>
    withSystem({ flags: { ...leases, ...flags } }, async ({ server, wire, worker }) => {
      const created = await createWork(wire, { do: 'hold' });
      const holding = worker('sdk', { concurrency: 1 });
      await holding.told('job_started');
      await holding.told('lease_extended');
      if (kind === 'frozen') server.freeze();
      else if (kind === 'killed') await server.kill();
      else await server.terminate();
      await pass(OUTAGE_MS); // nothing happens that could be waited for: the server is away
      if (kind === 'frozen') server.thaw();
      else await server.start();
      const extended = holding.count('lease_extended');
      // Two beats after the outage: the lease has been through at least one look of the expiry.
      await Promise.race([holding.toldTimes('lease_extended', extended + 2), holding.told('lease_lost')]);
      holding.finish('held through');
      await untilDone(wire, created);
      return lookAt(wire, created);
    });

  it.each(['killed', 'stopped', 'frozen'] as const)('leaves live workers their leases when the server was %s', async (kind) => {
    const { stage, attempts } = await throughOutage(kind);
    expect(attempts.map(({ outcome }) => outcome)).toEqual(['completed']);
    expect(stage).toMatchObject({ status: 'completed', fencingToken: 1, output: 'held through' });
  });

  it('would take them away without the grace after a gap in its own life', async () => {
    const { attempts } = await throughOutage('killed', { flags: { aliveGapMs: '1d' } });
    expect(attempts[0]?.outcome).toBe('expired');
  });
});

/** One try only: the answer that this very server gives. */
const callOnce = (wire: Wire, { session }: Awaited<ReturnType<Wire['worker']>>, path: string, body: object) =>
  wire.call('POST', path, { workerId: session.workerId, ...body }, { 'x-worker-session': session.sessionToken });

/** Until a pull waits in the server. */
async function parked(wire: Wire): Promise<void> {
  for (;;) {
    const health = JSON.stringify(await wire.get('/health'));
    if (/"parked_pulls":\s*[1-9]|"parkedPulls":\s*[1-9]/.test(health)) return;
  }
}
