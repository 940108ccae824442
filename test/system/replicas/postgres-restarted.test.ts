import { expect, it } from 'vitest';
import { audit } from '../killed/audit.js';
import { Ledger } from '../killed/ledger.js';
import { allEnded, startLoad, writesAcks } from '../killed/load.js';
import { seeded } from '../support/random.js';
import { createWork, Wire } from '../support/wire.js';
import { withReplicas } from './replicas.js';

const LEASES = { leaseMs: 4_000, heartbeatIntervalMs: 500 };
const RESTARTS = 3;

it('goes on by itself after PostgreSQL was restarted under load, and no live worker loses a lease', async () => {
  const random = seeded('restarts');
  const ledger = new Ledger();
  const violations = await withReplicas({ count: 2, flags: LEASES }, async ({ servers, target, worker, postgres, query }) => {
    const wire = new Wire(target);
    // A handler that runs throughout: its worker beats on, so its lease must outlive every restart.
    const patient = worker('sdk', { concurrency: 1 }, writesAcks(ledger)); // then it works like the others
    await patient.told('started');
    const held = await createWork(wire, { do: 'hold' });
    const { job } = await patient.told('job_started');
    const load = startLoad({ target, worker, producers: 4, wireWorkers: 0, sdkWorkers: 2 }, ledger, random);
    await Promise.race([ledger.grows(200), load.failed]);
    for (let restart = 0; restart < RESTARTS; restart++) {
      await postgres.restart(restart % 2 === 0 ? 'immediate' : 'fast');
      await Promise.race([ledger.grows(200), load.failed]);
    }
    patient.finish(`${job?.id}.${job?.fencingToken}`);
    await patient.told('job_completed', (message) => message.job?.id === job?.id);
    ledger.creates.set('work', held.pipelineId);
    load.stopProducing();
    await Promise.race([allEnded(wire, AbortSignal.timeout(60_000)), load.failed]);
    await load.stop();
    await patient.terminate();
    await Promise.all(servers.map((server) => server.terminate()));
    const expired = await query<{ stage_id: number }>(`select stage_id from stage_attempt where outcome = 'expired'`);
    return [...(await audit(query, ledger)), ...expired.map((row) => `the lease of stage ${row.stage_id} was lost`)];
  });
  expect(violations.slice(0, 20)).toEqual([]);
});
