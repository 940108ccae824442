import { setTimeout as pass } from 'node:timers/promises';
import type { Removal } from '../support/mutant.js';
import type { Random } from '../support/random.js';
import { withSystem } from '../support/system.js';
import { auditFile } from './audit.js';
import { Ledger } from './ledger.js';
import { allEnded, startLoad } from './load.js';

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
const CLIENTS = { producers: 5, wireWorkers: 5, sdkWorkers: 1 };
/** Milliseconds without enough answers: nothing moves any more. */
const STANDSTILL_MS = 30_000;
/** Some groups long, so that a kill comes anywhere in one. */
const MOST_DELAY_MS = 20;

/** Kills the server under load again and again, lets the work come to its end, and compares the database with the promises. */
export function killServerUnderLoad({ kills, random, endWithinMs = 60_000, without }: KillingOptions): Promise<KillingReport> {
  return withSystem({ flags: LEASES, ...(without && { without }) }, async (system) => {
    const { server, wire } = system;
    const ledger = new Ledger();
    const load = startLoad({ target: server, worker: system.worker, ...CLIENTS }, ledger, random);
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
    const violations = await auditFile(server.database, ledger);
    if (code !== 0) violations.push(`the server ended with ${code}`);
    return { violations, killsWithWritesInFlight, ledger };
  });
}
