import type { AlertRule, AlertRuleSpec } from '@pipelogiq/protocol';
import { describe, expect, it } from 'vitest';
import { aDatabase, runSql } from '../support/stores.js';
import { type Alerted, alerted, aReceiver, toldOf } from './alerts-support.js';
import type { Provider } from './provider.js';

const LOOK_MS = 1_000;

interface Watched {
  a: Alerted;
  receiver: Provider;
  rule: AlertRule;
  /** Saves the rule with this changed. */
  save(more: Partial<AlertRuleSpec>): Promise<AlertRule>;
  told(): string[];
  states(): Promise<string[]>;
}

/** Three stages wait, and a rule says that these are too many. */
async function aBacklog(more: Partial<AlertRuleSpec> = {}): Promise<Watched> {
  const a = await alerted({ alertDetectEveryMs: LOOK_MS });
  const receiver = await aReceiver();
  const { id } = await a.channel(receiver);
  const spec = { events: ['queue_backlog_high' as const], channels: [id], condition: { threshold: 2 }, groupWaitMs: 0, ...more };
  const rule = await a.rule(spec);
  for (let count = 0; count < 3; count++) await a.create({ stages: [{ name: 's', handler: 'h' }] });
  await a.controlPlane.advance(3 * LOOK_MS);
  await receiver.has(1);
  return {
    a,
    receiver,
    rule,
    save: (changed) => a.call('PUT', `/alerts/rules/${rule.id}`, { name: rule.name, ...spec, ...changed }),
    told: () => toldOf(receiver).map(({ type, data }) => `${type.replace('alert.', '')} ${data.event}`),
    states: async () => (await a.incidents()).map(({ event, status }) => `${event} ${status}`),
  };
}

const BEGUN_AND_ENDED = ['trigger queue_backlog_high', 'resolve queue_backlog_high'];

describe('incidents of a rule', () => {
  // Seen to fail when the rule was looked at first: nobody heard of the end, and the condition counted as told for ever.
  it('that is switched off end, and begin again when it is switched on and it still holds', async () => {
    const { a, receiver, save, told, states } = await aBacklog();
    await save({ enabled: false });
    expect(await states()).toEqual(['queue_backlog_high resolved']);
    await a.controlPlane.advance(2 * LOOK_MS);
    await receiver.has(2);
    expect(told()).toEqual(BEGUN_AND_ENDED);
    await save({ enabled: true });
    await a.controlPlane.advance(2 * LOOK_MS);
    await receiver.has(3);
    expect(told()).toEqual([...BEGUN_AND_ENDED, 'trigger queue_backlog_high']);
    expect(await states()).toEqual(['queue_backlog_high open', 'queue_backlog_high resolved']);
  });

  // Seen to fail: without a repetition nothing ever looked at the incident again.
  it('that is never repeated end too when it is switched off', async () => {
    const { save, states } = await aBacklog({ repeatIntervalMs: 0 });
    await save({ enabled: false });
    expect(await states()).toEqual(['queue_backlog_high resolved']);
  });

  it('that is deleted end, and are told to the channels that it had', async () => {
    const { a, receiver, rule, told } = await aBacklog();
    await a.call('DELETE', `/alerts/rules/${rule.id}`);
    await a.controlPlane.advance(2 * LOOK_MS);
    await receiver.has(2);
    expect(told()).toEqual(BEGUN_AND_ENDED);
  });

  // Seen to fail: it was told again and again, whatever the queue.
  it('that wants the event no more end, and other events of it go on', async () => {
    const { a, receiver, save, told, states } = await aBacklog();
    await save({ events: ['pipeline_failed'], condition: undefined as never });
    await a.failing('order');
    await receiver.has(3);
    expect(told()).toEqual([...BEGUN_AND_ENDED, 'trigger pipeline_failed']);
    expect(await states()).toEqual(['pipeline_failed open', 'queue_backlog_high resolved']);
  });

  it('that is changed otherwise go on', async () => {
    const { a, receiver, save, states } = await aBacklog();
    await save({ severity: 'critical' });
    await a.controlPlane.advance(2 * LOOK_MS);
    expect(await states()).toEqual(['queue_backlog_high open']);
    expect(receiver.calls).toBe(1);
  });
});

/** Incidents of two pipelines, of one rule. */
async function twoFailing(more: Partial<AlertRuleSpec> = {}) {
  const a = await alerted();
  const receiver = await aReceiver();
  const { id: channel } = await a.channel(receiver);
  const spec = { events: ['pipeline_failed' as const], channels: [channel], groupBy: ['pipeline' as const], groupWaitMs: 0 };
  const { id, name } = await a.rule({ ...spec, ...more });
  await a.failing('order', { environment: 'production' });
  await a.failing('refund', { environment: 'staging' });
  await receiver.has(2);
  return {
    a,
    receiver,
    change: (match: AlertRuleSpec['match']) => a.call('PUT', `/alerts/rules/${id}`, { name, ...spec, ...more, match }),
    open: async () => (await a.incidents('&status=open')).map(({ labels }) => labels.pipeline).sort(),
  };
}

