import { expect, it } from 'vitest';
import { seeded } from '../support/random.js';
import {
  COMMIT_BEFORE_ANSWER,
  FENCING,
  IDEMPOTENCY_KEYS,
  NOTING_BEFORE_THE_NEXT,
  ONE_TRANSACTION,
  OUTBOX_IN_THE_TRANSACTION,
} from '../support/removals.js';
import { killServerWhileItAlerts } from './alerts-scenario.js';
import { killServerUnderLoad } from './scenario.js';

const KILLS = 12;

it.each([
  { protection: 'commit before the answer', without: COMMIT_BEFORE_ANSWER, seen: /is lost|was completed by delivery \d+ and by/ },
  { protection: 'one transaction for a group', without: ONE_TRANSACTION, seen: /^(counters differ|a pipeline never ended)/ },
  { protection: 'fencing token', without: FENCING, seen: /^(stage .* was completed by|ack .* was completed by)/ },
  { protection: 'idempotency key', without: IDEMPOTENCY_KEYS, seen: /^create .* made the pipelines/ },
])('shows what the $protection is for: without it, promises are broken', async ({ protection, without, seen }) => {
  const { violations } = await killServerUnderLoad({ kills: KILLS, random: seeded(protection), endWithinMs: 5_000, without });
  expect(violations).toContainEqual(expect.stringMatching(seen));
});

it('shows what writing alerts in the transaction is for: without it, failures are never told', async () => {
  const options = { failures: 300, kills: 6, toldWithinMs: 20_000, without: OUTBOX_IN_THE_TRANSACTION };
  const { lost } = await killServerWhileItAlerts({ ...options, random: seeded('outbox') });
  expect(lost.length).toBeGreaterThan(0);
});

it('shows what noting a message before the next is sent is for: without it, messages come again though their answers came', async () => {
  const options = { failures: 300, kills: 6, toldWithinMs: 60_000, without: NOTING_BEFORE_THE_NEXT };
  const { lost, repeatedForNothing } = await killServerWhileItAlerts({ ...options, random: seeded('noting') });
  expect(lost).toEqual([]);
  expect(repeatedForNothing.length).toBeGreaterThan(0);
});
