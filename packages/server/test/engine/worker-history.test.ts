import type { Page, WorkerHappening, WorkerJob } from '@pipelogiq/protocol';
import { describe, expect, it } from 'vitest';
import { execute } from '../support/databases.js';
import { aDatabase } from '../support/stores.js';
import { type Harness, harness, type WireWorker } from './support.js';

const jobsOf = ({ call }: Harness, w: WireWorker, query = '') =>
  call<Page<WorkerJob>>('GET', `/workers/${w.session.workerId}/jobs${query}`);
const eventsOf = ({ call }: Harness, w: WireWorker, query = '') =>
  call<Page<WorkerHappening>>('GET', `/workers/${w.session.workerId}/events${query}`);

describe('a worker', () => {
  it('has the jobs that it holds, newest first, in pages, and none of others', async () => {
    const h = await harness();
    const [w, other] = [await h.worker(), await h.worker()];
    const stages = ['one', 'two', 'three'].map((name) => ({ name, handler: 'a', dependsOn: [] }));
    const { id } = await h.create({ name: 'p', stages });
    const held = await w.pull({ maxJobs: 2 });
    const foreign = await other.one();
    const first = await jobsOf(h, w, '?limit=1');
    const second = await jobsOf(h, w, `?limit=1&cursor=${first.nextCursor}`);
    expect([...first.items, ...second.items]).toMatchObject(
      [...held]
        .reverse()
        .map((job) => ({ stageId: job.id, stage: job.stage, handler: 'a', pipelineId: id, pipeline: 'p', fencingToken: 1 })),
    );
    expect(second.nextCursor).toBeNull();
    expect((await jobsOf(h, other)).items.map(({ stageId }) => stageId)).toEqual([foreign.id]);
    for (const job of held) await w.ack(job);
    expect((await jobsOf(h, w)).items).toEqual([]);
  });

  it('has what it did before anybody looked, with how each delivery ended', async () => {
    const h = await harness();
    const [w, other] = [await h.worker(), await h.worker()];
    await h.create({ stages: [{ name: 'one', handler: 'a' }] });
    await w.nack(await w.one(), { retryAfterMs: 0 });
    await h.controlPlane.advance(1_000);
    await w.ack(await w.one());
    await h.create({ stages: [{ name: 'two', handler: 'a' }] });
    await w.one();
    await h.call('POST', `/workers/${w.session.workerId}/drain`);
    await w.post('/workers/shutdown', {});
    const { items, nextCursor } = await eventsOf(h, w);
    expect(items.map(({ type, stage, attempt, outcome }) => [type, stage, attempt, outcome])).toEqual([
      ['worker_stopped', undefined, undefined, undefined],
      ['worker_drained', undefined, undefined, undefined],
      ['stage_leased', 'two', 1, undefined],
      ['stage_leased', 'one', 2, 'completed'],
      ['stage_leased', 'one', 1, 'retried'],
      ['worker_started', undefined, undefined, undefined],
    ]);
    expect(items[3]?.finishedAt).toBeDefined();
    expect(nextCursor).toBeNull();
    expect((await eventsOf(h, other)).items.map(({ type }) => type)).toEqual(['worker_started']);
  });

  it('has each event once over all pages, though many are of one commit and much else was written', async () => {
    const database = await aDatabase();
    const h = await harness({ database });
    const w = await h.worker();
    await h.create({ stages: Array.from({ length: 7 }, (_, at) => ({ name: `s${at}`, handler: 'a', dependsOn: [] })) });
    await w.pull({ maxJobs: 7 }); // one row of the log has them all
    const walk = async () => {
      const found: string[] = [];
      let cursor = '';
      let pages = 0;
      for (;;) {
        const page = await eventsOf(h, w, `?limit=3${cursor}`);
        found.push(...page.items.map(({ type, stage }) => stage ?? type));
        pages++;
        if (page.nextCursor === null) return { found, pages };
        cursor = `&cursor=${page.nextCursor}`;
      }
    };
    const all = ['s6', 's5', 's4', 's3', 's2', 's1', 's0', 'worker_started'];
    expect((await walk()).found).toEqual(all);
    // Far more than one answer looks through lies between then and now.
    await execute(
      database,
      `insert into event (id, written_at, payload) select max(id) + 50000, max(written_at), '[]' from event`,
    );
    const { found, pages } = await walk();
    expect(found).toEqual(all);
    expect(pages).toBeGreaterThan(3);
  });

  it('that is not there or of another application is not found, and a cursor of something else is refused', async () => {
    const h = await harness();
    const w = await h.worker();
    const theirs = await h.call<{ key: string }>('POST', '/api-keys', { name: 'n', scopes: ['read'], application: 'other' });
    const headers = { authorization: `Bearer ${theirs.key}` };
    for (const list of ['jobs', 'events']) {
      const path = `/workers/${w.session.workerId}/${list}`;
      expect((await h.send('GET', path, undefined, headers)).status).toBe(404);
      expect((await h.send('GET', `/workers/999/${list}`)).status).toBe(404);
      expect((await h.send('GET', `${path}?cursor=${Buffer.from('"x"').toString('base64url')}`)).status).toBe(422);
    }
  });
});
