import type { AlertDelivery, Channel, ChannelTested } from '@pipelogiq/protocol';
import { describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.js';
import { aDatabase } from '../support/stores.js';
import { type Alerted, alerted, aReceiver, toldOf } from './alerts-support.js';
import type { Answer, Provider } from './provider.js';

const MINUTE = 60_000;

/** A rule that tells of each failure by itself, through these channels. */
const eachFailure = (a: Alerted, channels: string[]) =>
  a.rule({ events: ['pipeline_failed'], channels, groupBy: ['pipeline_id'], repeatIntervalMs: 0, notifyResolved: false });

async function aChannel(options = {}): Promise<{ a: Alerted; receiver: Provider; id: string }> {
  const a = await alerted(options);
  const receiver = await aReceiver();
  const { id } = await a.channel(receiver);
  return { a, receiver, id };
}

const channelOf = (a: Alerted, id: string): Promise<Channel> => a.call('GET', `/alerts/channels/${id}`);

/** Resolves with the channel as soon as it is so. */
const becomes = (a: Alerted, id: string, wanted: Partial<Channel>): Promise<Channel> =>
  eventually(async () => {
    const channel = await channelOf(a, id);
    expect(channel).toMatchObject(wanted);
    return channel;
  });

/** As long as the server needs to try again and to see how it went: nothing moves but the clock. */
async function advances(a: Alerted, ms: number): Promise<void> {
  await a.controlPlane.advance(ms);
  await a.controlPlane.advance(0);
}

describe('deliveries of alerts', () => {
  // Seen to fail when #look waits for the lanes: the nine came only after the first had timed out.
  it('wait for no other channel: one hangs, and nine are told', async () => {
    const a = await alerted();
    const receivers = await Promise.all(Array.from({ length: 10 }, aReceiver));
    const channels = await Promise.all(receivers.map((receiver) => a.channel(receiver)));
    const [hanging, ...others] = receivers as [Provider, ...Provider[]];
    hanging.next.push(...Array<'hangs'>(20).fill('hangs'));
    await eachFailure(
      a,
      channels.map(({ id }) => id),
    );
    for (let failure = 1; failure <= 5; failure++) {
      await a.failing();
      await Promise.all(others.map((receiver) => receiver.has(failure)));
    }
    await a.hasDeliveries(45, '&state=delivered');
    const waiting = await a.hasDeliveries(5, '&state=pending');
    expect(new Set(waiting.map(({ channelId }) => channelId))).toEqual(new Set([channels[0]?.id]));
    expect(hanging.taken).toEqual([]);
  });

  // Seen to fail when what happens is looked at at once.
  it('are made of all that came within the time of gathering', async () => {
    const { a, receiver, id } = await aChannel({ alertGatherMs: 500 });
    await eachFailure(a, [id]);
    await a.controlPlane.advance(0); // the look of the start is over
    await a.failing();
    await a.failing();
    await a.controlPlane.advance(499);
    expect(await a.incidents()).toEqual([]);
    await a.controlPlane.advance(1);
    await a.hasIncidents(2);
    await receiver.has(2);
  });

  // Seen to fail when the pause is of the message alone.
  it('of a whole channel wait as long as the provider says', async () => {
    const { a, receiver, id } = await aChannel({ alertConcurrency: 1 });
    await eachFailure(a, [id]);
    receiver.next.push({ status: 429, headers: { 'retry-after': '90' } });
    await a.failing();
    await becomes(a, id, { status: 'failing', queued: 1 });
    await a.failing();
    await a.hasDeliveries(2, '&state=pending');
    await advances(a, 80_000);
    expect(receiver.calls).toBe(1);
    await advances(a, 11_000);
    await receiver.has(2);
    expect(toldOf(receiver).map(({ type }) => type)).toEqual(['alert.trigger', 'alert.trigger']);
    await becomes(a, id, { status: 'ok', queued: 0, delivered: 2, failed: 0 });
  });

  it('have the same id at every try, also when the answer was lost', async () => {
    const { a, receiver, id } = await aChannel({ outboundTimeoutMs: 1_000 });
    await eachFailure(a, [id]);
    receiver.next.push('hangs', { status: 503 }); // taken, and never answered
    await a.failing();
    await receiver.wasCalled(1);
    await advances(a, 1_100);
    for (let calls = 2; calls <= 3; calls++) {
      await becomes(a, id, { status: 'failing' });
      await eventually(async () => {
        await advances(a, 1_000);
        expect(receiver.calls).toBeGreaterThanOrEqual(calls);
      });
    }
    await receiver.has(1);
    const sent = [...receiver.refused.map((refused) => refused.sent), ...receiver.taken];
    expect(sent.map(({ headers }) => headers['webhook-id'])).toEqual([expect.any(String), sent[0]?.headers['webhook-id']]);
    await a.hasDeliveries(1, '&state=delivered');
    expect((await a.deliveries())[0]).toMatchObject({ attempts: 3, lastStatus: 200 });
  });

  // Seen to fail without the limit: it stays pending.
  it('are given up when nobody took them for long, and can be retried', async () => {
    const { a, receiver, id } = await aChannel({ alertGiveUpMs: MINUTE });
    await eachFailure(a, [id]);
    receiver.next.push(...Array(50).fill({ status: 503, body: 'away' }));
    await a.failing();
    await becomes(a, id, { status: 'failing' });
    await eventually(async () => {
      await advances(a, 5_000);
      expect(await a.deliveries('&state=failed')).toHaveLength(1);
    });
    const [failed] = await a.hasDeliveries(1);
    expect(failed).toMatchObject({ lastStatus: 503, lastAnswer: expect.stringContaining('away') });
    expect(failed?.attempts).toBeGreaterThan(1);
    expect(await channelOf(a, id)).toMatchObject({ failed: 1, queued: 0 });
    receiver.next.length = 0;
    expect(await a.call<AlertDelivery>('POST', `/alerts/deliveries/${failed?.id}/retry`)).toMatchObject({ state: 'pending' });
    await advances(a, 0);
    await receiver.has(1);
    await a.hasDeliveries(1, '&state=delivered');
    await expect(a.call('POST', `/alerts/deliveries/${failed?.id}/retry`)).rejects.toMatchObject({ status: 409 });
  });

  it('that a provider refuses are not tried again', async () => {
    const { a, receiver, id } = await aChannel();
    await eachFailure(a, [id]);
    receiver.next.push({ status: 400, body: 'no such thing' });
    await a.failing();
    await a.hasDeliveries(1, '&state=failed');
    await advances(a, MINUTE);
    expect(receiver.calls).toBe(1);
    expect(await channelOf(a, id)).toMatchObject({
      enabled: true,
      failed: 1,
      lastError: { message: expect.stringContaining('400') },
    });
  });

  // Seen to fail without `gone`: the channel stays enabled.
  it('to an address that is gone disable the channel, until somebody saves it', async () => {
    const { a, receiver, id } = await aChannel();
    await eachFailure(a, [id]);
    receiver.next.push({ status: 410, body: 'moved out' });
    await a.failing();
    const gone = await becomes(a, id, { status: 'disabled', enabled: false });
    expect(gone.disabledReason).toContain('410');
    await a.failing();
    await a.hasIncidents(2);
    await a.hasDeliveries(1, '&state=pending'); // it waits: nothing is lost while the channel is off
    const { name, type } = gone;
    const config = { url: `${receiver.url}/new`, secret: `whsec_${'a'.repeat(32)}` };
    const saved = await a.call<Channel>('PUT', `/alerts/channels/${id}`, { name, type, config });
    expect(saved).toMatchObject({ enabled: true });
    expect(saved).not.toHaveProperty('disabledReason');
    await a.failing();
    await receiver.has(2);
  });

  // Seen to fail when what the provider wants was written whatever had happened meanwhile: the channel was off again.
  it('to an address that is gone leave alone what somebody saved meanwhile', async () => {
    const { a, receiver, id } = await aChannel();
    await eachFailure(a, [id]);
    let answer: (answer: Answer) => void = () => {};
    receiver.next.push(new Promise<Answer>((resolve) => (answer = resolve)));
    await a.failing();
    await receiver.wasCalled(1);
    const { name, type } = await channelOf(a, id);
    const config = { url: `${receiver.url}/new`, secret: `whsec_${'a'.repeat(32)}` };
    await a.call<Channel>('PUT', `/alerts/channels/${id}`, { name, type, config });
    answer({ status: 410, body: 'moved out' });
    await a.hasDeliveries(1, '&state=failed');
    expect(await channelOf(a, id)).toMatchObject({ enabled: true });
  });

  it('that were dropped are not tried again', async () => {
    const { a, receiver, id } = await aChannel();
    await eachFailure(a, [id]);
    receiver.next.push({ status: 503 });
    await a.failing();
    await becomes(a, id, { status: 'failing' });
    const [waiting] = await a.hasDeliveries(1, '&state=pending');
    const dropped = await a.call<AlertDelivery>('POST', `/alerts/deliveries/${waiting?.id}/drop`);
    expect(dropped).toMatchObject({ state: 'dropped', settledAt: expect.any(String) });
    await advances(a, MINUTE);
    expect(receiver.calls).toBe(1);
    await expect(a.call('POST', `/alerts/deliveries/${waiting?.id}/drop`)).rejects.toMatchObject({ status: 409 });
  });

  // Seen to fail: the incident of one was that of the other, whose end it told, and the second message was known already.
  it('of two installations are never taken for each other, whatever they count from', async () => {
    const receiver = await aReceiver();
    const sides = [await alerted({ seed: 1 }), await alerted({ seed: 2, database: await aDatabase() })];
    for (const a of sides) {
      const { id } = await a.channel(receiver);
      await a.rule({ events: ['pipeline_failed'], channels: [id] });
      await a.failing('order');
      await a.passing('order');
    }
    await receiver.has(4);
    const keys = receiver.taken.map(({ body }) => (body as { data: { dedupKey: string } }).data.dedupKey);
    expect(keys.map((key) => keys.indexOf(key))).toEqual([0, 0, 2, 2]);
    expect(new Set(receiver.taken.map(({ headers }) => headers['webhook-id'])).size).toBe(4);
  });

  it('belong to the same installation after it has started anew', async () => {
    const database = await aDatabase();
    const receiver = await aReceiver();
    const first = await alerted({ seed: 1, database });
    const { id } = await first.channel(receiver);
    await first.rule({ events: ['pipeline_failed'], channels: [id] });
    await first.failing('order');
    await receiver.has(1);
    await first.controlPlane.close();
    const again = await alerted({ seed: 2, database, now: first.controlPlane.now() });
    await again.passing('order');
    await receiver.has(2);
    const keys = receiver.taken.map(({ body }) => (body as { data: { dedupKey: string } }).data.dedupKey);
    expect(new Set(keys).size).toBe(1);
  });

  // Seen to fail: it was dropped while the receiver took it, and with a retry it went twice at once.
  it('that are being sent are neither dropped nor retried', async () => {
    const { a, receiver, id } = await aChannel();
    await eachFailure(a, [id]);
    let answer: (answer: Answer) => void = () => {};
    receiver.next.push(new Promise<Answer>((resolve) => (answer = resolve)));
    await a.failing();
    await receiver.wasCalled(1);
    const [sent] = await a.hasDeliveries(1);
    for (const action of ['drop', 'retry']) {
      await expect(a.call('POST', `/alerts/deliveries/${sent?.id}/${action}`)).rejects.toMatchObject({ status: 409 });
    }
    answer({ status: 200 });
    await a.hasDeliveries(1, '&state=delivered');
    expect([receiver.calls, (await channelOf(a, id)).delivered]).toEqual([1, 1]);
  });

  // Seen to fail: the trigger came behind its end, and nothing would have closed it.
  it('of a beginning are not retried when the end was told', async () => {
    const { a, receiver, id } = await aChannel();
    await a.rule({ events: ['pipeline_failed'], channels: [id], repeatIntervalMs: MINUTE });
    await a.failing('order');
    await a.hasDeliveries(1, '&state=delivered');
    receiver.next.push({ status: 400 });
    await advances(a, MINUTE);
    const [failed] = await a.hasDeliveries(1, '&state=failed');
    await a.passing('order');
    await a.hasDeliveries(2, '&state=delivered');
    await expect(a.call('POST', `/alerts/deliveries/${failed?.id}/retry`)).rejects.toMatchObject({ status: 409 });
    await advances(a, MINUTE);
    expect(toldOf(receiver).map(({ type }) => type)).toEqual(['alert.trigger', 'alert.resolve']);
  });

  it('of an end wait for the beginning', async () => {
    const { a, receiver, id } = await aChannel();
    await a.rule({ events: ['pipeline_failed'], channels: [id], repeatIntervalMs: 0 });
    receiver.next.push({ status: 503 }); // that to the trigger; the second try is taken
    await a.failing('order');
    await becomes(a, id, { status: 'failing' });
    await a.passing('order');
    await a.hasDeliveries(2, '&state=pending');
    await a.failing('refund');
    const [refund] = await a.hasDeliveries(3, '&state=pending');
    await a.call('POST', `/alerts/deliveries/${refund?.id}/retry`); // ends the pause of the channel; the trigger waits for its own
    await advances(a, 0);
    await a.hasDeliveries(1, '&state=delivered');
    expect(toldOf(receiver).map(({ type }) => type)).toEqual(['alert.trigger']);
    await advances(a, 3_000);
    await a.hasDeliveries(3, '&state=delivered');
    expect(toldOf(receiver).map(({ type, data }) => [type, data.labels.pipeline])).toEqual([
      ['alert.trigger', 'refund'],
      ['alert.trigger', 'order'],
      ['alert.resolve', 'order'],
    ]);
  });

  // Seen to fail when each note of the channel ended its pause.
  it('beyond those that may wait are counted, not kept, and end no pause of the channel', async () => {
    const { a, receiver, id } = await aChannel({ alertMaxQueued: 5 });
    await eachFailure(a, [id]);
    receiver.next.push({ status: 429, headers: { 'retry-after': '30' } });
    await a.failing();
    await becomes(a, id, { status: 'failing' });
    for (let failure = 0; failure < 7; failure++) await a.failing();
    const full = await becomes(a, id, { queued: 5, failed: 3 });
    expect(full.lastError?.message).toMatch(/not kept: 5 wait already/);
    await advances(a, 10_000);
    expect(receiver.calls).toBe(1);
    const tested = await a.call<ChannelTested>('POST', `/alerts/channels/${id}/test`);
    expect(tested.ok).toBe(true);
    await advances(a, 10_000);
    expect(receiver.calls).toBe(2);
    await advances(a, 15_000);
    await becomes(a, id, { queued: 0, delivered: 6 });
  });
});
