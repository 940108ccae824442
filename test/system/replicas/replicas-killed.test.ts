import { setTimeout as pass } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { audit } from '../killed/audit.js';
import { Ledger } from '../killed/ledger.js';
import { allEnded, startLoad } from '../killed/load.js';
import { seeded } from '../support/random.js';
import { Wire } from '../support/wire.js';
import { withReplicas } from './replicas.js';

const LEASES = { leaseMs: 3_000, heartbeatIntervalMs: 500 };
const CLIENTS = { producers: 6, wireWorkers: 48, sdkWorkers: 2 };
const KILLS = Number(process.env.REPLICA_KILLS ?? 24);
const KILL_EVERY_MS = 5_000;
const END_WITHIN_MS = 90_000;

it(`loses nothing and settles nothing twice when one of three replicas is killed every 5 s, ${KILLS} times`, async () => {
  const random = seeded('replicas');
  const ledger = new Ledger();
  const violations = await withReplicas({ count: 3, flags: LEASES }, async ({ servers, target, worker, query }) => {
    const load = startLoad({ target, worker, ...CLIENTS }, ledger, random);
    for (let kill = 0; kill < KILLS; kill++) {
      await Promise.race([pass(KILL_EVERY_MS), load.failed]); // the issue's own rhythm, not a wait for anything
      const before = ledger.acks.size;
      const victim = servers[random.int(0, servers.length - 1)] as (typeof servers)[number];
      await victim.killSoon(random.next() * 20);
      await victim.start();
      if (kill > 0 && ledger.acks.size === before) await Promise.race([ledger.grows(1), load.failed]);
    }
    load.stopProducing();
    await Promise.race([allEnded(new Wire(target), AbortSignal.timeout(END_WITHIN_MS)), load.failed]);
    await load.stop();
    const ends = await Promise.all(servers.map((server) => server.terminate()));
    return [...(await audit(query, ledger)), ...ends.flatMap(({ code }) => (code === 0 ? [] : [`a server ended with ${code}`]))];
  });
  console.log(`${ledger.creates.size} creates, ${ledger.acks.size} acks, ${ledger.committedUnanswered} committed but unanswered`);
  expect(violations.slice(0, 20)).toEqual([]);
  expect(ledger.acks.size).toBeGreaterThan(KILLS * 20);
});
