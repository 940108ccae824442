import type { Channel } from '@pipelogiq/protocol';
import { expect, it } from 'vitest';
import { eventually } from '../support/eventually.js';
import { type Alerted, alerted } from './alerts-support.js';
import { aProvider, type Provider } from './provider.js';

const ACCOUNT = {
  accountSid: `AC${'0'.repeat(32)}`,
  authToken: 'a token of the account',
  from: '+15005550006',
  to: '+491701234567',
};

async function aPhone(): Promise<{ a: Alerted; phone: Provider; call(more?: object): Promise<Channel> }> {
  const a = await alerted();
  const phone = await aProvider(() => ({ status: 201, body: '{"sid":"CA1","status":"queued"}' }));
  const call = (more = {}) =>
    a.channel(phone, { type: 'twilio_voice', config: { ...ACCOUNT, apiUrl: phone.url, ...more } }) as Promise<Channel>;
  return { a, phone, call };
}

const saidTo = ({ taken }: Provider): string[] =>
  taken.map(({ text }) => /Alert|Resolved/.exec(new URLSearchParams(text).get('Twiml') ?? '')?.[0] ?? '');

// Seen to fail when a row was queued for what is not called about: it was given up, and the channel failing after each incident.
it('a call says nothing of acknowledgements and ends, and has not failed for that', async () => {
  const { a, phone, call } = await aPhone();
  const { id } = await call();
  await a.rule({ events: ['pipeline_failed'], channels: [id], groupBy: ['pipeline'], repeatIntervalMs: 0 });
  await a.failing();
  const [incident] = await a.hasIncidents(1);
  await a.hasDeliveries(1, '&state=delivered');
  await a.call('POST', `/alerts/incidents/${incident?.id}/ack`);
  await a.passing();
  await a.hasIncidents(1, '&status=resolved');
  await a.failing('refund'); // what was queued for the end goes before this
  await a.hasDeliveries(2, '&state=delivered');
  expect(await a.deliveries()).toHaveLength(2);
  expect(await a.call<Channel>('GET', `/alerts/channels/${id}`)).toMatchObject({
    status: 'ok',
    delivered: 2,
    failed: 0,
    queued: 0,
  });
  expect(saidTo(phone)).toEqual(['Alert', 'Alert']);
});

it('a call says that it is over when that is wanted', async () => {
  const { a, phone, call } = await aPhone();
  const { id } = await call({ resolved: true });
  await a.rule({ events: ['pipeline_failed'], channels: [id], groupBy: ['pipeline'], repeatIntervalMs: 0 });
  await a.failing();
  await phone.has(1);
  await a.passing();
  await phone.has(2);
  await a.hasDeliveries(2, '&state=delivered');
  expect(saidTo(phone)).toEqual(['Alert', 'Resolved']);
});

// Seen to fail when it was refused: the channel was failing.
it('a call that is wanted no more when its time comes is left out, and has not failed', async () => {
  const { a, phone, call } = await aPhone();
  const { id, name, type } = await call({ resolved: true });
  await a.rule({ events: ['pipeline_failed'], channels: [id], groupBy: ['pipeline'], repeatIntervalMs: 0 });
  await a.failing();
  await a.hasDeliveries(1, '&state=delivered');
  phone.next.push({ status: 429, headers: { 'retry-after': '60' } });
  await a.passing();
  await eventually(async () => expect(await a.deliveries('&state=pending')).toMatchObject([{ attempts: 1, lastStatus: 429 }]));
  await a.call('PUT', `/alerts/channels/${id}`, { name, type, config: { ...ACCOUNT, apiUrl: phone.url } });
  await a.controlPlane.advance(61_000);
  await a.controlPlane.advance(0);
  await a.hasDeliveries(1, '&state=dropped');
  expect(await a.call<Channel>('GET', `/alerts/channels/${id}`)).toMatchObject({ delivered: 1, failed: 0, queued: 0 });
  expect(phone.calls).toBe(2);
});
