import { describe, expect, it } from 'vitest';
import { EXPIRY, FENCING } from './support/removals.js';
import { type SystemOptions, withSystem } from './support/system.js';
import { createWork, lookAt, untilDone } from './support/wire.js';

// Each control runs its test's scenario on a server built without the protection (support/removals.ts). Seen there:
// - without expiry no job had a second delivery after lease + 5 s;
// - without the token checks of `decideSettle` the late ack was answered `completed`, the second delivery's `repeated`, and the stage
//   kept the late output. The token guard of `applyChanges` alone shows nothing: on one writer it repeats what was just read.
const LEASE_MS = 1_500;
const flags = { leaseMs: LEASE_MS, heartbeatIntervalMs: 400 };
const RETURN_MS = LEASE_MS + 5_000;

describe.concurrent('a worker that is killed with jobs in hand', () => {
  const JOBS = 5;

  /** Milliseconds from the kill to the next delivery of each job, by the server's clock; undefined: it did not come in time. */
  const returnTimes = (options: SystemOptions = {}) =>
    withSystem({ flags, ...options }, async ({ wire, worker }) => {
      const created = await Promise.all(Array.from({ length: JOBS }, () => createWork(wire, { do: 'hold' })));
      const killed = worker('sdk', { concurrency: JOBS });
      await killed.toldTimes('job_started', JOBS);
      await killed.toldTimes('lease_extended', JOBS); // the leases are as long as a live worker's
      const other = await wire.worker(['work']);
      await killed.kill();
      const killedAt = Date.now();
      for (let held = 0; held < JOBS && Date.now() < killedAt + RETURN_MS; ) {
        const waitMs = Math.max(killedAt + RETURN_MS - Date.now(), 1);
        held += (await other.pull({ maxJobs: JOBS, waitMs })).jobs.length;
      }
      const looks = await Promise.all(created.map((pipeline) => lookAt(wire, pipeline)));
      return looks.map(({ attempts: [first, second] }) => {
        expect(first?.outcome ?? 'running').toBe(second ? 'expired' : 'running');
        return second && Date.parse(second.startedAt) - killedAt;
      });
    });

  it('loses them to others within its lease and 5 s', async () => {
    const times = await returnTimes();
    for (const time of times) expect(time).toBeLessThan(RETURN_MS);
    expect(Math.max(...times.map(Number))).toBeGreaterThan(LEASE_MS / 2); // not before its lease was over
  });

  it('would keep them for good without the expiry of leases', async () => {
    expect(await returnTimes({ without: EXPIRY })).toEqual(Array(JOBS).fill(undefined));
  });
});

describe.concurrent('a worker that was stopped past the end of its lease', () => {
  /** Its ack comes while the second delivery still runs (`during`), or when it has completed the stage. */
  const lateAck = (when: 'during' | 'after', options: SystemOptions = {}) =>
    withSystem({ flags, ...options }, async ({ wire, worker }) => {
      const created = await createWork(wire, { do: 'return' });
      const stopped = worker('wire');
      const { job: first } = await stopped.told('job_started');
      stopped.freeze();
      const other = await wire.worker(['work']);
      const second = await other.one();
      if (when === 'after') await other.ack(second, 'in time');
      stopped.thaw();
      stopped.finish('late');
      const { settled: late } = await stopped.told('answered');
      const between = await lookAt(wire, created);
      const last = when === 'during' ? (await other.ack(second, 'in time')).settled[0] : undefined;
      await untilDone(wire, created);
      return { first, second, late, between, last, end: await lookAt(wire, created) };
    });

  it('is refused its late ack while another delivery runs, and changes nothing', async () => {
    const { first, second, late, between, last, end } = await lateAck('during');
    expect(second.id).toBe(first?.id);
    expect(second.fencingToken).toBeGreaterThan(first?.fencingToken ?? 0);
    expect(late).toMatchObject({ id: first?.id, error: { code: 'lease_lost', reason: 'expired' } });
    expect(between.stage).toMatchObject({ status: 'running', fencingToken: second.fencingToken, output: null });
    expect(last).toEqual({ id: first?.id, status: 'completed' });
    expect(end.stage).toMatchObject({ status: 'completed', output: 'in time', attempts: 2 });
    expect(end.attempts.map(({ outcome }) => outcome)).toEqual(['expired', 'completed']);
  });

  it('is refused its late ack after another delivery has completed the stage, whose output stays', async () => {
    const { late, between, end } = await lateAck('after');
    expect(late).toMatchObject({ error: { code: 'lease_lost', reason: 'expired' } });
    expect(between.stage).toMatchObject({ status: 'completed', output: 'in time' });
    expect(end.attempts.map(({ outcome }) => outcome)).toEqual(['expired', 'completed']);
  });

  it('would complete the stage of another with its own output without fencing tokens', async () => {
    const { late, last, end } = await lateAck('during', { without: FENCING });
    expect(late).toMatchObject({ status: 'completed' });
    expect(last).toMatchObject({ repeated: true });
    expect(end.stage.output).toBe('late');
  });

  it('learns by itself that its lease is lost, and drops the result', () =>
    withSystem({ flags }, async ({ wire, worker }) => {
      const created = await createWork(wire, { do: 'hold' });
      const stopped = worker('sdk');
      await stopped.told('job_started');
      stopped.freeze();
      const other = await wire.worker(['work']);
      await other.ack(await other.one(), 'in time');
      stopped.finish('late');
      stopped.thaw();
      expect(await stopped.told('lease_lost')).toMatchObject({ reason: 'expired' });
      expect((await lookAt(wire, created)).stage).toMatchObject({ status: 'completed', output: 'in time' });
      expect(stopped.count('job_completed')).toBe(0);
    }));
});
