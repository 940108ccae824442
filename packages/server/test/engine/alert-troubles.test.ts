import { expect, it } from 'vitest';
import { eventually } from '../support/eventually.js';
import { type Alerted, alerted, aReceiver } from './alerts-support.js';
import { metricsOf } from './metrics-support.js';

const NAME = 'pipelogiq_alert_delivery_failures_total';
const MINUTE = 60_000;

/** Moves the clock until they are these, by outcome and reason. */
const becomes = (a: Alerted, wanted: { [trouble: string]: number }, outcome = /./): Promise<void> =>
  eventually(async () => {
    await a.controlPlane.advance(1_000);
    await a.controlPlane.advance(0);
    const lines = (await metricsOf(a)).lines.filter(({ name, labels }) => name === NAME && outcome.test(labels.outcome ?? ''));
    expect(lines.every(({ labels }) => labels.channel_type === 'webhook')).toBe(true);
    expect(Object.fromEntries(lines.map(({ labels, value }) => [`${labels.outcome} ${labels.reason}`, value]))).toEqual(wanted);
  });

async function aChannel(options = {}) {
  const a = await alerted({ outboundTimeoutMs: 1_000, ...options });
  const receiver = await aReceiver();
  const { id, name, type } = await a.channel(receiver);
  await a.rule({
    events: ['pipeline_failed'],
    channels: [id],
    groupBy: ['pipeline_id'],
    repeatIntervalMs: 0,
    notifyResolved: false,
  });
  const switchOff = () =>
    a.call('PUT', `/alerts/channels/${id}`, {
      name,
      type,
      enabled: false,
      config: { url: `${receiver.url}/hook`, secret: `whsec_${'a'.repeat(32)}` },
    });
  return { a, receiver, switchOff };
}

// Seen to fail before there was one: a metric said how many tries failed, and not why.
it('tries that fail are counted by reason', async () => {
  const { a, receiver } = await aChannel();
  receiver.next.push({ status: 503 }, { status: 429, headers: { 'retry-after': '2' } }, { status: 425 }, 'hangs', {
    status: 400,
  });
  await a.failing();
  const retried = { 'retried server_error': 1, 'retried rate_limited': 1, 'retried not_now': 1, 'retried timeout': 1 };
  await becomes(a, { ...retried, 'lost refused': 1 });
  receiver.next.push({ status: 410 });
  await a.failing();
  await becomes(a, { ...retried, 'lost refused': 1, 'lost gone': 1 });
});

it('messages that are lost are counted by reason, also those that were never tried', async () => {
  const { a, receiver, switchOff } = await aChannel({ alertMaxQueued: 1, alertGiveUpMs: MINUTE });
  receiver.next.push(...Array(200).fill({ status: 503 }));
  await a.failing();
  await a.failing();
  await becomes(a, { 'lost backlog_full': 1 }, /lost/);
  const [waiting] = await a.hasDeliveries(1, '&state=pending');
  await a.call('POST', `/alerts/deliveries/${waiting?.id}/drop`);
  await becomes(a, { 'lost backlog_full': 1, 'lost dropped': 1 }, /lost/);
  await a.failing();
  await becomes(a, { 'lost backlog_full': 1, 'lost dropped': 1, 'lost too_old': 1 }, /lost/);
  await a.failing();
  await a.hasDeliveries(1, '&state=pending');
  await switchOff();
  await becomes(a, { 'lost backlog_full': 1, 'lost dropped': 1, 'lost too_old': 1, 'lost channel_off': 1 }, /lost/);
});
