import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { aMailServer } from '../outbound/mail-server.js';
import { eventually } from '../support/eventually.js';
import { aDatabase } from '../support/stores.js';
import { type Alerted, alerted, aReceiver } from './alerts-support.js';
import { metricsOf } from './metrics-support.js';
import { Provider } from './provider.js';

const HOUR = 3_600_000;

const eachFailure = (a: Alerted, channel: string) =>
  a.rule({
    events: ['pipeline_failed'],
    channels: [channel],
    groupBy: ['pipeline_id'],
    repeatIntervalMs: 0,
    notifyResolved: false,
  });

/** Why messages were tried again or lost: outcome, reason and number. */
async function troublesOf(a: Alerted): Promise<unknown[][]> {
  const { lines } = await metricsOf(a);
  const troubles = lines.filter(({ name, value }) => name === 'pipelogiq_alert_delivery_failures_total' && value > 0);
  return troubles.map(({ labels, value }) => [labels.outcome, labels.reason, value]).toSorted();
}

/** Where nobody listens. */
async function nobody(): Promise<Provider> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return Object.assign(new Provider(), { url: `http://127.0.0.1:${port}` });
}

/** Goes on until it is so; nothing moves but the clock, by no more than `ms` at a time. */
const comes = (a: Alerted, ms: number, check: () => Promise<void> | void): Promise<void> =>
  eventually(async () => {
    await a.controlPlane.advance(ms);
    await a.controlPlane.advance(0);
    await check();
  });

/** At once, as the server sees it; then it looks. */
async function passes(a: Alerted, ms: number): Promise<void> {
  await a.controlPlane.jump(ms);
  await a.controlPlane.advance(2_000);
}