describe('a rule that matches less than before', () => {
  // Seen to fail: it was told again after each repeat interval, and no event that the rule takes would have ended it.
  it.each([{ pipelines: ['order'] }, { pipelines: ['ord*'], keywords: ['eu'] }, { environments: ['production'] }])(
    'ends what it matches no more: %j',
    async (match) => {
      const { a, receiver, change, open } = await twoFailing({ repeatIntervalMs: 60_000 });
      await change(match);
      await a.controlPlane.advance(0);
      await receiver.has(3);
      expect(toldOf(receiver).at(-1)).toMatchObject({ type: 'alert.resolve', data: { labels: { pipeline: 'refund' } } });
      expect(await open()).toEqual(['order']);
      await a.controlPlane.advance(61_000);
      await receiver.has(4);
      expect(toldOf(receiver).at(-1)).toMatchObject({ type: 'alert.trigger', data: { labels: { pipeline: 'order' } } });
    },
  );

  it('goes on with all that it still matches', async () => {
    const { a, change, open } = await twoFailing();
    for (const match of [{ environments: ['staging', 'production'] }, { errorCodes: ['card_*'] }, { keywords: ['eu'] }, {}]) {
      await change(match);
      await a.controlPlane.advance(1_000);
      expect(await open(), JSON.stringify(match)).toEqual(['order', 'refund']);
    }
  });
});

const OPEN = 2_500;

/** A rule with open incidents of so many pipelines; their ids are below those that are given out. */
async function aFlood() {
  const database = await aDatabase();
  const a = await alerted({ database, alertDetectEveryMs: 3_600_000 });
  const receiver = await aReceiver();
  const { id } = await a.channel(receiver);
  const rule = await a.rule({ events: ['pipeline_failed'], channels: [id], groupBy: ['pipeline'], notifyResolved: false });
  await runSql(
    database,
    `insert into alert_incident (id, application_id, rule_id, group_key, event, severity, status, title, body, labels, pipeline, events,
       notified, opened_at, last_event_at, notified_at)
     with recursive t(i) as (select 1 union all select i + 1 from t where i < ${OPEN})
     select i - ${OPEN}, 1, ${rule.id}, '["pipeline_failed","p' || i || '"]', 'pipeline_failed', 'error', 'open', 't', 'b', '{}', 'p' || i, 1, 1, 1, 1, 1
     from t`,
  );
  const count = async (status: string): Promise<number> => {
    const [row] = await runSql(database, `select count(*) as n from alert_incident where status = '${status}'`);
    return Number((row as { n: number }).n);
  };
  return { a, rule, count, database };
}

describe('many incidents of a rule', () => {
  // Seen to fail: after the first 500 the others stayed open.
  it('end all when it is deleted, in pieces', async () => {
    const { a, rule, count, database } = await aFlood();
    await a.call('DELETE', `/alerts/rules/${rule.id}`);
    expect(await count('open')).toBe(OPEN - 2_000);
    await a.controlPlane.advance(3_000);
    expect(await count('resolved')).toBe(OPEN);
    expect(await runSql(database, 'select * from alert_rule_end')).toEqual([]);
  });

  // Seen to fail when only the first page is looked at.
  it('end by pages where it is narrowed, but those that still fit', async () => {
    const { a, rule, count, database } = await aFlood();
    await runSql(database, `update alert_incident set labels = '{"pipeline":"' || pipeline || '"}'`);
    const { id: _, createdAt, updatedAt, ...spec } = rule;
    await a.call('PUT', `/alerts/rules/${rule.id}`, { ...spec, match: { pipelines: ['p7', 'p2499'] } });
    await a.controlPlane.advance(3_000);
    expect([await count('resolved'), await count('open')]).toEqual([OPEN - 2, 2]);
    expect(await runSql(database, 'select * from alert_rule_narrowed')).toEqual([]);
  });

  it('take in nothing that happens after it was switched on again', async () => {
    const { a, rule, count } = await aFlood();
    const { id: _, createdAt, updatedAt, ...spec } = rule;
    await a.call('PUT', `/alerts/rules/${rule.id}`, { ...spec, enabled: false });
    await a.call('PUT', `/alerts/rules/${rule.id}`, { ...spec, enabled: true });
    await a.failing(`p${OPEN}`);
    await a.controlPlane.advance(3_000);
    expect([await count('resolved'), await count('open')]).toEqual([OPEN, 1]);
    expect(await a.incidents('&status=open')).toMatchObject([{ events: 1, labels: { pipeline: `p${OPEN}` } }]);
  });
});

describe('an incident of a condition that somebody resolved', () => {
  // Seen to fail: it was quiet for ever.
  it('is told anew after the repeat interval as long as it holds', async () => {
    const { a, receiver, told } = await aBacklog({ repeatIntervalMs: 10_000 });
    const [incident] = await a.incidents();
    await a.call('POST', `/alerts/incidents/${incident?.id}/resolve`);
    await a.controlPlane.advance(7 * LOOK_MS);
    expect(told()).toEqual(BEGUN_AND_ENDED);
    await a.controlPlane.advance(6 * LOOK_MS);
    await receiver.has(3);
    expect(await a.incidents('&status=open')).toHaveLength(1);
  });

  it('is told anew when it was over and came back, and not before when nothing is repeated', async () => {
    const { a, receiver, told } = await aBacklog({ repeatIntervalMs: 0 });
    const [incident] = await a.incidents();
    await a.call('POST', `/alerts/incidents/${incident?.id}/resolve`);
    await a.controlPlane.advance(5 * LOOK_MS);
    expect(told()).toEqual(BEGUN_AND_ENDED);
    const worker = await a.worker(['h']);
    for (const job of await worker.pull({ maxJobs: 3 })) await worker.ack(job);
    await a.controlPlane.advance(2 * LOOK_MS);
    for (let count = 0; count < 2; count++) await a.create({ stages: [{ name: 's', handler: 'h' }] });
    await a.controlPlane.advance(2 * LOOK_MS);
    await receiver.has(3);
    expect(told()).toEqual([...BEGUN_AND_ENDED, 'trigger queue_backlog_high']);
  });
});
