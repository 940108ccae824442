import { setTimeout as pass } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { ANSWERING_WAITING_PULLS, STORED_SESSIONS } from './support/removals.js';
import { type SystemOptions, withSystem } from './support/system.js';
import { createWork, lookAt, untilDone, type Wire } from './support/wire.js';

// Seen in the controls: a pull that is not answered at SIGTERM ends with its connection; a session that is not stored is refused with
// `session_invalid`; with `aliveGapMs` of a day no gap counts as an outage, and the live worker's delivery was `expired` at the start.
describe.concurrent('SIGTERM', () => {
  /** Ends the server while a pull waits and many acks are under way, and starts it again. */
  const stopInTheMiddle = (options: SystemOptions = {}) =>
    withSystem(options, async ({ server, wire }) => {
      const JOBS = 200;
      const pipelines = Array.from({ length: JOBS }, (_, n) => ({ name: `p${n}`, stages: [{ name: 'work' }] }));
      await wire.call('POST', '/pipelines/batch', { pipelines });
      const [worker, waiting] = [await wire.worker(['work']), await wire.worker(['nothing'])];
      const { jobs } = await worker.pull({ maxJobs: JOBS });
      const pull = { pullSeq: 1, handlers: ['nothing'], maxJobs: 1, waitMs: 30_000 };
      const longPoll = callOnce(wire, waiting, '/jobs/pull', pull).catch((error: Error) => error.message);
      await parked(wire);
      const acks = jobs.map((job) => worker.ack(job, job.id)); // those that are refused are repeated after the restart
      await acks[0];
      const exit = await server.terminate();
      await server.start();
      const answers = await Promise.all(acks);
      const { items } = await wire.get<{ items: unknown[] }>('/pipelines?status=completed&limit=200');
      const settled = answers.flatMap((answer) => answer.settled);
      return {
        exit,
        longPoll: await longPoll,
        refused: settled.filter((result) => 'error' in result),
        open: JOBS - items.length,
      };
    });

  it('ends the server with 0 within 10 s, with waiting pulls answered and every answered ack kept', async () => {
    const { exit, longPoll, refused, open } = await stopInTheMiddle();
    expect(exit).toMatchObject({ code: 0, signal: null });
    expect(exit.tookMs).toBeLessThan(10_000);
    expect(longPoll).toEqual({ jobs: [] });
    expect(refused).toEqual([]);
    expect(open).toBe(0);
  });

  it('would leave waiting pulls without an answer if leasing did not stop first', async () => {
    expect((await stopInTheMiddle({ without: ANSWERING_WAITING_PULLS })).longPoll).not.toEqual({ jobs: [] });
  });

  /** What an ack is answered after a restart that carries the session of before. */
  const ackAfterRestart = (options: SystemOptions = {}) =>
    withSystem(options, async ({ server, wire }) => {
      const created = await createWork(wire, {});
      const worker = await wire.worker(['work']);
      const job = await worker.one();
      await server.terminate();
      await server.start();
      const acks = [{ id: job.id, fencingToken: job.fencingToken, output: 'kept' }];
      await callOnce(wire, worker, '/jobs/ack', { acks });
      return (await lookAt(wire, created)).stage;
    });

  it('keeps sessions: workers settle what they held with the session that they had', async () => {
    expect(await ackAfterRestart()).toMatchObject({ status: 'completed', output: 'kept', fencingToken: 1 });
  });

  it('would end them if they were not stored', async () => {
    await expect(ackAfterRestart({ without: STORED_SESSIONS })).rejects.toThrow('session_invalid');
  });
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
