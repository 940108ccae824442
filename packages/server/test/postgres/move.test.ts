import { existsSync, readFileSync } from 'node:fs';
import type { HookSaved, PipelineCreated, Schedule, SettleResponse } from '@pipelogiq/protocol';
import { describe, expect, it } from 'vitest';
import { keyFileOf } from '../../src/secrets/master-key.js';
import { moveToPostgres } from '../../src/store/move/move.js';
import { senderOf, signed } from '../engine/hook-support.js';
import { type Harness, harness, WireWorker } from '../engine/support.js';
import { aDatabaseFile, connect } from '../support/files.js';
import { aPostgresDatabase } from '../support/stores.js';
import { anOutsider, aStore } from './support.js';

const AT = '2030-01-01T00:00:00Z';
const EPOCH = 2 ** 20;
const move = (from: string, to: string) => {
  const progress: string[] = [];
  const onProgress = ({ table, rows, of }: { table: string; rows: number; of: number }) =>
    progress.push(`${table} ${rows}/${of}`);
  return moveToPostgres({ from, to, at: AT, onProgress }).then((moved) => ({ ...moved, progress }));
};

/** What the API tells of everything, before and after. */
async function toldBy({ call }: Harness, pipelines: string[]): Promise<unknown> {
  const lists = ['/pipelines', '/schedules', '/hooks', '/applications', '/audit-events', '/workers'];
  for (const id of pipelines)
    for (const part of ['', '/stages', '/attempts', '/logs', '/context']) lists.push(`/pipelines/${id}${part}`);
  return Promise.all(lists.map(async (path) => [path, await call<unknown>('GET', path)]));
}

/** A control plane with something of everything, stopped while a worker holds a job. */
async function aStoppedControlPlane() {
  const database = aDatabaseFile();
  const h = await harness({ database });
  const key = await h.call<{ key: string }>('POST', '/api-keys', { name: 'k', scopes: ['admin'] });
  const worker = await h.worker();
  const first = await h.create({
    name: 'first',
    keywords: ['ours'],
    context: { colour: 'grün – "bunt"', nothing: null },
    idempotencyKey: 'once',
    stages: [
      { name: 'a', input: { quote: "it's \\ {1,2}", text: 'a\nb' } },
      { name: 'b', handler: 'a' },
      { name: 'late', delayMs: 60_000 },
    ],
  });
  const tried = await worker.one();
  await worker.post('/logs', {
    lines: [{ id: tried.id, fencingToken: tried.fencingToken, level: 'info', message: 'said', loggedAt: AT }],
  });
  await worker.nack(tried);
  await h.controlPlane.advance(10_000);
  const held = await worker.one();
  const large = await h.create({
    name: 'large',
    stages: Array.from({ length: 2_500 }, (_, at) => ({ name: `s${at}`, handler: 'nobody', dependsOn: [] })),
  });
  const paused = await h.create({ name: 'paused', stages: [{ name: 'a' }] });
  await h.call('POST', `/pipelines/${paused.id}/pause`, {});
  const schedule = await h.call<Schedule>('POST', '/schedules', {
    name: 'minutely',
    cron: '* * * * *',
    template: { name: 'report', stages: [{ name: 'a', handler: 'nobody' }] },
  });
  const hook = await h.call<HookSaved>('POST', '/hooks', {
    name: 'orders',
    template: { name: 'order', stages: [{ name: 'a', handler: 'nobody' }] },
    auth: { type: 'signature' },
  });
  const ids = [first.id, large.id, paused.id];
  const told = await toldBy(h, ids);
  const now = h.controlPlane.now();
  await h.controlPlane.close();
  const reopen = (at: string) =>
    harness({ database: at, now, secretKey: readFileSync(keyFileOf(database), 'utf8').trim(), seed: 2 });
  return { database, key: key.key, worker, held, hook, schedule, ids, told, reopen };
}

