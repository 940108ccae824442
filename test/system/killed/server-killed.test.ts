import { expect, it } from 'vitest';
import { seeded } from '../support/random.js';
import { killServerUnderLoad } from './scenario.js';

const KILLS = 30;

it(`loses nothing that it acknowledged when it is killed ${KILLS} times under load`, async () => {
  const { violations, killsWithWritesInFlight, ledger } = await killServerUnderLoad({ kills: KILLS, random: seeded('kills') });
  console.log(`${ledger.creates.size} creates, ${ledger.acks.size} acks, ${ledger.committedUnanswered} committed but unanswered`);
  expect(violations.slice(0, 20)).toEqual([]);
  // The kills were where they hurt: in the middle of writes, on both sides of the commit.
  expect(killsWithWritesInFlight).toBeGreaterThan(KILLS * 0.9);
  expect(ledger.committedUnanswered).toBeGreaterThan(0);
});
