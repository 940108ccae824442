import { setTimeout as pass } from 'node:timers/promises';
import type { Page, PipelineSummary } from '@pipelogiq/protocol';
import type { Removal } from '../support/mutant.js';
import type { Random } from '../support/random.js';
import { type System, withSystem } from '../support/system.js';
import { Wire } from '../support/wire.js';
import { audit } from './audit.js';
import { Ledger } from './ledger.js';
import { produce } from './producer.js';
import { workByWire } from './wire-load.js';

export interface KillingOptions {
  kills: number;
  random: Random;
  /** Milliseconds after the last kill in which all pipelines should have ended. */
  endWithinMs?: number;
  without?: readonly Removal[];
}

export interface KillingReport {
  /** What was promised and is not so. */
  violations: string[];
  /** Kills that hit calls which had not been answered. */
  killsWithWritesInFlight: number;
  ledger: Ledger;
}

/** Short, so that kept jobs come back several times within the test. */
const LEASES = { leaseMs: 1_500, heartbeatIntervalMs: 300 };
const PRODUCERS = 5;
const WIRE_WORKERS = 5;
/** Milliseconds without enough answers: nothing moves any more. */
const STANDSTILL_MS = 30_000;
/** Some groups long, so that a kill comes anywhere in one. */
const MOST_DELAY_MS = 20;

/** Kills the server under load again and again, lets the work come to its end, and compares the database with the promises. */
export function killServerUnderLoad({ kills, random, endWithinMs = 60_000, without }: KillingOptions): Promise<KillingReport> {
  return withSystem({ flags: LEASES, ...(without && { without }) }, async (system) => {
    const { server, wire } = system;
    const ledger = new Ledger();
    const load = startLoad(system, ledger, random);
    let killsWithWritesInFlight = 0;
    for (let kill = 0; kill < kills; kill++) {
      const standstill = pass(STANDSTILL_MS, false, { ref: false });
      if (!(await Promise.race([ledger.grows(random.int(1, 150)), load.failed, standstill]))) {
        ledger.broken.push('the work came to a standstill');
        break;
      }
      const before = load.unanswered();
      await server.killSoon(random.next() * MOST_DELAY_MS);
      await server.start();
      killsWithWritesInFlight += load.unanswered() > before ? 1 : 0;
    }
    load.stopProducing();
    const giveUp = AbortSignal.timeout(endWithinMs); // a pipeline that never ends is for the audit to tell
    await Promise.race([allEnded(wire, giveUp), load.failed]);
    await load.stop();
    const { code } = await server.terminate();
    const violations = audit(server.database, ledger);
    if (code !== 0) violations.push(`the server ended with ${code}`);
    return { violations, killsWithWritesInFlight, ledger };
  });
}

function startLoad({ server, worker }: System, ledger: Ledger, random: Random) {
  const producing = new AbortController();
  const working = new AbortController();
  const wires: Wire[] = [];
  const start = (count: number, run: (wire: Wire, stream: Random, n: number) => Promise<void>) =>
    Array.from({ length: count }, (_, n) => {
      const wire = new Wire(server);
      wires.push(wire);
      return run(wire, random.fork(), n);
    });
  const producers = start(PRODUCERS, (wire, stream, n) => produce(wire, ledger, stream, `p${n}`, producing.signal));
  const workers = start(WIRE_WORKERS, (wire, stream, n) => workByWire(wire, ledger, stream, `w${n}`, working.signal));
  const sdk = worker('sdk', { concurrency: 20 }, ({ event, job, output }) => {
    if (event !== 'job_completed' || !job) return;
    ledger.acked(job.id, { fencingToken: job.fencingToken, output: JSON.stringify(output) });
  });
  // Only a failure ends this race: nobody stops by himself.
  const failed = Promise.all([...producers, ...workers]).then(() => new Promise<never>(() => {}));
  failed.catch(() => {}); // seen by whoever races it
  return {
    failed,
    unanswered: () => wires.reduce((sum, wire) => sum + wire.unanswered, 0),
    stopProducing: () => {
      producing.abort();
      ledger.wake();
    },
    stop: async () => {
      working.abort();
      await Promise.all([...producers, ...workers]);
      await sdk.terminate();
    },
  };
}

/** Waits for one running pipeline after the other, until there is none, or until it gives up. */
async function allEnded(wire: Wire, giveUp: AbortSignal): Promise<void> {
  while (!giveUp.aborted) {
    const { items } = await wire.get<Page<PipelineSummary>>('/pipelines?status=running&limit=1');
    if (!items[0]) return;
    await wire.get(`/pipelines/${items[0].id}/wait?timeoutMs=2000`);
  }
}
