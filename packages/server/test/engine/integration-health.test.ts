import { expect, it } from 'vitest';
import { healthOf } from '../health/support.js';
import { type Integrated, integrated } from './integrations-support.js';
import { metricsOf } from './metrics-support.js';
import { aProvider } from './provider.js';

const GRAFANA = { token: 't'.repeat(20) };
const FRESH_MS = 1_000;

const componentOf = async (h: Integrated) => (await healthOf(h)).body.components.integrations;

// Seen to fail without the component, and when one failure counts.
it('is degraded while an enabled integration fails again and again, and names its kind', async () => {
  const grafana = await aProvider(() => ({ status: 200 }));
  const h = await integrated();
  expect(await componentOf(h)).toEqual({ status: 'healthy', enabled: 0, failing: 0, issues: [] });
  await h.configure('grafana', { ...GRAFANA, url: grafana.url });
  grafana.next.push({ status: 401 }, { status: 401 }, { status: 401 });
  await h.failing();
  await h.controlPlane.advance(0);
  await h.shows('grafana', { status: 'failing' });
  await h.controlPlane.advance(FRESH_MS);
  expect(await componentOf(h)).toMatchObject({ status: 'healthy', enabled: 1, failing: 0 });
  for (const calls of [2, 3]) {
    await h.controlPlane.advance(2_000);
    await grafana.wasCalled(calls);
    await h.shows('grafana', { status: 'failing' });
  }
  await h.controlPlane.advance(FRESH_MS);
  const { status, body } = await healthOf(h);
  expect([status, body.status]).toEqual([200, 'degraded']);
  expect(body.components.integrations).toMatchObject({
    status: 'degraded',
    enabled: 1,
    failing: 1,
    issues: ['Integrations cannot be told: grafana. GET /observability/status says why.'],
  });
  await h.configure('grafana', { ...GRAFANA, url: grafana.url }, { enabled: false });
  await h.controlPlane.advance(FRESH_MS);
  expect(await componentOf(h)).toMatchObject({ status: 'healthy', enabled: 0, failing: 0 });
});

// Seen to fail when nothing is observed, and when it is at the first try.
it('measures how long a delivery took from its commit on, retries included', async () => {
  const grafana = await aProvider(() => ({ status: 200 }));
  grafana.next.push({ status: 503, headers: { 'retry-after': '90' } });
  const h = await integrated();
  await h.configure('grafana', { ...GRAFANA, url: grafana.url });
  await h.failing();
  await h.controlPlane.advance(0);
  await h.shows('grafana', { status: 'failing' });
  const name = 'pipelogiq_integration_delivery_latency_seconds';
  expect((await metricsOf(h)).value(`${name}_count`, { integration: 'grafana' })).toBe(0);
  await h.controlPlane.advance(91_000);
  await h.shows('grafana', { status: 'ok', sent: 1 });
  const metrics = await metricsOf(h);
  expect(metrics.value(`${name}_count`, { integration: 'grafana' })).toBe(1);
  const seconds = metrics.value(`${name}_sum`, { integration: 'grafana' });
  expect(seconds).toBeGreaterThanOrEqual(90);
  expect(seconds).toBeLessThan(95);
});