describe('answers to messages', () => {
  // Seen to fail when the server remembered them without writing them down: who had the mail got it again.
  it('to a mail are kept by receiver: another server writes to those alone who have not got it', async () => {
    const database = await aDatabase();
    const server = await aMailServer();
    const first = await alerted({ database });
    const { id } = await first.call<{ id: string }>('POST', '/alerts/channels', {
      name: 'mail',
      type: 'email',
      config: {
        host: 'localhost',
        port: String(server.port),
        security: 'none',
        from: 'alerts@example.com',
        to: 'A@Example.com, Bea <b@example.com>, c@example.com',
      },
    });
    await eachFailure(first, id);
    server.refusals.set('b@example.com', { responseCode: 451, message: 'try later' });
    await first.failing();
    await eventually(async () => {
      const [waiting] = await first.deliveries('&state=pending');
      expect(waiting).toMatchObject({ attempts: 1, lastAnswer: expect.stringContaining('taken for 2 of 3') });
    });
    await first.controlPlane.close();
    server.refusals.clear();

    const again = await alerted({ database, now: first.controlPlane.now() });
    await again.controlPlane.advance(3_000); // the wait is over
    await comes(again, 0, async () => expect(await again.deliveries('&state=delivered')).toMatchObject([{ attempts: 2 }]));
    expect(server.taken.map(({ to }) => to)).toEqual([['A@example.com', 'c@example.com'], ['b@example.com']]);
  });

  // Seen to fail when such a try counted as not made: what came twice was counted nowhere.
  it('that a server did not live to write down are counted', async () => {
    const database = await aDatabase();
    const receiver = await aReceiver();
    const first = await alerted({ database });
    const { id } = await first.channel(receiver);
    await eachFailure(first, id);
    receiver.next.push('hangs'); // taken, as far as anybody knows
    await first.failing();
    await receiver.wasCalled(1);
    await first.controlPlane.close();

    const again = await alerted({ database, now: first.controlPlane.now() });
    await again.controlPlane.advance(1_000);
    await receiver.has(1);
    await again.hasDeliveries(1, '&state=delivered');
    expect(await again.deliveries()).toMatchObject([{ attempts: 2 }]);
    expect(await troublesOf(again)).toEqual([['retried', 'answer_lost', 1]]);
  });

  // Each seen to fail: the try was neither in the attempts nor in the metric.
  it.each([
    ['dropped', (a: Alerted, id: string) => a.call('POST', `/alerts/deliveries/${id}/drop`)],
    ['channel_off', (a: Alerted) => passes(a, 25 * HOUR)],
  ])('that a server did not live to write down are counted also when the message is %s', async (reason, give) => {
    const database = await aDatabase();
    const receiver = await aReceiver();
    const first = await alerted({ database });
    const channel = await first.channel(receiver);
    await eachFailure(first, channel.id);
    receiver.next.push('hangs');
    await first.failing();
    await receiver.wasCalled(1);
    await first.controlPlane.close();

    const off = { name: channel.name, type: channel.type, config: { url: `${receiver.url}/hook` }, enabled: false };
    const again = await alerted({ database, now: first.controlPlane.now() });
    await again.call('PUT', `/alerts/channels/${channel.id}`, off);
    const [delivery] = await again.hasDeliveries(1, '&state=pending');
    await give(again, delivery?.id ?? '');
    await again.hasDeliveries(0, '&state=pending');
    expect(await again.deliveries()).toMatchObject([{ attempts: 1 }]);
    expect(await troublesOf(again)).toEqual([
      ['lost', reason, 1],
      ['retried', 'answer_lost', 1],
    ]);
  });

  // Seen to fail: it was counted as one that may have arrived.
  it('that cannot come, since nobody took the call, are no lost ones when the server stops', async () => {
    const database = await aDatabase();
    const first = await alerted({ database, alertGatherMs: 1_000 }); // what was sent is noted a while later
    const { id } = await first.channel(await nobody());
    await eachFailure(first, id);
    const failed = vi.fn();
    subscribe('undici:client:connectError', failed);
    onTestFinished(() => void unsubscribe('undici:client:connectError', failed));
    await first.failing();
    await comes(first, 100, () => expect(failed).toHaveBeenCalled());
    await setImmediate();
    await first.controlPlane.close();
    const again = await alerted({ database, now: first.controlPlane.now() });
    expect(await again.deliveries()).toMatchObject([
      { attempts: 1, lastAnswer: expect.stringContaining('refused the connection') },
    ]);
    expect(await troublesOf(again)).toEqual([]);
  });

  it('that came before the server stopped count, also those that say to try again', async () => {
    const database = await aDatabase();
    const receiver = await aReceiver();
    const first = await alerted({ database, alertGatherMs: 1_000 }); // what was sent is noted a while later
    const { id } = await first.channel(receiver);
    await eachFailure(first, id);
    receiver.next.push({ status: 503, body: 'away' });
    await first.failing();
    await comes(first, 100, () => receiver.wasCalled(1));
    await first.controlPlane.close();
    const again = await alerted({ database, now: first.controlPlane.now() });
    expect(await again.deliveries()).toMatchObject([{ attempts: 1, lastStatus: 503 }]);
  });
});

// Each seen to fail without shiftAlerts: nothing happened before the clock had come back to where it was.
describe('a clock that is set back holds up', () => {
  const setBack = async (a: Alerted): Promise<void> => {
    await a.controlPlane.advance(6_000); // what is noted as the last sign of life is of now
    await passes(a, -24 * HOUR);
  };

  it('no message that is to be tried again, and no channel that waits', async () => {
    const a = await alerted();
    const receiver = await aReceiver();
    const { id } = await a.channel(receiver);
    await eachFailure(a, id);
    receiver.next.push({ status: 429, headers: { 'retry-after': '60' } });
    await a.failing();
    await eventually(async () => expect(await a.deliveries('&state=pending')).toMatchObject([{ attempts: 1 }]));
    await setBack(a);
    expect(receiver.taken).toHaveLength(0);
    await a.controlPlane.advance(70_000);
    await receiver.has(1);
  });

  it('no incident that waits to be told, to be repeated and to be over', async () => {
    const a = await alerted();
    const receiver = await aReceiver();
    const { id } = await a.channel(receiver);
    const waits = { groupWaitMs: 60_000, repeatIntervalMs: HOUR, resolveAfterMs: 3 * HOUR };
    await a.rule({ events: ['pipeline_failed'], channels: [id], ...waits });
    await a.failing();
    await a.hasIncidents(1);
    await setBack(a);
    await a.controlPlane.advance(60_000);
    await receiver.has(1);
    await setBack(a);
    await passes(a, HOUR);
    await receiver.has(2);
    await setBack(a);
    await passes(a, 2 * HOUR);
    await a.hasIncidents(1, '&status=resolved');
  });
});
