import { describe, expect, it } from 'vitest';
import { alerted, aReceiver, toldOf } from './alerts-support.js';

const MINUTE = 60_000;

describe('alerts', () => {
  it('tell a failed pipeline once, then that it works again', async () => {
    const a = await alerted();
    const receiver = await aReceiver();
    const { id } = await a.channel(receiver);
    await a.rule({ events: ['pipeline_failed'], channels: [id] });
    const failed = await a.failing('order');
    await receiver.has(1);
    const [told] = toldOf(receiver);
    expect(told).toMatchObject({
      type: 'alert.trigger',
      data: {
        event: 'pipeline_failed',
        events: 1,
        labels: { pipeline: 'order', pipeline_id: failed.id, trace_id: failed.traceId },
      },
    });
    await a.failing('order');
    const [incident] = await a.hasIncidents(1, '&status=open');
    expect(incident).toMatchObject({ events: 2, notified: 1 });
    await a.passing('order');
    await receiver.has(2);
    expect(toldOf(receiver)[1]).toMatchObject({ type: 'alert.resolve', data: { incidentId: incident?.id } });
    expect(await a.incidents()).toMatchObject([{ status: 'resolved', resolvedBy: 'system' }]);
    await a.hasDeliveries(2, '&state=delivered');
  });

  it('name the stage that a pipeline failed at, and why, and are no other incident for another stage', async () => {
    const a = await alerted();
    const { id } = await a.channel(await aReceiver());
    await a.rule({ events: ['pipeline_failed'], channels: [id] });
    const [first, second] = [await a.worker(['first']), await a.worker(['second'])];
    const stages = [
      { name: 'look', handler: 'first', maxAttempts: 1, runNextIfFailed: true },
      { name: 'charge', handler: 'second', maxAttempts: 1, dependsOn: ['look'] },
    ];
    await a.create({ name: 'order', stages });
    await first.nack(await first.one(), { error: { code: 'not_needed', message: 'never mind' } });
    await second.nack(await second.one(), { error: { code: 'card_declined', message: 'no funds' } });
    await a.controlPlane.advance(0); // what is due is done
    const [incident] = await a.hasIncidents(1);
    expect(incident).toMatchObject({
      title: 'Pipeline order failed at charge: card_declined',
      labels: { pipeline: 'order', stage: 'charge', attempts: '1', error_code: 'card_declined', message: 'no funds' },
    });
    expect(incident?.labels).not.toHaveProperty('handler');
    expect(incident?.body).toContain('Message: no funds');
    await a.create({ name: 'order', stages: [{ name: 'pack', handler: 'first', maxAttempts: 1 }] });
    await first.nack(await first.one(), { error: { code: 'torn', message: 'no box' } });
    await a.controlPlane.advance(0);
    expect(await a.hasIncidents(1)).toMatchObject([{ events: 2, title: 'Pipeline order failed at pack: torn' }]);
  });

  it('tell more of the same after the interval, and that it goes on after the next', async () => {
    const a = await alerted();
    const receiver = await aReceiver();
    const { id } = await a.channel(receiver);
    await a.rule({ events: ['pipeline_failed'], channels: [id], groupIntervalMs: 10_000, repeatIntervalMs: MINUTE });
    await a.failing();
    await receiver.has(1);
    await a.failing();
    await a.hasIncidents(1);
    await a.controlPlane.advance(8_000);
    expect(receiver.calls).toBe(1);
    await a.controlPlane.advance(3_000);
    await receiver.has(2);
    expect(toldOf(receiver)[1]?.data.events).toBe(2);
    await a.controlPlane.advance(MINUTE + 1_000);
    await receiver.has(3);
  });

  it('wait for the rest of an incident before they tell of it', async () => {
    const a = await alerted();
    const receiver = await aReceiver();
    const { id } = await a.channel(receiver);
    await a.rule({ events: ['pipeline_failed'], channels: [id], groupWaitMs: 30_000 });
    for (let count = 0; count < 3; count++) await a.failing();
    await a.hasIncidents(1);
    expect(receiver.calls).toBe(0);
    await a.controlPlane.advance(31_000);
    await receiver.has(1);
    expect(toldOf(receiver)[0]?.data.events).toBe(3);
  });

  // Seen to fail: the stage was kept for a failure that nobody was told of.
  it('tells of a stage whose pipeline may not speak: its failure is silenced', async () => {
    const a = await alerted();
    const receiver = await aReceiver();
    const { id } = await a.channel(receiver);
    for (const event of ['pipeline_failed', 'stage_failed'] as const) await a.rule({ events: [event], channels: [id] });
    const endsAt = new Date(a.controlPlane.now() + 3_600_000).toISOString();
    await a.call('POST', '/alerts/silences', { match: { event: 'pipeline_failed' }, comment: 'stages alone', endsAt });
    await a.failing();
    await receiver.has(1);
    expect(toldOf(receiver).map(({ data }) => data.event)).toEqual(['stage_failed']);
  });

  // Seen to fail without `mutedBy`: the stage was told of too.
  it('do not tell of stages whose pipeline tells of itself', async () => {
    const a = await alerted();
    const receiver = await aReceiver();
    const { id } = await a.channel(receiver);
    await a.rule({ events: ['dead_letter'], channels: [id] });
    await a.rule({ events: ['pipeline_failed'], channels: [id] });
    await a.failing();
    await receiver.has(1);
    const [muted] = await a.hasIncidents(1, '&event=dead_letter');
    expect(muted).toMatchObject({ notified: 0, muted: 'inhibited' });
    expect(toldOf(receiver).map(({ data }) => data.event)).toEqual(['pipeline_failed']);
  });

  it('are told no more when somebody took them over, and once when somebody resolves them', async () => {
    const a = await alerted();
    const receiver = await aReceiver();
    const { id } = await a.channel(receiver);
    await a.rule({ events: ['pipeline_failed'], channels: [id], repeatIntervalMs: 5_000 });
    await a.failing();
    await receiver.has(1);
    const [incident] = await a.hasIncidents(1);
    const taken = await a.call('POST', `/alerts/incidents/${incident?.id}/ack`);
    expect(taken).toMatchObject({ status: 'acknowledged', acknowledgedBy: expect.stringMatching(/^(key:\d+|local)$/) });
    await a.failing();
    await a.controlPlane.advance(15_000);
    await a.call('POST', `/alerts/incidents/${incident?.id}/resolve`);
    await a.controlPlane.advance(0);
    await receiver.wasCalled(3);
    await a.hasIncidents(1, '&status=resolved');
    expect(toldOf(receiver).map(({ type }) => type)).toEqual(['alert.trigger', 'alert.acknowledge', 'alert.resolve']);
  });

  it('match what a rule asks for', async () => {
    const a = await alerted();
    const receiver = await aReceiver();
    const { id } = await a.channel(receiver);
    await a.rule({
      events: ['stage_failed'],
      channels: [id],
      match: { pipelines: ['or*'], keywords: ['vip'], errorCodes: ['card_*'] },
    });
    await a.failing('order');
    await a.failing('refund', { keywords: ['vip'] });
    await a.failing('order', { keywords: ['new', 'vip'] });
    await receiver.has(1);
    expect(toldOf(receiver)[0]?.data).toMatchObject({ events: 1, labels: { handler: 'h-order', error_code: 'card_declined' } });
    expect(await a.incidents()).toHaveLength(1);
  });

  it('say nothing of stages that asked for it', async () => {
    const a = await alerted();
    const receiver = await aReceiver();
    const { id } = await a.channel(receiver);
    await a.rule({ events: ['stage_failed'], channels: [id], groupBy: ['pipeline'] });
    await a.failing('quiet', { stages: [{ name: 'charge', handler: 'h-quiet', maxAttempts: 1, notifyOnFailure: false }] });
    await a.failing('loud');
    await receiver.has(1);
    expect((await a.incidents()).map(({ labels }) => labels.pipeline)).toEqual(['loud']);
  });

  it('are news of what operators and workers do, told once', async () => {
    const a = await alerted();
    const receiver = await aReceiver();
    const { id } = await a.channel(receiver);
    await a.rule({ events: ['stage_rerun_manual', 'worker_started'], channels: [id] });
    const { id: pipeline } = await a.failing();
    await a.call('POST', `/pipelines/${pipeline}/rerun`, { from: 'failed' });
    await a.controlPlane.advance(0);
    await receiver.has(2);
    expect(toldOf(receiver).map(({ data }) => data.event)).toEqual(['worker_started', 'stage_rerun_manual']);
    await a.hasIncidents(2, '&status=resolved');
    expect(receiver.calls).toBe(2);
  });

  it('of stages that fail again after a rerun are events of one incident, and each is told of as it was', async () => {
    const a = await alerted();
    const receiver = await aReceiver();
    const { id } = await a.channel(receiver);
    await a.rule({ events: ['stage_failed'], channels: [id], titleTemplate: '{{ stage }} of {{pipeline}}: {{error_code}}' });
    await a.failing();
    await receiver.has(1);
    expect(toldOf(receiver)[0]?.data.title).toContain('charge of order: card_declined');
  });
});

