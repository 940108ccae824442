import { expect, it } from 'vitest';
import { seeded } from '../support/random.js';
import { killServerUnderLoad } from './scenario.js';

// How it was seen to fail: controls.test.ts (`npm run test:chaos`) runs the very same load against servers built without a protection.
// - The answer before the commit: `ack of stage … is lost`, `stage … was completed by delivery 1 and by 2`, `create … is lost`.
// - No transaction around a group: `a pipeline never ended`, `counters differ from the stages`.
// - No fencing: `stage … was completed by delivery 2 and by 1` (the late acks of jobs that were kept past their lease).
// - No idempotency key: `create … was answered with 35, then with 37`.
// `synchronous=OFF` would not show: SIGKILL leaves the page cache to the system. That is for a test that cuts the power.
const KILLS = 30;

it(`loses nothing that it acknowledged when it is killed ${KILLS} times under load`, async () => {
  const { violations, killsWithWritesInFlight, ledger } = await killServerUnderLoad({ kills: KILLS, random: seeded('kills') });
  console.log(`${ledger.creates.size} creates, ${ledger.acks.size} acks, ${ledger.committedUnanswered} committed but unanswered`);
  expect(violations.slice(0, 20)).toEqual([]);
  // The kills were where they hurt: in the middle of writes, on both sides of the commit.
  expect(killsWithWritesInFlight).toBeGreaterThan(KILLS * 0.9);
  expect(ledger.committedUnanswered).toBeGreaterThan(0);
});
