import type { AuditEvent, BulkAction, ErrorGroup, Page, StageSpec } from '@pipelogiq/protocol';
import { describe, expect, it } from 'vitest';
import { type Harness, harness, type WireWorker } from './support.js';

const STAGES: StageSpec[] = [
  { name: 'charge', handler: 'a', maxAttempts: 1 },
  { name: 'ship', handler: 'b' },
];

async function failing(h: Harness, worker: WireWorker, message: string, name = 'orders'): Promise<string> {
  const { id } = await h.create({ name, stages: STAGES });
  await worker.nack(await worker.one(), { error: { code: 'declined', message } });
  return id;
}

async function groupOf(h: Harness, message: string): Promise<string> {
  await h.controlPlane.advance(6_000); // groups are made by the fold
  const { items } = await h.call<Page<ErrorGroup>>('GET', '/observability/errors');
  return items.find((group) => group.message === message)?.fingerprint ?? 'none';
}

const replay = (h: Harness, fingerprint: string, body: object = {}) =>
  h.call<BulkAction>('POST', `/observability/errors/${fingerprint}/replay`, body);
const done = async (h: Harness, { id }: BulkAction) => {
  await h.controlPlane.advance(1_000);
  return h.call<BulkAction>('GET', `/pipelines/actions/${id}`);
};

describe('a replay of failures that are alike', () => {
  it('runs the stages again that failed so for good, no other, and what they blocked follows', async () => {
    const h = await harness();
    const worker = await h.worker();
    const declined = [await failing(h, worker, 'card 41 declined'), await failing(h, worker, 'card 7 declined')];
    const offline = await failing(h, worker, 'no connection');
    const fingerprint = await groupOf(h, 'card <n> declined');
    const dry = await replay(h, fingerprint, { dryRun: true });
    expect(dry).toMatchObject({ status: 'dry_run', action: 'rerun_stages', unit: 'stages', matched: 2, possible: 2 });
    expect(await h.statuses(offline)).toEqual({ charge: 'failed', ship: 'blocked' });

    const response = await h.send('POST', `/observability/errors/${fingerprint}/replay`, {});
    const begun = (await response.json()) as BulkAction;
    expect(response.status).toBe(202);
    const at = new URL(response.headers.get('location') ?? '', `http://host/observability/errors/${fingerprint}/replay`);
    expect(at.pathname).toBe(`/pipelines/actions/${begun.id}`);
    expect(await done(h, begun)).toMatchObject({ status: 'completed', matched: 2, done: 2, refused: 0 });
    for (const id of declined) expect(await h.statuses(id)).toEqual({ charge: 'pending', ship: 'not_started' });
    expect(await h.statuses(offline)).toEqual({ charge: 'failed', ship: 'blocked' });
    const { items } = await h.call<Page<AuditEvent>>('GET', '/audit-events');
    const reruns = items.filter(({ action, details }) => action === 'stage.rerun' && details?.bulkAction === begun.id);
    expect(reruns).toHaveLength(2);
    expect(new Set(reruns.map(({ actor }) => actor)).size).toBe(1);
  });

  it('leaves alone what has run since, and what has failed in another way since', async () => {
    const h = await harness();
    const worker = await h.worker();
    const [mended, other] = [await failing(h, worker, 'card 41 declined'), await failing(h, worker, 'card 7 declined')];
    const fingerprint = await groupOf(h, 'card <n> declined');
    for (const id of [mended, other]) await h.call('POST', `/pipelines/${id}/rerun`, {});
    for (let at = 0; at < 2; at++) {
      const job = await worker.one();
      if (job.pipelineId === mended) await worker.ack(job);
      else await worker.nack(job, { error: { code: 'declined', message: 'no connection' } });
    }
    expect(await done(h, await replay(h, fingerprint))).toMatchObject({ status: 'completed', matched: 0, done: 0 });
    expect(await h.statuses(other)).toEqual({ charge: 'failed', ship: 'blocked' });
    const again = await groupOf(h, 'no connection');
    expect(await done(h, await replay(h, again))).toMatchObject({ matched: 1, done: 1 });
  });

  it('is held to a filter, and by pipelines.act to skipping them too', async () => {
    const h = await harness();
    const worker = await h.worker();
    const order = await failing(h, worker, 'card 41 declined');
    const refund = await failing(h, worker, 'card 7 declined', 'refunds');
    const fingerprint = await groupOf(h, 'card <n> declined');
    expect(await done(h, await replay(h, fingerprint, { filter: { name: 'refunds' } }))).toMatchObject({ matched: 1, done: 1 });
    expect([(await h.statuses(order)).charge, (await h.statuses(refund)).charge]).toEqual(['failed', 'pending']);
    const skip = { action: 'skip_stages', filter: {}, stages: { fingerprint } };
    expect(await done(h, await h.call('POST', '/pipelines/actions', skip))).toMatchObject({ matched: 1, done: 1 });
    expect(await h.statuses(order)).toEqual({ charge: 'skipped', ship: 'pending' });
  });

  it('is refused for a group that is not there, and for one of another application', async () => {
    const h = await harness();
    await failing(h, await h.worker(), 'no connection');
    const fingerprint = await groupOf(h, 'no connection');
    const { key } = await h.call<{ key: string }>('POST', '/api-keys', { name: 'o', scopes: ['operate'], application: 'other' });
    const authorization = `Bearer ${key}`;
    const path = `/observability/errors/${fingerprint}/replay`;
    expect((await h.send('POST', path, {}, { authorization })).status).toBe(404);
    expect((await h.send('POST', '/observability/errors/0000000000000000/replay', {})).status).toBe(404);
    const bad = { action: 'rerun_stages', filter: {}, stages: { fingerprint, status: 'completed' } };
    expect((await h.send('POST', '/pipelines/actions', bad)).status).toBe(422);
  });
});
