import type { StageJob } from '@pipelogiq/protocol';
import { describe, expect, inject, it } from 'vitest';
import { harness } from '../engine/support.js';
import { aDatabase, runSql } from '../support/stores.js';

/**
 * Makes the database itself refuse rows that carry the word "cursed", as it would refuse any row that breaks a constraint which
 * the checks in front of it do not know.
 */
async function cursed() {
  const database = await aDatabase();
  const h = await harness({ database });
  for (const statement of CURSES[inject('store')]) await runSql(database, statement);
  const names = async () =>
    (await runSql<{ name: string }>(database, 'select name from pipeline order by id')).map(({ name }) => name);
  return { ...h, names };
}

const CURSES = {
  sqlite: [
    `create trigger cursed_pipeline before insert on pipeline when new.name = 'cursed' begin select raise(abort, 'cursed'); end`,
    `create trigger cursed_output before update on stage when new.output = '"cursed"' begin select raise(abort, 'cursed'); end`,
    `create trigger cursed_stage before insert on stage when new.name = 'cursed' begin select raise(abort, 'cursed'); end`,
    `create trigger cursed_state before update on stage when new.name = 'bad' and new.status in ('pending', 'scheduled') begin select raise(abort, 'cursed'); end`,
  ],
  postgres: [
    `create function curse() returns trigger language plpgsql as $$ begin raise 'cursed'; end $$`,
    `create trigger cursed_pipeline before insert on pipeline for each row when (new.name = 'cursed') execute function curse()`,
    `create trigger cursed_output before update on stage for each row when (new.output = '"cursed"') execute function curse()`,
    `create trigger cursed_stage before insert on stage for each row when (new.name = 'cursed') execute function curse()`,
    `create trigger cursed_state before update on stage for each row when (new.name = 'bad' and new.status in ('pending', 'scheduled')) execute function curse()`,
  ],
};

// Seen to fail when a group whose data breaks a statement is refused as a whole: the neighbours get 500 too.
describe('an item whose data breaks a statement', () => {
  it('fails alone among the creates of its group', async () => {
    const { send, names, controlPlane } = await cursed();
    const create = (name: string) => send('POST', '/pipelines', { name, stages: [{ name: 'a' }] });
    const answers = await Promise.all(['first', 'cursed', 'second', 'third'].map(create));
    expect(answers.map(({ status }) => status)).toEqual([201, 500, 201, 201]);
    expect(await names()).toEqual(['first', 'second', 'third']);
    await controlPlane.close();
  });

  it('fails alone among the items of its batch, whose others are answered as created', async () => {
    const { call, names, controlPlane } = await cursed();
    const pipelines = ['first', 'cursed', 'second'].map((name) => ({ name, stages: [{ name: 'a' }] }));
    expect(await call('POST', '/pipelines/batch', { pipelines })).toMatchObject({
      results: [{ created: true }, { error: { code: 'internal', status: 500 } }, { created: true }],
    });
    expect(await names()).toEqual(['first', 'second']);
    await controlPlane.close();
  });

  it('fails alone among the settles of its call, which can be repeated', async () => {
    const { create, worker, statuses, send, controlPlane } = await cursed();
    const run = await create({ stages: ['a', 'b', 'c'].map((name) => ({ name, handler: 'a', dependsOn: [] })) });
    const w = await worker();
    const jobs = await w.pull();
    const settle = (job: StageJob) =>
      send('POST', '/jobs/ack', acks(w.session.workerId, job, job.stage === 'b' ? 'cursed' : 'fine'), w.headers);
    const answers = await Promise.all(jobs.map(settle));
    expect(answers.map(({ status }) => status)).toEqual([200, 500, 200]);
    expect(await statuses(run.id)).toEqual({ a: 'completed', b: 'running', c: 'completed' });
    const [, b] = jobs;
    expect((await w.ack(b as StageJob)).settled).toMatchObject([{ status: 'completed' }]);
    await controlPlane.close();
  });

  // Seen to fail when the second try found the answer that the first one had left: 200, and nothing was stored.
  it.each([
    ['an ack that spawns', 'ack', { output: 1, spawn: [{ name: 'cursed' }] }],
    ['a nack', 'nack', { error: { code: 'boom', message: 'it broke' }, retryAfterMs: 0 }],
    ['a release', 'release', {}],
  ])('is refused, and not answered as if it had been stored: %s', async (_, kind, extra) => {
    const { create, worker, statuses, send } = await cursed();
    const run = await create({ stages: [{ name: 'bad', handler: 'a' }, { name: 'next' }] });
    const w = await worker();
    const job = await w.one();
    const body = { workerId: w.session.workerId, [`${kind}s`]: [{ id: job.id, fencingToken: job.fencingToken, ...extra }] };
    expect((await send('POST', `/jobs/${kind}`, body, w.headers)).status).toBe(500);
    expect(await statuses(run.id)).toEqual({ bad: 'running', next: 'not_started' });
    expect((await w.ack(job)).settled).toMatchObject([{ status: 'completed' }]);
  });

  // Seen to fail when the timers took all that was due in one statement or savepoint: nobody else's stages moved either.
  it('stops no other in the timers: neither what is due nor what has expired nor what waits', async () => {
    const h = await cursed();
    const w = await h.worker();
    const delayed = await h.create({ stages: [{ name: 'bad', handler: 'b', delayMs: 2_000 }] });
    const alsoDelayed = await h.create({ stages: [{ name: 'good', handler: 'b', delayMs: 3_000 }] });
    const leased = await h.create({ stages: [{ name: 'bad', handler: 'a' }] });
    const alsoLeased = await h.create({
      stages: [{ name: 'good', handler: 'a', timeoutMs: 5_000, backoff: { type: 'fixed', delayMs: 60_000 } }],
    });
    expect(await w.pull()).toHaveLength(2);
    await h.controlPlane.advance(70_000);
    expect(await h.statuses(delayed.id)).toEqual({ bad: 'scheduled' });
    expect(await h.statuses(alsoDelayed.id)).toEqual({ good: 'pending' });
    expect(await h.statuses(leased.id)).toEqual({ bad: 'running' });
    expect(['pending', 'scheduled']).toContain((await h.statuses(alsoLeased.id)).good);
    const after = await h.create({ stages: [{ name: 'good', handler: 'c', delayMs: 1_000 }] });
    await h.controlPlane.advance(2_000);
    expect(await h.statuses(after.id)).toEqual({ good: 'pending' });
  });

  it('leaves pulls and heartbeats of its group their results', async () => {
    const { create, worker, send, controlPlane } = await cursed();
    await create({ stages: [{ name: 'a' }] });
    const w = await worker();
    const beat = { state: 'running', jobs: [], inFlight: 0, processed: 0, failed: 0 };
    const [refused, jobs, beaten] = await Promise.all([
      send('POST', '/pipelines', { name: 'cursed', stages: [{ name: 'a' }] }),
      w.pull(),
      w.post('/workers/heartbeat', beat),
    ]);
    expect(refused.status).toBe(500);
    expect(jobs).toMatchObject([{ stage: 'a', fencingToken: 1 }]);
    expect(beaten).toMatchObject({ order: 'run' });
    await controlPlane.close();
  });
});

const acks = (workerId: string, job: StageJob, output: string) => ({
  workerId,
  acks: [{ id: job.id, fencingToken: job.fencingToken, output }],
});
