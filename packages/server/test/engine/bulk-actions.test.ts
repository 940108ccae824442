import type { AuditEvent, BulkAction, Page, Pipeline, StageSpec } from '@pipelogiq/protocol';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Effects } from '../../src/domain/commit/effects.js';
import type { Group } from '../../src/domain/commit/tickets.js';
import { resumePipeline } from '../../src/domain/pipeline/actions.js';
import { BulkActions, type BulkDeps } from '../../src/loops/bulk-actions.js';
import { ManualClock } from '../../src/testing/manual-clock.js';
import { aDatabase, openStoreOf } from '../support/stores.js';
import { act, acted, besideBrokenAndBusy } from './bulk-support.js';
import { type Harness, harness, type WireWorker } from './support.js';

type Weight = Parameters<BulkDeps['inBackground']>[0];

const independent = (count: number, extra: Partial<StageSpec> = {}): StageSpec[] =>
  Array.from({ length: count }, (_, at) => ({ name: `s${at}`, handler: 'a', dependsOn: [], maxAttempts: 1, ...extra }));

/** Fails what it is given; `flaky` handlers, or all. */
async function failAll(worker: WireWorker): Promise<void> {
  for (let jobs = await worker.pull(); jobs.length > 0; jobs = await worker.pull()) {
    for (const job of jobs) await worker.nack(job);
  }
}

/** What the loop does, with the test between its reads and its transactions. */
async function aLoop(database: string, between: (weight: Weight, group: Group) => Promise<void> = async () => undefined) {
  const clock = new ManualClock({ now: Date.UTC(2030, 0, 1) });
  const store = await openStoreOf(database, clock);
  onTestFinished(() => store.close());
  const failures: unknown[] = [];
  const weights: Weight[] = [];
  const actions = new BulkActions({
    reads: store.reads,
    clock,
    inBackground: (weight, run) => {
      weights.push(weight);
      return store.transaction(async (tx, now) => {
        const group = { tx, now, effects: new Effects(now), isDataFailure: () => false };
        await between(weight, group);
        return run(group);
      });
    },
    onFailure: (error) => failures.push(error),
  });
  return { actions, clock, failures, weights };
}

/** A server whose actions on many pipelines are left to the test. */
async function withoutLoop(prepare: (h: Harness) => Promise<BulkAction[]>) {
  const database = await aDatabase();
  const h = await harness({ database });
  const begun = await prepare(h);
  await h.controlPlane.close();
  const reopen = async (): Promise<Harness> => harness({ database });
  return { database, begun, reopen };
}

