import { describe, expect, it } from 'vitest';
import { CHANNELS } from '../../src/channels/index.js';
import { notifyDue } from '../../src/domain/alert/notify.js';
import type { TestOptions } from '../../src/testing/index.js';
import { ManualClock } from '../../src/testing/manual-clock.js';
import { type Alerted, alertedBy, aReceiver, toldOf } from '../engine/alerts-support.js';
import { ALLOWED } from '../engine/integrations-support.js';
import type { Provider } from '../engine/provider.js';
import { anOutsider, aStore, heldGroup, twoServers, waitingForLocks } from './support.js';

const MINUTE = 60_000;
const TAKEOVER_MS = 15_000;

/** Two servers on one database, and a receiver that is told of each failed pipeline by itself. */
async function alertedTwice(
  options: TestOptions = {},
): Promise<{ a: Alerted; b: Alerted; receiver: Provider; database: string; channel: string }> {
  const { a, b, database } = await twoServers({ ...ALLOWED, ...options });
  const both = { a: alertedBy(a), b: alertedBy(b) };
  const receiver = await aReceiver();
  const { id } = await both.a.channel(receiver);
  await both.a.rule({ events: ['pipeline_failed'], channels: [id], groupBy: ['pipeline_id'], notifyResolved: false });
  await both.a.controlPlane.advance(0);
  return { ...both, receiver, database, channel: id };
}

const namesOf = (receiver: Provider): (string | undefined)[] => toldOf(receiver).map(({ data }) => data.labels.pipeline);
const leaderOf = async (database: string): Promise<unknown> =>
  (await (await anOutsider(database)).query<{ holder: string }>('select holder from leader'))[0]?.holder;

describe('the alerts of two servers', () => {
  it('arrive once each, whichever of them saw what happened', async () => {
    const { a, b, receiver } = await alertedTwice();
    const names = Array.from({ length: 12 }, (_, at) => `p${String(at).padStart(2, '0')}`);
    for (const [at, name] of names.entries()) await (at % 2 === 0 ? a : b).failing(name);
    await a.controlPlane.advance(2_000);
    await b.controlPlane.advance(2_000);
    await a.hasDeliveries(names.length, '&state=delivered');
    expect(namesOf(receiver).toSorted()).toEqual(names);
    await b.hasIncidents(names.length);
    expect(receiver.calls).toBe(names.length);
  });

  // Seen to fail when the claim locks neither channel nor message: both get all of them.
  it('are claimed by one of two that claim at the same time', async () => {
    const { a, receiver, database } = await alertedTwice();
    receiver.next.push({ status: 429, headers: { 'retry-after': '30' } });
    for (let failure = 0; failure < 10; failure++) await a.failing();
    const [{ channelId = '' } = {}] = await a.hasDeliveries(10, '&state=pending');
    const now = a.controlPlane.now() + 5 * MINUTE; // the pause is over, and so are all waits
    const claimBy = async (holder: string) => {
      const store = await aStore(database, { clock: new ManualClock({ now }) });
      return heldGroup(store, ({ tx }) => tx.claimAlerts(Number(channelId), { holder, heldUntil: now + MINUTE, now, limit: 10 }));
    };
    const [first, second] = [await claimBy('one'), await claimBy('other')];
    await Promise.race([first.ran, second.ran]);
    first.commit();
    second.commit();
    const claimed = [await first.committed, await second.committed].map((claim) => claim?.rows.length ?? 0);
    expect(claimed.toSorted((one, other) => one - other)).toEqual([0, 10]);
  });

  // Seen to fail: who had waited for the lock told of it once more, under another id, which no receiver could know.
  it('are made once of an incident that two look at, at the same moment', async () => {
    const { a, database, channel } = await alertedTwice();
    await a.rule({ events: ['worker_failed'], channels: [channel], groupWaitMs: 60 * MINUTE });
    await (await a.worker(['h'])).post('/workers/shutdown', { error: 'Error: out of memory' });
    await a.controlPlane.advance(1_000);
    await a.hasIncidents(1);
    const now = a.controlPlane.now() + 61 * MINUTE;
    const deps = { maxQueued: 100, kinds: CHANNELS, clock: { randomHex: () => 'abcdabcd' }, publicUrl: undefined };
    const lookedAt = async () => {
      const store = await aStore(database, { clock: new ManualClock({ now }) });
      return heldGroup(store, (group) => notifyDue(group, deps, 200));
    };
    const first = await lookedAt();
    await first.ran;
    const second = await lookedAt();
    await waitingForLocks(await anOutsider(database), 1);
    first.commit();
    second.commit();
    expect([await first.committed, await second.committed]).toEqual([1, 0]);
    await a.hasDeliveries(1);
  });

  // The time of the first stands still: it notes nothing more of what it sends, like a process that was stopped.
  it('are taken over with the lead from one that dies in the middle of sending, under the same id', async () => {
    const { a, b, receiver, database } = await alertedTwice({ outboundTimeoutMs: 2_000 });
    receiver.next.push('hangs');
    await a.failing('one');
    await receiver.wasCalled(1);
    const first = await leaderOf(database);
    await b.failing('two');
    await b.controlPlane.advance(TAKEOVER_MS);
    await receiver.has(2);
    expect(await leaderOf(database)).not.toBe(first);
    await b.hasDeliveries(2, '&state=delivered');
    expect(namesOf(receiver).toSorted()).toEqual(['one', 'two']);
    expect(new Set(receiver.taken.map(({ headers }) => headers['webhook-id'])).size).toBe(2);
    await b.hasIncidents(2);
  });

  // Seen to fail when a settle does not ask who holds the message (it is to be tried again), and when what it did not write is counted.
  it.each([200, 503])(
    'stay as the one noted them that took them over, also when the first learns of a %i later',
    async (status) => {
      const { a, b, receiver } = await alertedTwice({ outboundTimeoutMs: 2_000 });
      let answer: (answer: { status: number }) => void = () => {};
      receiver.next.push(new Promise((resolve) => (answer = resolve)));
      await a.failing('one');
      await receiver.wasCalled(1);
      await b.controlPlane.advance(TAKEOVER_MS);
      await b.hasDeliveries(1, '&state=delivered');
      answer({ status });
      await a.controlPlane.advance(TAKEOVER_MS);
      await b.controlPlane.advance(TAKEOVER_MS);
      const [delivery] = await b.hasDeliveries(1);
      expect(delivery).toMatchObject({ state: 'delivered', lastStatus: 200 });
      expect(receiver.calls).toBe(2);
      const { items } = await b.call<{ items: object[] }>('GET', '/alerts/channels');
      expect(items).toMatchObject([{ delivered: 1, failed: 0, queued: 0 }]);
    },
  );
});
