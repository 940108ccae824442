import { describe, expect, it } from 'vitest';
import { goOnEnding } from '../../src/domain/alert/rule-ends.js';
import type { Group } from '../../src/domain/commit/tickets.js';
import { ManualClock } from '../../src/testing/manual-clock.js';
import { alertedBy, aReceiver } from '../engine/alerts-support.js';
import { ALLOWED } from '../engine/integrations-support.js';
import { eventually } from '../support/eventually.js';
import { anOutsider, aStore, heldGroup, twoServers, waitingForLocks } from './support.js';

/** Two servers, three failed pipelines that each are an incident of one rule, and what somebody else does to the database. */
async function threeTold() {
  const { a: h, database } = await twoServers(ALLOWED);
  const a = alertedBy(h);
  const receiver = await aReceiver();
  const channel = await a.channel(receiver);
  const rule = await a.rule({ events: ['pipeline_failed'], channels: [channel.id], groupBy: ['pipeline_id'] });
  for (let run = 0; run < 3; run++) await a.failing();
  await a.hasDeliveries(3, '&state=delivered');
  const outsider = await anOutsider(database);
  /** Two leaders that do the same at the same moment, as when the lead moves: the second waits for what the first has locked. */
  const byTwo = async (run: (group: Group) => Promise<unknown>): Promise<void> => {
    const clock = new ManualClock({ now: a.controlPlane.now() + 1_000 });
    const first = await heldGroup(await aStore(database, { clock }), run);
    await first.ran;
    const second = await heldGroup(await aStore(database, { clock }), run);
    await waitingForLocks(await anOutsider(database), 1);
    first.commit();
    await first.committed;
    second.commit();
    await second.committed;
  };
  return { a, receiver, channel, rule, outsider, byTwo };
}

describe('what two leaders clear away at the same moment', () => {
  // Seen to fail: the second ended none of those that the first had ended, and took that for all.
  it('is each incident of a rule that is gone', async () => {
    const { a, receiver, rule, outsider, byTwo } = await threeTold();
    await outsider.query(
      `insert into alert_rule_end (application_id, rule_id, up_to, events, name, spec)
       select application_id, id, (select max(id) from alert_incident), events, name, spec from alert_rule where id = ${rule.id}`,
    );
    await outsider.query(`delete from alert_rule where id = ${rule.id}`);
    // Nobody was told of those that the first ends: no end that is to be told keeps the rest in sight.
    await outsider.query(
      'update alert_incident set notified = 0, notify_at = null where id < (select max(id) from alert_incident)',
    );
    await byTwo((group) => goOnEnding(group, 2));
    await a.controlPlane.advance(2_000);
    await a.hasIncidents(0, '&status=open');
    await receiver.has(4); // three beginnings, and the end of the last
  });

  // Seen to fail in the same way.
  it('is each message of a channel that is gone', async () => {
    const { a, channel, outsider, byTwo } = await threeTold();
    await outsider.query(
      `with gone as (delete from alert_channel where id = ${channel.id} returning id) insert into alert_channel_gone select id from gone`,
    );
    await byTwo(({ tx }) => tx.deleteGone(2));
    await a.controlPlane.advance(2_000);
    await eventually(async () => expect(await outsider.query('select id from alert_delivery')).toEqual([]));
    expect(await outsider.query('select * from alert_channel_gone')).toEqual([]);
  });
});
