import { describe, expect, it } from 'vitest';
import { healthOf } from '../health/support.js';
import { alerted, aReceiver } from './alerts-support.js';
import { aGrpcCollector } from './grpc-double.js';
import { type Integrated, integrated, integratedBy } from './integrations-support.js';
import { aProvider } from './provider.js';

const GRAFANA = { token: 't'.repeat(20) };
const PERIOD = 300_000;
const AGAIN = 60_000;
const LOOK = 10_000;
const FRESH_MS = 1_000; // what health knows

const componentOf = async (h: Integrated) => {
  await h.controlPlane.advance(FRESH_MS);
  return (await healthOf(h)).body.components.integrations;
};

const refuses = { status: 401, body: 'no such token' };

/** Goes to a moment after the start, where the look of that moment begins its calls: none of them runs out of time by it. */
function timesOf(h: Integrated) {
  const start = h.controlPlane.now();
  return {
    goTo: (ms: number) => h.controlPlane.advance(start + ms - h.controlPlane.now()),
    at: (ms: number) => new Date(start + ms).toISOString(),
  };
}

describe('a quiet integration', () => {
  // Seen to fail without the loop: no call in three hours, and the status said untested.
  it('is tested in the background, and a token that has ended is told by status, health and an alert alike', async () => {
    const token = { isGood: true };
    const grafana = await aProvider(({ path }) => (token.isGood || path === '/api/health' ? { status: 200 } : refuses));
    const a = await alerted();
    const h = integratedBy(a);
    const { goTo, at } = timesOf(h);
    const receiver = await aReceiver();
    await a.rule({ events: ['integration_check_failing'], channels: [(await a.channel(receiver)).id] });
    await h.configure('grafana', { ...GRAFANA, url: grafana.url });
    await goTo(PERIOD - 1);
    expect(grafana.calls).toBe(0);
    await goTo(PERIOD);
    await h.shows('grafana', { status: 'ok', lastTestedAt: at(PERIOD) });
    expect(grafana.calls).toBe(2);
    token.isGood = false;
    for (const moment of [2 * PERIOD, 2 * PERIOD + AGAIN, 2 * PERIOD + 2 * AGAIN]) {
      await goTo(moment);
      const { lastError } = await h.shows('grafana', { status: 'failing', lastTestedAt: at(moment) });
      expect(lastError?.message).toBe('Grafana answered 401: no such token');
    }
    expect(await componentOf(h)).toMatchObject({ status: 'degraded', enabled: 1, failing: 1 });
    await h.controlPlane.advance(LOOK);
    await a.hasIncidents(1, '&status=open');
    await receiver.has(1);
    token.isGood = true;
    await goTo(2 * PERIOD + 3 * AGAIN);
    await h.shows('grafana', { status: 'ok', lastTestedAt: at(2 * PERIOD + 3 * AGAIN) });
    expect(await componentOf(h)).toMatchObject({ status: 'healthy', failing: 0 });
    await h.controlPlane.advance(LOOK);
    await a.hasIncidents(1, '&status=resolved');
  });

  it('is left alone while deliveries succeed, when it is off, and when its test would leave something there', async () => {
    const takes = () => aProvider(({ path }) => ({ status: path === '/gelf' ? 202 : 200 }));
    const [grafana, datadog, graylog] = [await takes(), await takes(), await takes()];
    const h = await integrated({ outboundTimeoutMs: 60_000 });
    await h.configure('grafana', { ...GRAFANA, url: grafana.url });
    await h.configure('datadog', { apiUrl: datadog.url, apiKey: 'k' }, { enabled: false });
    await h.configure('graylog', { url: graylog.url });
    for (const sent of [1, 2, 3]) {
      await h.controlPlane.advance(PERIOD - 2 * LOOK);
      await h.failing({ name: `order-${sent}` });
      await h.controlPlane.advance(1_000);
      await h.shows('grafana', { sent });
      await h.shows('graylog', { sent: 2 * sent });
    }
    expect(grafana.taken.map(({ method }) => method)).toEqual(['POST', 'POST', 'POST']);
    await h.controlPlane.advance(PERIOD + LOOK);
    await grafana.has(5);
    expect(grafana.taken.slice(3).map(({ method }) => method)).toEqual(['GET', 'GET']);
    expect([datadog.calls, graylog.calls]).toEqual([0, 6]);
  });

  it('is not tested at all with a period of 0', async () => {
    const grafana = await aProvider(() => ({ status: 200 }));
    const h = await integrated({ integrationCheckMs: 0 });
    await h.configure('grafana', { ...GRAFANA, url: grafana.url });
    await h.controlPlane.advance(3 * PERIOD);
    expect(grafana.calls).toBe(0);
    await h.shows('grafana', { status: 'untested' });
  });

  it('that hangs holds up no other, nor the server', async () => {
    const [grafana, collector] = [await aProvider(() => ({ status: 200 })), await aGrpcCollector()];
    grafana.next.push('hangs');
    const h = await integrated();
    await h.configure('grafana', { ...GRAFANA, url: grafana.url });
    await h.configure('opentelemetry', { endpoint: collector.url, protocol: 'grpc' });
    await h.controlPlane.advance(PERIOD);
    await grafana.wasCalled(1);
    await h.shows('opentelemetry', { status: 'ok' });
    await h.shows('grafana', { status: 'untested' });
    await h.controlPlane.advance(LOOK);
    expect((await h.shows('grafana', { status: 'failing' })).lastError?.message).toContain('did not answer');
  });

  it('that names nothing to try stays untested', async () => {
    const datadog = await aProvider(() => ({ status: 200 }));
    const h = await integrated();
    await h.configure('opentelemetry', { traceBackendUrl: 'http://localhost:3000' });
    await h.configure('datadog', { apiUrl: datadog.url, apiKey: 'k' });
    await h.controlPlane.advance(PERIOD);
    await h.shows('datadog', { status: 'ok' }); // looked at after the other
    const { status, lastTestedAt } = await h.status('opentelemetry');
    expect([status, lastTestedAt]).toEqual(['untested', undefined]);
  });
});

