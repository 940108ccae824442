import { describe, expect, it } from 'vitest';
import type { IntegrationConfigRow } from '../../src/store/store.js';
import type { TestOptions } from '../../src/testing/index.js';
import { ALLOWED, type Integrated, integratedBy } from '../engine/integrations-support.js';
import { aProvider, type Provider } from '../engine/provider.js';
import { aPostgresDatabase } from '../support/stores.js';
import { aStore, heldGroup, twoServers } from './support.js';

const CLAIM_MS = 20_000;

/** Two servers on one database, and Grafana, to which they tell of failed pipelines. */
async function integratedTwice(options: TestOptions = {}): Promise<{ a: Integrated; b: Integrated; grafana: Provider }> {
  const grafana = await aProvider(() => ({ status: 200 }));
  const { a, b } = await twoServers({ ...ALLOWED, ...options });
  const both = { a: integratedBy(a), b: integratedBy(b), grafana };
  await both.a.configure('grafana', { url: grafana.url, token: 't'.repeat(20) });
  return both;
}

const told = ({ taken }: Provider): unknown[] =>
  taken.flatMap(({ method, body }) => (method === 'POST' ? [(body as { tags: string[] }).tags[3]] : []));

describe('the deliveries of one integration by two servers', () => {
  // Seen to fail without renewals: "two" goes while "one" hangs.
  it('go one at a time, in order, however long one takes', async () => {
    const { a, b, grafana } = await integratedTwice({ outboundTimeoutMs: CLAIM_MS + 5_000 });
    grafana.next.push('hangs');
    await a.failing({ name: 'one' });
    await a.controlPlane.advance(0);
    await grafana.wasCalled(1);
    await b.failing({ name: 'two' });
    await b.controlPlane.advance(0);
    await a.controlPlane.advance(CLAIM_MS + 2_000);
    await b.controlPlane.jump(CLAIM_MS + 2_000);
    await b.failing({ name: 'three' }); // the server that does not lead looks when it has something to tell
    await b.controlPlane.advance(0);
    await b.test('grafana'); // calls of its own, after any that it began before
    expect(told(grafana)).toEqual([]);
    await a.controlPlane.advance(8_000);
    await b.shows('grafana', { status: 'ok', sent: 3, queued: 0, dropped: 0 });
    expect(told(grafana)).toEqual(['one', 'two', 'three']);
  });

  // Seen to fail when a claim does not look whether others are held.
  it('reach it once each, whoever queued them', async () => {
    const { a, b, grafana } = await integratedTwice();
    const names = Array.from({ length: 12 }, (_, at) => `p${String(at).padStart(2, '0')}`);
    for (const [at, name] of names.entries()) await (at % 2 === 0 ? a : b).failing({ name });
    await Promise.all([a.controlPlane.advance(0), b.controlPlane.advance(0)]);
    await a.controlPlane.advance(2_000);
    await grafana.has(names.length);
    expect(told(grafana)).toEqual(names);
    await a.shows('grafana', { sent: names.length, queued: 0 });
  });

  // Seen to fail when a server does not look whether it still holds its claim: it notes a failure of what the other delivered.
  it('are let go by a server that finds its claim taken over', async () => {
    const { a, b, grafana } = await integratedTwice();
    grafana.next.push('hangs');
    await a.failing({ name: 'one' });
    await a.controlPlane.advance(0);
    await grafana.wasCalled(1);
    await b.controlPlane.advance(CLAIM_MS + 1_000); // the time of the first stands still, as that of a process that was stopped
    await grafana.has(1);
    await b.shows('grafana', { sent: 1, queued: 0 });
    await a.controlPlane.advance(12_000);
    expect(grafana.calls).toBe(2);
    expect((await b.shows('grafana', { status: 'ok', sent: 1 })).lastError).toBeUndefined();
  });

  // Seen to fail when the claim does not lock the integration: neither sees what the other has not committed yet, and both get rows.
  it('are claimed by one of two that claim at the same time', async () => {
    const url = await aPostgresDatabase();
    const [one, other] = [await aStore(url), await aStore(url)];
    await one.transaction(async (tx, now) => {
      await tx.saveIntegration({ ...CONFIG, created_at: now, updated_at: now });
      const rows = Array.from({ length: 20 }, () => ({ config_id: 1, kind: 'mark' as const, payload: '{}' }));
      await tx.queueDeliveries(rows, now);
    });
    const claimBy = (store: typeof one, holder: string) =>
      heldGroup(store, ({ tx, now }) => tx.claimDeliveries(1, { holder, heldUntil: now + CLAIM_MS, now, limit: 10 }));
    const [first, second] = [claimBy(one, 'one'), claimBy(other, 'other')];
    await Promise.all([first.ran, second.ran]);
    first.commit();
    second.commit();
    const claimed = [await first.committed, await second.committed].map((claim) => claim?.rows.length ?? 0);
    expect(claimed.sort()).toEqual([0, 10]);
    const third = claimBy(other, 'other');
    third.commit();
    expect((await third.committed)?.rows).toEqual([]);
  });
});

const CONFIG: Omit<IntegrationConfigRow, 'created_at' | 'updated_at'> = {
  id: 1,
  application_id: 1,
  type: 'loki',
  enabled: 1,
  settings: '{}',
  secrets: null,
  wants_stage_failures: 0,
  wants_pipeline_failures: 0,
  wants_marks: 1,
  wants_logs: 0,
};