describe('an action on many pipelines takes them in chunks', () => {
  it('that are bounded by their stages, whatever the number of pipelines, and a large one is a chunk of its own', async () => {
    const ids: string[] = [];
    const { database, begun } = await withoutLoop(async (h) => {
      for (const count of [2, 200, 200, 200, 1_200, 3]) ids.push((await h.create({ stages: independent(count) })).id);
      return [await act(h, { action: 'pause', filter: { name: 'test' } })];
    });
    expect(begun).toHaveLength(1);
    const { actions, weights } = await aLoop(database);
    while ((await actions.step()).inMs !== undefined);
    const chunks = weights.map(({ pipelines = [], rows }) => ({ pipelines: pipelines.map(String), rows }));
    const [p0, p1, p2, p3, p4, p5] = ids;
    expect(chunks).toEqual([
      { pipelines: [p5], rows: 5 },
      { pipelines: [p4], rows: 1_202 },
      { pipelines: [p3, p2], rows: 403 },
      { pipelines: [p1, p0], rows: 205 },
    ]);
  });

  it('and leaves alone what has stopped matching since it was read', async () => {
    let id = '';
    const { database, reopen } = await withoutLoop(async (h) => {
      id = (await h.create({ stages: independent(1) })).id;
      await h.call('POST', `/pipelines/${id}/pause`, {});
      return [await act(h, { action: 'cancel', filter: { status: 'paused' } })];
    });
    const { actions } = await aLoop(database, async (_weight, group) => {
      if ((await group.tx.pipelineState(Number(id)))?.status === 'paused') await resumePipeline(group, 1, Number(id));
    });
    while ((await actions.step()).inMs !== undefined);
    const h = await reopen();
    expect((await h.call<Pipeline>('GET', `/pipelines/${id}`)).status).toBe('running');
  });

  it('and passes over a pipeline on which the server fails again and again, while those of others go on', async () => {
    const ids: string[] = [];
    const { database, begun, reopen } = await withoutLoop(async (h) => {
      for (let at = 0; at < 5; at++) ids.push((await h.create({ stages: independent(1) })).id);
      const other = await h.call<{ key: string }>('POST', '/api-keys', { name: 'o', scopes: ['admin'], application: 'other' });
      const authorization = `Bearer ${other.key}`;
      await h.call('POST', '/pipelines', { name: 'test', stages: independent(1) }, { authorization });
      const body = { action: 'cancel', filter: { name: 'test' } };
      return [await act(h, body), await h.call('POST', '/pipelines/actions', body, { authorization })];
    });
    const order: number[] = [];
    const { actions, clock, failures } = await aLoop(database, async ({ pipelines = [], applicationId }) => {
      if (pipelines.length > 0) order.push(applicationId);
      if (pipelines.includes(Number(ids[2]))) throw new Error('the disk has a hole here');
    });
    for (let { inMs } = await actions.step(); inMs !== undefined; { inMs } = await actions.step()) clock.jump(inMs);
    const h = await reopen();
    expect(await acted(h, begun[0] as BulkAction)).toMatchObject({
      status: 'completed',
      done: 4,
      failed: 1,
      lastError: `pipeline ${ids[2]}: The server failed on it; its log says why.`,
    });
    const statuses = await Promise.all(ids.map(async (id) => (await h.call<Pipeline>('GET', `/pipelines/${id}`)).status));
    expect(statuses).toEqual(['cancelled', 'cancelled', 'running', 'cancelled', 'cancelled']);
    expect(failures).toHaveLength(4); // the chunk, and three times the pipeline alone
    expect(order.slice(0, 2)).toEqual([1, 2]); // after the first failure it was the other's turn
  });

  it('and ends when it had to pass over too many', async () => {
    const { database, begun, reopen } = await withoutLoop(async (h) => {
      for (let at = 0; at < 22; at++) await h.create({ stages: independent(1) });
      return [await act(h, { action: 'cancel', filter: { name: 'test' } })];
    });
    const { actions, clock } = await aLoop(database, async ({ pipelines = [] }) => {
      if (pipelines.length > 0) throw new Error('never');
    });
    for (let { inMs } = await actions.step(); inMs !== undefined; { inMs } = await actions.step()) clock.jump(inMs);
    expect(await acted(await reopen(), begun[0] as BulkAction)).toMatchObject({ status: 'failed', done: 0, failed: 20 });
  });

  it('also when one pipeline has all the stages that one may have', { timeout: 60_000 }, async () => {
    const h = await harness();
    const { id } = await h.create({ stages: independent(10_000) });
    for (const action of ['cancel', 'rerun']) {
      const begun = await act(h, { action, filter: { name: 'test' } });
      await h.controlPlane.advance(1_000);
      expect(await acted(h, begun)).toMatchObject({ status: 'completed', done: 1 });
    }
    expect(await h.call('GET', `/pipelines/${id}`)).toMatchObject({ status: 'running', run: 2 });
  });
});

it('an action has never done more than it matched, also when others have come to match before their turn', async () => {
  const { database, begun, reopen } = await withoutLoop(async (h) => {
    const worker = await h.worker();
    for (let at = 0; at < 3; at++) await h.create({ stages: independent(1) });
    await worker.nack(await worker.one());
    const action = await act(h, { action: 'rerun', filter: { status: 'failed' } });
    await failAll(worker);
    return [action];
  });
  expect(begun[0]).toMatchObject({ matched: 1, done: 0 });
  const { actions } = await aLoop(database);
  while ((await actions.step()).inMs !== undefined);
  expect(await acted(await reopen(), begun[0] as BulkAction)).toMatchObject({ status: 'completed', matched: 3, done: 3 });
});