describe('a test of a stored config', () => {
  // Seen to fail while a test did not count: status said failing, health none, and no alert could come of it.
  it('counts as a failure until one succeeds', async () => {
    const grafana = await aProvider(() => ({ status: 200 }));
    const h = await integrated({ integrationCheckMs: 0 });
    await h.configure('grafana', { ...GRAFANA, url: grafana.url });
    grafana.next.push(refuses, refuses, refuses);
    for (let failed = 0; failed < 3; failed++) expect(await h.test('grafana')).toMatchObject({ ok: false });
    expect(await h.status('grafana')).toMatchObject({ status: 'failing' });
    expect(await componentOf(h)).toMatchObject({ status: 'degraded', failing: 1 });
    expect(await h.test('grafana')).toMatchObject({ ok: true });
    expect(await h.status('grafana')).toMatchObject({ status: 'ok' });
    expect(await componentOf(h)).toMatchObject({ status: 'healthy', failing: 0 });
  });

  // Seen to fail: ok, and a last success, for a test that called nobody.
  it('that names nothing to try is no success and no failure', async () => {
    const h = await integrated();
    await h.configure('opentelemetry', { traceBackendUrl: 'http://localhost:3000' });
    await h.configure('alerts', { events: 'stage_failed' });
    for (const type of ['opentelemetry', 'alerts'] as const) {
      expect(await h.test(type)).toMatchObject({ ok: false, message: expect.stringMatching(/^Nothing was tried: /) });
      const status = await h.status(type);
      expect(status).toMatchObject({ status: 'untested' });
      expect(status.lastSuccessAt).toBeUndefined();
      expect(status.lastError).toBeUndefined();
    }
  });
});