describe('moving from SQLite to PostgreSQL', () => {
  it('moves everything: what the API tells is the same, and work goes on where it was', { timeout: 60_000 }, async () => {
    const before = await aStoppedControlPlane();
    const target = await aPostgresDatabase('empty');

    const { tables, progress, hasSecrets } = await move(before.database, target);

    expect(hasSecrets).toBe(true);
    expect(tables).toContainEqual({ table: 'stage', rows: 2_504 });
    expect(progress).toEqual(expect.arrayContaining(['stage 1000/2504', 'stage 2000/2504', 'stage 2504/2504']));
    const h = await before.reopen(target);
    expect(await toldBy(h, before.ids)).toEqual(before.told);
    const authorization = `Bearer ${before.key}`;
    expect((await h.send('GET', '/pipelines', undefined, { authorization })).status).toBe(200);

    // The worker that held a job goes on in its session, and settles under the token from before.
    const worker = new WireWorker(h.call, before.worker.session, ['a']);
    const { held } = before;
    expect((await worker.ack(held)).settled).toEqual([{ id: held.id, status: 'completed' }]);
    expect((await worker.ack(held)).settled).toMatchObject([{ repeated: true }]);
    const [next] = (await worker.pullResponse({ pullSeq: 100 })).jobs;
    expect(next?.stage).toBe('b');
    expect(next?.fencingToken).toBeGreaterThan(EPOCH);
    const stale = await worker.post<SettleResponse>('/jobs/ack', { acks: [{ id: next?.id, fencingToken: 1 }] });
    expect(stale.settled).toMatchObject([{ error: { code: 'lease_lost' } }]);

    // New ids come after the old ones, keys of before still count.
    const again = await h.call<PipelineCreated>('POST', '/pipelines', { name: 'new', stages: [{ name: 'a' }] });
    expect(Number(again.id)).toBeGreaterThan(Math.max(...before.ids.map(Number)));
    const body = '{"order":1}';
    const delivered = await senderOf(h, before.hook).post(
      body,
      signed(before.hook.secret ?? '', 'd-1', body, h.controlPlane.now()),
    );
    expect(delivered.status).toBe(201);
    await h.controlPlane.advance(60_000);
    expect((await h.call<Schedule>('GET', `/schedules/${before.schedule.id}`)).lastPipelineId).toBeDefined();

    await expect(harness({ database: before.database })).rejects.toThrow(/was moved to PostgreSQL at 2030/);
    await expect(move(before.database, await aPostgresDatabase('empty'))).rejects.toThrow(/was moved to PostgreSQL already/);
  });

  it('refuses a source that a server, or anybody, has open', async () => {
    const database = aDatabaseFile();
    const h = await harness({ database });
    await h.create({ stages: [{ name: 'a' }] });
    const target = await aPostgresDatabase('empty');
    await expect(move(database, target)).rejects.toThrow(/is in use by another process/);
    expect((await h.create({ stages: [{ name: 'a' }] })).status).toBe('running');
    await h.controlPlane.close();
    const reader = connect(database);
    reader.prepare('select 1 from pipeline').get();
    await expect(move(database, target)).rejects.toThrow(/is in use by another process/);
    reader.close();
    expect((await move(database, target)).tables).toContainEqual({ table: 'pipeline', rows: 2 });
  });

  it('refuses a target on which a server was started, and changes neither', async () => {
    const database = aDatabaseFile();
    await (await harness({ database })).controlPlane.close();
    const target = await aPostgresDatabase('empty');
    await (await harness({ database: target })).controlPlane.close();
    await expect(move(database, target)).rejects.toThrow(/the target is not empty: its table application has rows/);
    const h = await harness({ database });
    expect((await h.create({ stages: [{ name: 'a' }] })).status).toBe('running');
  });

  it('is all or nothing: after a failure the target is empty, the source as it was, and a second try does it', async () => {
    const database = aDatabaseFile();
    const h = await harness({ database });
    const { id } = await h.create({ stages: [{ name: 'a' }] });
    await h.controlPlane.close();
    const target = await aPostgresDatabase('empty');
    await aStore(target); // makes the tables, and nothing else
    const outsider = await anOutsider(target);
    await outsider.query(`create function refuse() returns trigger language plpgsql as $$ begin raise 'no room'; end $$`);
    await outsider.query('create trigger refuse before insert on stage for each statement execute function refuse()');
    await expect(move(database, target)).rejects.toThrow(/no room/);
    expect(await outsider.query('select 1 from application')).toEqual([]);
    expect(existsSync(`${database}-wal`)).toBe(false);
    await outsider.query('drop trigger refuse on stage');
    await move(database, target);
    const moved = await harness({ database: target });
    expect(await moved.call('GET', `/pipelines/${id}`)).toMatchObject({ id, status: 'running' });
  });
});
