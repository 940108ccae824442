import { describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.js';
import { type Alerted, alerted, aReceiver } from './alerts-support.js';
import type { Answer, Provider } from './provider.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** A failure whose message was answered like this, and what became of it. */
async function answered(answer: (a: Alerted) => Answer, times: number, more = {}, options = {}) {
  const a = await alerted(options);
  const receiver = await aReceiver();
  const { id } = await a.channel(receiver, more);
  await a.rule({ events: ['pipeline_failed'], channels: [id], repeatIntervalMs: 0 });
  receiver.next.push(...Array<Answer>(times).fill(answer(a)));
  await a.failing();
  const [tried] = await eventually(async () => {
    const deliveries = await a.deliveries();
    expect(deliveries).toMatchObject([{ attempts: 1 }]);
    return deliveries;
  });
  return { a, receiver, tried };
}

/** Second by second, so that each try is answered before the next. */
async function callsWithin(a: Alerted, receiver: Provider, ms: number): Promise<number> {
  for (let passed = 0; passed < ms; passed += 1_000) {
    await a.controlPlane.advance(1_000);
    await a.controlPlane.advance(0);
  }
  return receiver.calls;
}

describe('what a provider says of the next try', () => {
  // Each but that of garbage seen to fail while they were a wait of no time: the provider was asked each second, for a day.
  it.each(['0', '-5', 'soon', 'Fri, 02 Jan 2015 03:04:05 GMT'])(
    'Retry-After: %s does not have it asked without growing waits',
    async (value) => {
      const { a, receiver } = await answered(() => ({ status: 503, headers: { 'retry-after': value } }), 500);
      const calls = await callsWithin(a, receiver, 2 * MINUTE);
      expect(calls).toBeGreaterThan(2);
      expect(calls).toBeLessThan(15);
    },
  );

  it.each([
    ['seconds', () => '86400', HOUR],
    ['a date', (a: Alerted) => new Date(a.controlPlane.now() + 24 * HOUR).toUTCString(), HOUR],
    ['a near date', (a: Alerted) => new Date(a.controlPlane.now() + 10 * MINUTE).toUTCString(), 10 * MINUTE],
  ])('%s are waited for, at most an hour', async (_, value, ms) => {
    const { a, receiver } = await answered((a) => ({ status: 429, headers: { 'retry-after': value(a) } }), 1);
    await a.controlPlane.jump(ms - 10_000);
    await callsWithin(a, receiver, 5_000);
    expect(receiver.calls).toBe(1);
    await callsWithin(a, receiver, 10_000);
    await receiver.has(1);
  });
});

describe('words of a provider', () => {
  const KEY = 'canary-9f2b7c1d-of-a-gateway';
  const MOST = 1_024;
  const gateway = (provider: Provider) => ({
    type: 'gateway' as const,
    config: { url: `${provider.url}/send`, headers: JSON.stringify({ 'x-key': KEY }) },
  });
  const said = async (body: string): Promise<string> => {
    const a = await alerted({ outboundMaxBytes: MOST });
    const receiver = await aReceiver();
    const { id } = await a.channel(receiver, gateway(receiver));
    await a.rule({ events: ['pipeline_failed'], channels: [id] });
    receiver.next.push({ status: 400, body });
    await a.failing();
    const [failed] = await a.hasDeliveries(1, '&state=failed');
    return String(failed?.lastAnswer);
  };

  // Seen to fail: what was read ended within the secret, whose beginning was no secret any more.
  it.each([1, 7, KEY.length - 1])('that were read up to %i characters of a secret show none of them', async (shown) => {
    const words = await said(`no such key:${' '.repeat(MOST - 12 - shown)}${KEY} and more`);
    expect(words).toMatch(/no such key:$/);
  });

  it('that are longer than what is kept lose their secrets before they are cut', async () => {
    for (let before = 500 - 40; before < 500; before += 4)
      expect(await said(`${'x'.repeat(before)}${KEY}`)).not.toContain('canary');
  });

  // Seen to fail: the words were read by a pattern of the whole secret, which is no pattern any more when it is so long.
  it('are shown without a secret of any length, and the message counts', async () => {
    const key = `canary-${'é'.repeat(2_500)}`;
    const a = await alerted();
    const receiver = await aReceiver();
    const config = { url: `${receiver.url}/send`, headers: JSON.stringify({ 'x-key': key }) };
    const { id } = await a.channel(receiver, { type: 'gateway', config });
    await a.rule({ events: ['pipeline_failed'], channels: [id], repeatIntervalMs: 0 });
    receiver.next.push({ status: 200, body: `{"taken": "${key}"}` });
    await a.failing();
    const [delivered] = await a.hasDeliveries(1, '&state=delivered');
    expect(delivered).toMatchObject({ attempts: 1, lastAnswer: '{"taken": "[redacted]"}' });
    receiver.next.push({ status: 200, body: `{"taken": "${key}"}` });
    const tested = await a.call('POST', `/alerts/channels/${id}/test`);
    expect(tested).toMatchObject({ ok: true, answer: '{"taken": "[redacted]"}' });
  });

  // Seen to fail: the server stood still for ten seconds, and its other calls with it.
  it('that are nothing but white space are read as fast as others', async () => {
    const a = await alerted();
    const receiver = await aReceiver();
    const config = { url: `${receiver.url}/send`, headers: '\n{"authorization": "Bearer abcdefgh"}' };
    const { id } = await a.channel(receiver, { type: 'gateway', config });
    for (const body of Array.from({ length: 20 }, () => ' '.repeat(65_000))) {
      receiver.next.push({ status: 500, body });
      expect(await a.call('POST', `/alerts/channels/${id}/test`)).toMatchObject({ ok: false, status: 500 });
    }
  });
});
