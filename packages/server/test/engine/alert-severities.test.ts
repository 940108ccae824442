import { ALERT_EVENTS } from '@pipelogiq/protocol';
import { describe, expect, it } from 'vitest';
import { alerted, aReceiver, look, toldOf } from './alerts-support.js';

const EVERYTHING = ALERT_EVENTS.filter((event) => event !== 'threshold_crossed');

/** One rule for everything of some severities. */
async function ofSeverities(severities: string[], more: object = {}) {
  const a = await alerted({ alertDetectEveryMs: 1_000, heartbeatIntervalMs: 1_000 });
  const receiver = await aReceiver();
  const { id } = await a.channel(receiver);
  const rule = await a.rule({ events: EVERYTHING, channels: [id], match: { severities } as object, groupBy: ['event'], ...more });
  const told = () => [...new Set(toldOf(receiver).map(({ data }) => data.event))].sort();
  return { a, receiver, rule, told };
}

const open = '&status=open';

describe('a rule that matches severities', () => {
  // Seen to fail without `wantedEvents` in `wants`: the start of the worker was told too.
  it('hears of what happens by its own severity, whatever it tells it with', async () => {
    const { a, rule, told } = await ofSeverities(['error'], { severity: 'info' });
    await a.rule({ events: ['worker_started'], channels: [] });
    await a.failing();
    await a.hasIncidents(3, open);
    const incidents = await a.incidents(`&rule=${rule.id}`);
    expect(incidents.map(({ event }) => event).sort()).toEqual(['dead_letter', 'pipeline_failed', 'stage_failed']);
    expect(new Set(incidents.map(({ severity }) => severity))).toEqual(new Set(['info']));
    await a.hasDeliveries(1, '&state=delivered'); // the pipeline speaks for its stages
    expect(told()).toEqual(['pipeline_failed']);
  });

  // Seen to fail without it in the loop that looks: the late pipeline was told.
  it('is looked at for conditions of theirs alone', async () => {
    const { a, receiver, told } = await ofSeverities(['error', 'critical']);
    await a.create({ slaMs: 1_000, stages: [{ name: 's', handler: 'h' }] });
    await a.worker(['other']);
    await look(a, 6);
    await receiver.has(1);
    await a.hasIncidents(1);
    expect(told()).toEqual(['worker_heartbeat_lost']);
  });

  // Seen to fail while the rule as it was and the rule as it is were compared by the names of their events.
  it('ends incidents that it does not match any more, and keeps the others', async () => {
    const { a, receiver, rule } = await ofSeverities(['warning', 'error']);
    await a.create({ name: 'late', slaMs: 1_000, stages: [{ name: 's', handler: 'h' }] });
    await a.failing();
    await look(a, 4);
    await receiver.has(2);
    const { id, createdAt: _, updatedAt: __, ...spec } = rule;
    await a.call('PUT', `/alerts/rules/${id}`, { ...spec, match: { severities: ['warning'] } });
    expect((await a.incidents(open)).map(({ event }) => event)).toEqual(['pipeline_stuck']);
    await look(a);
    await receiver.has(3);
    expect(toldOf(receiver).map(({ type, data }) => `${type} ${data.event}`)).toContain('alert.resolve pipeline_failed');
  });

  it('is previewed with the first event that it wants', async () => {
    const a = await alerted();
    const rule = { name: 'r', events: ['worker_started', 'pipeline_failed'], channels: [], match: { severities: ['error'] } };
    expect(await a.call('POST', '/alerts/rules/preview', { rule })).toMatchObject({ event: 'pipeline_failed' });
    const refused = a.call('POST', '/alerts/rules/preview', { rule, event: 'worker_started' });
    await expect(refused).rejects.toMatchObject({ status: 422, problem: { errors: [{ path: 'event' }] } });
  });
});