describe('alerts that are hard to tell', () => {
  // Seen to fail on PostgreSQL with keys of any length: no index takes them, and the row stood before all others for good.
  it('are incidents whatever the length of their names', async () => {
    const a = await alerted();
    const receiver = await aReceiver();
    const { id } = await a.channel(receiver);
    await a.rule({ events: ['stage_failed'], channels: [id], groupBy: ['pipeline', 'stage', 'environment', 'error_code'] });
    const long = (sign: string): string => sign.repeat(200);
    await a.failing('order', {
      name: long('管'),
      environment: long('環'),
      stages: [{ name: long('段'), handler: 'h-order', maxAttempts: 1 }],
    });
    await a.failing('order');
    await receiver.has(2);
    await a.hasIncidents(2);
  });

  // Seen to fail on PostgreSQL: what the provider said could not be stored, and it was told again and again.
  it('are told once to a provider whose answer cannot be stored', async () => {
    const a = await alerted();
    const receiver = await aReceiver();
    receiver.next.push({ status: 200, body: 'ok\0' });
    const { id } = await a.channel(receiver);
    await a.rule({ events: ['pipeline_failed'], channels: [id] });
    await a.failing();
    await receiver.wasCalled(1);
    const [delivery] = await a.hasDeliveries(1, '&state=delivered');
    expect(delivery).toMatchObject({ attempts: 1, lastAnswer: 'ok\uFFFD' });
  });

  it('work again once, however often they do, and not for a run that is still broken', async () => {
    const a = await alerted();
    const receiver = await aReceiver();
    const { id } = await a.channel(receiver);
    await a.rule({ events: ['pipeline_failed', 'pipeline_recovered'], channels: [id], groupBy: ['event', 'pipeline_id'] });
    await a.failing();
    await receiver.has(1);
    for (let count = 0; count < 3; count++) await a.passing();
    await a.controlPlane.advance(2_000);
    expect(toldOf(receiver).map(({ data }) => data.event)).toEqual(['pipeline_failed']);
    expect(await a.incidents('&status=open')).toHaveLength(1);
  });
});
