import type { Silence } from '@pipelogiq/protocol';
import { describe, expect, it } from 'vitest';
import { alerted, aReceiver, toldOf } from './alerts-support.js';

const MINUTE = 60_000;

describe('silences', () => {
  it('keep incidents from being told as long as they last', async () => {
    const a = await alerted();
    const receiver = await aReceiver();
    const { id } = await a.channel(receiver);
    await a.rule({ events: ['pipeline_failed'], channels: [id], groupBy: ['pipeline'], groupIntervalMs: 5_000 });
    const endsAt = new Date(a.controlPlane.now() + 60 * MINUTE).toISOString();
    const made = await a.call<Silence>('POST', '/alerts/silences', { match: { pipeline: 'ord*' }, comment: 'migration', endsAt });
    expect(made.status).toBe('active');
    await a.failing('order');
    await a.failing('refund');
    await receiver.has(1);
    expect(toldOf(receiver)[0]?.data.labels.pipeline).toBe('refund');
    expect(await a.hasIncidents(2)).toContainEqual(expect.objectContaining({ muted: 'silenced', notified: 0 }));
    await a.call('DELETE', `/alerts/silences/${made.id}`);
    await a.controlPlane.advance(6_000);
    await receiver.has(2);
    expect(toldOf(receiver)[1]?.data.labels.pipeline).toBe('order');
  });

  // Seen to fail: the labels of the newest event alone were held against the silence.
  it('do not hide what they are not about, whatever silenced events come after it', async () => {
    const a = await alerted();
    const receiver = await aReceiver();
    const { id } = await a.channel(receiver);
    await a.rule({
      events: ['pipeline_failed'],
      channels: [id],
      groupBy: ['event'],
      groupWaitMs: 10_000,
      groupIntervalMs: 5_000,
    });
    const endsAt = new Date(a.controlPlane.now() + 60 * MINUTE).toISOString();
    await a.call('POST', '/alerts/silences', { match: { pipeline: 'quiet*' }, comment: 'migration', endsAt });
    await a.failing('quiet-one');
    await a.failing('loud');
    await a.failing('quiet-two');
    await a.controlPlane.advance(11_000);
    await receiver.has(1);
    expect(toldOf(receiver)[0]?.data).toMatchObject({ labels: { pipeline: 'loud' }, events: 3 });
    await a.failing('quiet-two');
    await a.controlPlane.advance(11_000);
    expect(receiver.calls).toBe(1); // nothing new for anybody
    await a.failing('louder');
    await receiver.has(2);
    expect(toldOf(receiver)[1]?.data).toMatchObject({ labels: { pipeline: 'louder' }, events: 5 });
  });

  // Seen to fail: a silence that began later was held against the newest event alone.
  it('that were made later keep an incident only when they are about all of its events', async () => {
    const a = await alerted();
    const receiver = await aReceiver();
    const { id } = await a.channel(receiver);
    await a.rule({
      events: ['pipeline_failed'],
      channels: [id],
      groupBy: ['event'],
      groupWaitMs: 10_000,
      groupIntervalMs: 5_000,
    });
    await a.failing('load-a');
    await a.failing('load-b');
    const silence = (pipeline: string) => {
      const endsAt = new Date(a.controlPlane.now() + 60 * MINUTE).toISOString();
      return a.call<Silence>('POST', '/alerts/silences', { match: { pipeline }, comment: 'migration', endsAt });
    };
    const { id: ofAll } = await silence('load-*');
    await silence('load-b');
    await a.controlPlane.advance(11_000);
    expect(await a.hasIncidents(1)).toMatchObject([{ muted: 'silenced', notified: 0 }]);
    await a.call('DELETE', `/alerts/silences/${ofAll}`);
    await a.controlPlane.advance(6_000);
    await receiver.has(1);
    expect(toldOf(receiver)[0]?.data).toMatchObject({ labels: { pipeline: 'load-b' }, events: 2 });
  });

  // Seen to fail: what is of no pipeline at all was silent too.
  it('keep nothing by a label that it does not have', async () => {
    const a = await alerted();
    const receiver = await aReceiver();
    const { id } = await a.channel(receiver);
    await a.rule({ events: ['worker_started'], channels: [id] });
    const endsAt = new Date(a.controlPlane.now() + 3_600_000).toISOString();
    await a.call('POST', '/alerts/silences', { match: { pipeline: '*' }, comment: 'deploy', endsAt });
    await a.worker(['h']);
    await a.controlPlane.advance(1_000);
    await receiver.has(1);
  });

  it('keep news for good: it is not told when they are over', async () => {
    const a = await alerted();
    const receiver = await aReceiver();
    const { id } = await a.channel(receiver);
    await a.rule({ events: ['worker_started'], channels: [id] });
    const endsAt = new Date(a.controlPlane.now() + 5_000).toISOString();
    await a.call('POST', '/alerts/silences', { match: { event: 'worker_*' }, comment: 'deploy', endsAt });
    await a.worker(['h']);
    await a.controlPlane.advance(20_000);
    expect(receiver.calls).toBe(0);
    expect(await a.incidents()).toMatchObject([{ status: 'resolved', muted: 'silenced' }]);
  });
});
