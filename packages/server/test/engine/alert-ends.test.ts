import type { AlertRule, AlertRuleSpec, Channel } from '@pipelogiq/protocol';
import { describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.js';
import { type Alerted, alerted, aReceiver, toldOf } from './alerts-support.js';
import type { Provider } from './provider.js';

const HOUR = 3_600_000;

const typesOf = (receiver: Provider): string[] => toldOf(receiver).map(({ type }) => type);

const BOTH = ['alert.trigger', 'alert.resolve'];

const change = (a: Alerted, { id, createdAt: _, updatedAt: __, ...spec }: AlertRule, more: Partial<AlertRuleSpec>) =>
  a.call<AlertRule>('PUT', `/alerts/rules/${id}`, { ...spec, ...more });

const switched = (a: Alerted, { id, name, type, config }: Channel, enabled: boolean) =>
  a.call<Channel>('PUT', `/alerts/channels/${id}`, { name, type, config, enabled });

async function anAlerted(options = {}) {
  const a = await alerted(options);
  const receiver = await aReceiver();
  const channel = await a.channel(receiver);
  const rule = await a.rule({ events: ['pipeline_failed'], channels: [channel.id], groupBy: ['pipeline'], repeatIntervalMs: 0 });
  return { a, receiver, channel, rule };
}

describe('a channel that is off', () => {
  // Seen to fail: neither was queued, and the incident counted as told.
  it('gets what began meanwhile when it is on again', async () => {
    const { a, receiver, channel } = await anAlerted();
    await switched(a, channel, false);
    await a.failing();
    await a.hasDeliveries(1, '&state=pending');
    await a.controlPlane.jump(12 * HOUR);
    expect(receiver.calls).toBe(0);
    await switched(a, channel, true);
    await a.controlPlane.advance(1_000);
    await receiver.has(1);
    expect(typesOf(receiver)).toEqual(['alert.trigger']);
  });

  it('gets what ended meanwhile when it is on again', async () => {
    const { a, receiver, channel } = await anAlerted();
    await a.failing();
    await a.hasDeliveries(1, '&state=delivered');
    await switched(a, channel, false);
    await a.passing();
    await a.hasDeliveries(1, '&state=pending');
    await switched(a, channel, true);
    await a.controlPlane.advance(1_000);
    await receiver.has(2);
    expect(typesOf(receiver)).toEqual(BOTH);
  });

  it('loses what waited for too long, and counts it', async () => {
    const { a, receiver, channel } = await anAlerted({ alertGiveUpMs: 60_000 });
    await switched(a, channel, false);
    await a.failing();
    await a.hasDeliveries(1, '&state=pending');
    await a.controlPlane.advance(62_000);
    await a.hasDeliveries(1, '&state=failed');
    expect(await switched(a, channel, true)).toMatchObject({ failed: 1, queued: 0 });
    expect(receiver.calls).toBe(0);
  });
});

describe('the end of an incident', () => {
  // Seen to fail: the beginning was told of what was over, and nothing would have closed it.
  it('that was given up lets no beginning be retried after it', async () => {
    const { a, receiver } = await anAlerted();
    receiver.next.push({ status: 400 }, { status: 400 });
    await a.failing();
    await a.hasDeliveries(1, '&state=failed');
    await a.passing();
    const [end, beginning] = await a.hasDeliveries(2, '&state=failed');
    expect([beginning?.action, end?.action]).toEqual(['trigger', 'resolve']);
    await expect(a.call('POST', `/alerts/deliveries/${beginning?.id}/retry`)).rejects.toMatchObject({ status: 409 });
    expect(receiver.taken).toEqual([]);
  });

  // Seen to fail with nobody to tell: it ended unheard.
  it('is told by the rule when no message of its beginning is left', async () => {
    const { a, receiver, rule } = await anAlerted({ retentionDays: 1 });
    await change(a, rule, { resolveAfterMs: 0 });
    await a.failing();
    await a.hasDeliveries(1, '&state=delivered');
    await a.controlPlane.jump(25 * HOUR);
    await a.controlPlane.advance(61_000);
    await a.hasDeliveries(0);
    await a.passing();
    await receiver.has(2);
    expect(typesOf(receiver)).toEqual(BOTH);
  });

  it('is told by the rule when the backlog was full at its beginning, as far as there is room by then', async () => {
    const { a, receiver, channel } = await anAlerted({ alertMaxQueued: 1 });
    await switched(a, channel, false);
    await a.failing('first');
    await a.hasDeliveries(1, '&state=pending');
    await a.failing('second');
    await eventually(async () =>
      expect(await a.call<Channel>('GET', `/alerts/channels/${channel.id}`)).toMatchObject({ failed: 1, queued: 1 }),
    );
    await a.failing('third');
    await a.passing('second'); // there is no room for its end
    await switched(a, channel, true);
    await a.controlPlane.advance(1_000);
    await a.hasDeliveries(1, '&state=delivered');
    await a.passing('third');
    await receiver.has(2);
    expect(toldOf(receiver).map(({ type, data }) => [type, data.labels.pipeline])).toEqual([
      ['alert.trigger', 'first'],
      ['alert.resolve', 'third'],
    ]);
  });

  // Seen to fail: the first heard nothing of the end, and the second nothing but the end.
  it('is told to who heard the beginning, whatever the rule says by then', async () => {
    const { a, receiver, rule } = await anAlerted();
    await a.failing();
    await a.hasDeliveries(1, '&state=delivered');
    const other = await aReceiver();
    await change(a, rule, { channels: [(await a.channel(other)).id] });
    await a.passing();
    await receiver.has(2);
    expect(typesOf(receiver)).toEqual(BOTH);
    expect(await a.deliveries()).toHaveLength(2);
  });

  // Seen to fail: the beginning could be sent again when all was over, and nothing would have ended it.
  it('is told where the beginning was refused, which is not sent again behind it', async () => {
    const { a, receiver } = await anAlerted();
    receiver.next.push({ status: 400 });
    await a.failing();
    const [refused] = await a.hasDeliveries(1, '&state=failed');
    await a.passing();
    await a.hasDeliveries(1, '&state=delivered');
    await expect(a.call('POST', `/alerts/deliveries/${refused?.id}/retry`)).rejects.toMatchObject({ status: 409 });
    expect(typesOf(receiver)).toEqual(['alert.resolve']);
  });

  // Seen to fail: it was told neither then nor later.
  it('is told inside a silence too', async () => {
    const { a, receiver } = await anAlerted();
    await a.failing();
    await receiver.has(1);
    const endsAt = new Date(a.controlPlane.now() + HOUR).toISOString();
    await a.call('POST', '/alerts/silences', { match: { pipeline: 'order' }, comment: 'deploy', endsAt });
    await a.passing();
    await receiver.has(2);
    expect(typesOf(receiver)).toEqual(BOTH);
  });

  // Seen to fail: it was counted as lost.
  it('waits beyond the limit where the beginning waits', async () => {
    const { a, channel } = await anAlerted({ alertMaxQueued: 1 });
    await switched(a, channel, false);
    await a.failing();
    await a.passing();
    const waiting = await a.hasDeliveries(2, '&state=pending');
    expect(waiting.map(({ action }) => action)).toEqual(['resolve', 'trigger']);
    expect(await a.call('GET', `/alerts/channels/${channel.id}`)).toMatchObject({ queued: 2, failed: 0 });
  });
});
