import { describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.js';
import { aDatabaseFile } from '../support/files.js';
import { aFreshDatabase } from '../support/stores.js';
import { type Integrated, integrated } from './integrations-support.js';
import { aProvider, type Provider } from './provider.js';

const taking = () => aProvider(() => ({ status: 200 }));
const GRAFANA = { token: 't'.repeat(20) };

/** As `integrated`, with Grafana at `provider`. */
async function withGrafana(provider: Provider, options: object = {}): Promise<Integrated> {
  const h = await integrated(options);
  await h.configure('grafana', { ...GRAFANA, url: provider.url });
  return h;
}

describe('deliveries to integrations', () => {
  it('are tried again with growing waits, and nothing is lost', async () => {
    const grafana = await taking();
    grafana.next.push({ status: 503 }, { status: 500 }, { status: 502 });
    const h = await withGrafana(grafana);
    await h.failing({ name: 'one' });
    await h.controlPlane.advance(0);
    const failing = await h.shows('grafana', { status: 'failing', queued: 1 });
    expect(failing.lastError?.message).toBe('Grafana answered 503');
    expect(Date.parse(failing.nextTryAt ?? '') - h.controlPlane.now()).toBeGreaterThanOrEqual(500);
    await h.failing({ name: 'two' });
    await h.controlPlane.advance(400);
    expect(grafana.calls).toBe(1); // before its time nothing is tried, whatever else happens
    const started = h.controlPlane.now();
    await eventually(async () => {
      await h.controlPlane.advance(1_000);
      expect(grafana.taken).toHaveLength(2);
    });
    expect(h.controlPlane.now() - started).toBeGreaterThan(3_000); // half a second, a second and two at least
    await grafana.has(2);
    expect(grafana.taken.map(({ body }) => (body as { tags: string[] }).tags[3])).toEqual(['one', 'two']);
    await h.shows('grafana', { status: 'ok', sent: 2, queued: 0, dropped: 0 });
  });

  it('wait as long as Retry-After says', async () => {
    const grafana = await taking();
    grafana.next.push({ status: 429, headers: { 'retry-after': '90' } });
    const h = await withGrafana(grafana);
    await h.failing();
    await h.controlPlane.advance(0);
    await h.shows('grafana', { nextTryAt: new Date(h.controlPlane.now() + 90_000).toISOString() });
    await h.controlPlane.advance(89_000);
    expect(grafana.calls).toBe(1);
    await h.controlPlane.advance(2_000);
    await grafana.has(1);
  });

  it('are given up when they are refused for good, alone, and counted', async () => {
    const loki = await aProvider(({ text }) => (text.includes('bad') ? { status: 400, body: 'entry refused' } : { status: 204 }));
    const h = await integrated();
    await h.configure('loki', { url: loki.url });
    for (const name of ['good', 'bad', 'fine']) await h.failing({ name });
    await h.controlPlane.advance(0);
    await h.shows('loki', { sent: 4, dropped: 2, queued: 0, status: 'ok' });
    expect((await h.status('loki')).lastError?.message).toBe('Grafana Loki answered 400: entry refused');
  });

  it('go through once wrong credentials are put right', async () => {
    const grafana = await aProvider(({ headers }) => ({ status: headers.authorization === 'Bearer right' ? 200 : 401 }));
    const h = await integrated();
    await h.configure('grafana', { url: grafana.url, token: 'wrong' });
    await h.failing();
    await h.controlPlane.advance(0);
    await h.shows('grafana', { status: 'failing', queued: 1 });
    await h.configure('grafana', { url: grafana.url, token: 'right' });
    await h.controlPlane.advance(0);
    await grafana.has(1);
    await h.shows('grafana', { status: 'ok', queued: 0 });
  });

  it('are not held up by an integration that hangs, and neither is anything else', async () => {
    const [hangs, answers] = [await taking(), await taking()];
    hangs.next.push('hangs');
    const h = await withGrafana(hangs);
    await h.configure('datadog', { apiUrl: answers.url, apiKey: 'k'.repeat(20) });
    await h.failing({ name: 'one' });
    await h.controlPlane.advance(0);
    await hangs.wasCalled(1);
    await answers.has(1);
    await h.failing({ name: 'two' }); // commits go on
    await h.controlPlane.advance(0);
    await answers.has(2);
    expect(hangs.calls).toBe(1); // its second waits behind the first
    await h.controlPlane.advance(10_000);
    const { lastError } = await h.shows('grafana', { status: 'failing', queued: 2 });
    expect(lastError?.message).toMatch(/^127\.0\.0\.1:\d+ did not answer within 10000 ms\.$/);
    await h.controlPlane.advance(2_000);
    await hangs.has(2);
  });

  it('are refused for addresses that are not allowed, and said so', async () => {
    const grafana = await taking();
    const h = await withGrafana(grafana, { outboundAllow: '10.0.0.0/8' });
    expect(await h.test('grafana')).toMatchObject({
      ok: false,
      message: expect.stringContaining('Allow it with --outbound-allow'),
    });
    await h.failing();
    await h.controlPlane.advance(0);
    await h.shows('grafana', { status: 'failing', queued: 1 });
    expect(grafana.calls).toBe(0);
  });

  it('survive a server that ends while they are under way', async () => {
    const database = (await aFreshDatabase()) === ':memory:' ? aDatabaseFile() : await aFreshDatabase();
    const grafana = await taking();
    grafana.next.push('hangs');
    const first = await withGrafana(grafana, { database });
    await first.failing({ name: 'one' });
    await first.failing({ name: 'two' });
    await first.controlPlane.advance(0);
    await grafana.wasCalled(1);
    const now = first.controlPlane.now();
    await first.controlPlane.close();
    const second = await integrated({ database, seed: 2, now });
    await second.controlPlane.advance(1_000);
    await grafana.has(2);
    expect(grafana.taken.map(({ body }) => (body as { tags: string[] }).tags[3])).toEqual(['one', 'two']);
    await second.shows('grafana', { sent: 2, queued: 0 });
  });

  it('come again after a claim whose server is gone', async () => {
    const grafana = await taking();
    grafana.next.push('hangs');
    const isAlone = (await aFreshDatabase()) === ':memory:';
    const database = isAlone ? aDatabaseFile() : await aFreshDatabase();
    const dead = await withGrafana(grafana, { database, outboundTimeoutMs: 1_000 });
    await dead.failing();
    await dead.controlPlane.advance(0);
    await grafana.wasCalled(1);
    // `dead` is not told any time any more: as good as killed. Its claim ends after 20 seconds.
    const living = await integrated({ database, seed: 2, now: dead.controlPlane.now(), outboundTimeoutMs: 1_000 });
    if (!isAlone) {
      await living.controlPlane.advance(19_000);
      expect(grafana.calls).toBe(1);
    }
    await living.controlPlane.advance(2_000); // where there can be no other server, its claims are void at once
    await grafana.has(1);
    await living.shows('grafana', { queued: 0, sent: 1 });
  });

  it('are dropped when they are too old or too many, and counted', async () => {
    const grafana = await taking();
    const h = await withGrafana(grafana, { integrationMaxAgeMs: 120_000, integrationCheckMs: 0 }); // a test would have the last word
    grafana.next.push(...Array.from({ length: 100 }, () => ({ status: 503 })));
    await h.failing();
    await h.controlPlane.advance(60_000);
    await h.shows('grafana', { queued: 1, dropped: 0 });
    await h.controlPlane.advance(130_000);
    const { lastError } = await h.shows('grafana', { queued: 0, dropped: 1 });
    expect(lastError?.message).toContain('too old, or too many');
  });

  it('tell of a storm of failures no more than they can', async () => {
    const datadog = await taking();
    const h = await integrated();
    await h.configure('datadog', { apiUrl: datadog.url, apiKey: 'k'.repeat(20), stageFailures: true, pipelineFailures: false });
    const stages = Array.from({ length: 300 }, (_, at) => ({ name: `s${at}`, handler: 'a', dependsOn: [], maxAttempts: 1 }));
    await h.create({ stages });
    const worker = await h.worker();
    const jobs = await worker.pull({ maxJobs: 300 });
    const nacks = jobs.map(({ id, fencingToken }) => ({ id, fencingToken, error: { code: 'storm', message: 'm' } }));
    await worker.post('/jobs/nack', { nacks });
    await h.controlPlane.advance(0);
    await eventually(async () => expect((await h.status('datadog')).queued).toBe(0));
    expect(await h.status('datadog')).toMatchObject({ sent: 200 });
  });

  it('tell what failed as it was, although it ran again meanwhile', async () => {
    const sentry = await taking();
    sentry.next.push({ status: 503 });
    const h = await integrated();
    await h.configure('sentry', { dsn: `${sentry.url.replace('://', '://key@')}/1` });
    const { id, job } = await h.failing({ error: { code: 'first_error', message: 'as it was' } });
    await h.controlPlane.advance(0);
    await h.shows('sentry', { queued: 1, status: 'failing' });
    await h.call('POST', `/stages/${job.id}/rerun`, {});
    await h.controlPlane.advance(5_000);
    await sentry.has(1);
    expect(sentry.taken[0]?.text).toContain('as it was');
    expect((await h.statuses(id)).charge).toBe('pending');
  });
});
