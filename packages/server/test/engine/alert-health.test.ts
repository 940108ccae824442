import { expect, it } from 'vitest';
import { healthOf } from '../health/support.js';
import { eventually } from '../support/eventually.js';
import { type Alerted, alerted, aReceiver } from './alerts-support.js';
import { metricsOf } from './metrics-support.js';

const FRESH_MS = 1_000;
const MINUTE = 60_000;
const SECRET = `whsec_${'a'.repeat(32)}`;

const componentOf = async (a: Alerted) => (await healthOf(a)).body.components.alerts;

const becomes = (a: Alerted, wanted: object): Promise<void> =>
  eventually(async () => {
    await a.controlPlane.advance(FRESH_MS);
    expect(await componentOf(a)).toMatchObject(wanted);
  });

// Seen to fail without the component.
it('health is degraded while a channel fails again and again, or was disabled, and names its kind', async () => {
  const a = await alerted();
  const receiver = await aReceiver();
  expect(await componentOf(a)).toEqual({
    status: 'healthy',
    queued: 0,
    oldest_ms: 0,
    failing: 0,
    disabled: 0,
    parked: 0,
    issues: [],
  });
  const { id, name } = await a.channel(receiver);
  await a.rule({ events: ['pipeline_failed'], channels: [id], groupBy: ['pipeline_id'] });
  receiver.next.push({ status: 503 }, { status: 503 }, { status: 503 }, { status: 410 });
  await a.failing();
  await becomes(a, { status: 'degraded', queued: 1, failing: 1, disabled: 0 });
  expect((await componentOf(a))?.issues).toEqual(['Alerts do not reach channels: webhook. GET /alerts/channels says why.']);
  await becomes(a, { status: 'degraded', queued: 0, failing: 0, disabled: 1 });
  await a.call('PUT', `/alerts/channels/${id}`, { name, type: 'webhook', config: { url: `${receiver.url}/x`, secret: SECRET } });
  await becomes(a, { status: 'healthy', failing: 0, disabled: 0 });
});

// Seen to fail without the limit.
it('health is degraded when a message waits for long', async () => {
  const a = await alerted();
  const receiver = await aReceiver();
  const { id } = await a.channel(receiver);
  await a.rule({ events: ['pipeline_failed'], channels: [id] });
  receiver.next.push({ status: 429, headers: { 'retry-after': '3600' } });
  await a.failing();
  await becomes(a, { status: 'healthy', queued: 1 });
  await a.controlPlane.advance(6 * MINUTE);
  await becomes(a, { status: 'degraded', failing: 0, issues: ['A message of an alert has waited for 6 minutes.'] });
});

// Seen to fail when nothing is observed.
it('metrics tell how long messages took, by kind of channel and outcome', async () => {
  const a = await alerted();
  const receiver = await aReceiver();
  const { id } = await a.channel(receiver);
  await a.rule({ events: ['pipeline_failed'], channels: [id], groupBy: ['pipeline_id'] });
  receiver.next.push({ status: 429, headers: { 'retry-after': '90' } });
  await a.failing();
  await becomes(a, { queued: 1 });
  await a.controlPlane.advance(91_000);
  await a.hasDeliveries(1, '&state=delivered');
  receiver.next.push({ status: 400 });
  await a.failing();
  await a.hasDeliveries(1, '&state=failed');
  const name = 'pipelogiq_alert_delivery_latency_seconds';
  const metrics = await metricsOf(a);
  for (const outcome of ['delivered', 'retried', 'failed'])
    expect(metrics.value(`${name}_count`, { channel_type: 'webhook', outcome }), outcome).toBe(1);
  const seconds = metrics.value(`${name}_sum`, { channel_type: 'webhook', outcome: 'delivered' });
  expect(seconds).toBeGreaterThanOrEqual(90);
  expect(seconds).toBeLessThan(110);
});