describe('an action on the stages of many pipelines', () => {
  const MIXED: StageSpec[] = [
    { name: 'charge', handler: 'charge', dependsOn: [], maxAttempts: 1 },
    { name: 'ship', handler: 'ship', dependsOn: ['charge'], maxAttempts: 1 },
    { name: 'mail', handler: 'mail', dependsOn: [], maxAttempts: 1 },
  ];

  async function failed(pipelines: number) {
    const h = await harness();
    const ids: string[] = [];
    for (let at = 0; at < pipelines; at++) ids.push((await h.create({ name: 'order', stages: MIXED })).id);
    await failAll(await h.worker(['charge', 'mail']));
    await h.create({ name: 'order', stages: independent(1, { handler: 'nobody' }) }); // matches, but has no such stage
    return { h, ids };
  }
  const run = async (h: Harness, body: object): Promise<BulkAction> => {
    const begun = await act(h, body);
    await h.controlPlane.advance(1_000);
    return acted(h, begun);
  };
  const statusesOf = async (h: Harness, ids: string[]) => Promise.all(ids.map((id) => h.statuses(id)));

  it('counts stages first, then skips those that failed, each with its entry in the audit trail', async () => {
    const { h, ids } = await failed(3);
    const filter = { name: 'order' };
    expect(await act(h, { action: 'skip_stages', filter, dryRun: true })).toMatchObject({
      status: 'dry_run',
      unit: 'stages',
      matched: 6,
      stages: { status: 'failed' },
    });
    const request = { action: 'skip_stages', filter, stages: { handler: 'mail' } };
    expect(await act(h, { ...request, dryRun: true })).toMatchObject({ matched: 3 });
    expect(await statusesOf(h, ids)).toEqual(ids.map(() => ({ charge: 'failed', ship: 'blocked', mail: 'failed' })));

    const done = await run(h, request);

    expect(done).toMatchObject({ status: 'completed', unit: 'stages', matched: 3, done: 3, refused: 0, failed: 0 });
    expect(await statusesOf(h, ids)).toEqual(ids.map(() => ({ charge: 'failed', ship: 'blocked', mail: 'skipped' })));
    const { items } = await h.call<Page<AuditEvent>>('GET', '/audit-events');
    const skips = items.filter(({ action }) => action === 'stage.skip');
    expect(skips).toHaveLength(3);
    expect(skips.every(({ target, details }) => target.type === 'stage' && details?.bulkAction === done.id)).toBe(true);
  });

  it('by name and status: skips what waits, and what follows goes on', async () => {
    const { h, ids } = await failed(2);
    const stages = { name: 'charge', status: 'failed' };
    expect(await run(h, { action: 'skip_stages', filter: { status: 'failed' }, stages })).toMatchObject({ done: 2 });
    expect(await statusesOf(h, ids)).toEqual(ids.map(() => ({ charge: 'skipped', ship: 'pending', mail: 'failed' })));
    const pending = { name: 'ship', status: 'pending' };
    expect(await run(h, { action: 'skip_stages', filter: { name: 'order' }, stages: pending })).toMatchObject({ done: 2 });
    expect((await statusesOf(h, ids)).map(({ ship }) => ship)).toEqual(['skipped', 'skipped']);
  });

  it('reruns all that failed, in one go for each pipeline, and what they had blocked follows', async () => {
    const { h, ids } = await failed(2);
    expect(await run(h, { action: 'rerun_stages', filter: { name: 'order' } })).toMatchObject({ matched: 4, done: 4 });
    expect(await statusesOf(h, ids)).toEqual(ids.map(() => ({ charge: 'pending', ship: 'not_started', mail: 'pending' })));
    expect(await h.call('GET', `/pipelines/${ids[0]}`)).toMatchObject({ status: 'running', run: 2 });
  });

  it('reruns them with all that follow, when asked to', async () => {
    const h = await harness();
    const { id } = await h.create({ stages: MIXED });
    const worker = await h.worker(['charge', 'ship', 'mail']);
    for (let at = 0; at < 3; at++) await worker.ack(await worker.one());
    const stages = { name: 'charge', status: 'completed' };
    const request = { action: 'rerun_stages', filter: { status: 'completed' }, stages };
    expect(await run(h, request)).toMatchObject({ done: 1 });
    expect(await h.statuses(id)).toEqual({ charge: 'pending', ship: 'completed', mail: 'completed' });
    await worker.ack(await worker.one());
    expect(await run(h, { ...request, following: true })).toMatchObject({ done: 1 });
    expect(await h.statuses(id)).toEqual({ charge: 'pending', ship: 'not_started', mail: 'completed' });
  });

  it('holds each to the rules for one alone: neither beside a broken dependency nor below one that runs', async () => {
    const { h, id } = await besideBrokenAndBusy();
    const done = await run(h, { action: 'rerun_stages', filter: { name: 'test' }, stages: { status: 'completed' } });
    expect(done).toMatchObject({ status: 'completed', matched: 2, done: 0, refused: 2 });
    expect(await h.statuses(id)).toEqual({ one: 'failed', two: 'completed', free: 'completed', below: 'running' });
  });

  it.each([
    [{ action: 'cancel', stages: {} }, /stages/],
    [{ action: 'skip_stages', stages: { status: 'completed' } }, /stages.status/],
    [{ action: 'skip_stages', following: true }, /following/],
    [{ action: 'rerun_stages', stages: { status: 'running' } }, /stages.status/],
    [{ action: 'rerun_stages', stages: { status: 'pending' }, following: true }, /stages.status/],
    [{ action: 'pause', reason: 'tired' }, /reason/],
    [{ action: 'cancel', rerunFrom: 'start' }, /rerunFrom/],
  ])('refuses what can do nothing: %j', async (body, words) => {
    const h = await harness();
    await expect(act(h, { filter: { name: 'order' }, ...body })).rejects.toThrow(words);
  });
});
