import type { Attempt, LogsResponse, Page, PipelineTrace, Stage, StageJob, StageLog } from '@pipelogiq/protocol';
import { describe, expect, it } from 'vitest';
import { STAGE_POSITIONS } from '../../src/domain/ids.js';
import { aDatabase, runSql } from '../support/stores.js';
import { type Harness, harness, type WireWorker } from './support.js';

/** What is kept of deliveries that are over: attempts and log lines. */
/** Sorted by name: the clock of a test stands still, and the list is in the order of time. */
const attemptsOf = async ({ call }: Harness, id: string): Promise<string[]> => {
  const { items } = await call<Page<Attempt>>('GET', `/pipelines/${id}/attempts`);
  const words = items.map(({ stage, removed, fencingToken, outcome }) => [removed && 'removed', stage, fencingToken, outcome]);
  return words.map((each) => each.filter((word) => word !== undefined).join(' ')).sort();
};
const linesOf = async ({ call }: Harness, id: string): Promise<string[]> => {
  const { items } = await call<Page<StageLog>>('GET', `/pipelines/${id}/logs`);
  return items.map(({ stage, removed, message }) => `${removed ? 'removed ' : ''}${stage}: ${message}`);
};
const log = (worker: WireWorker, { id, fencingToken }: StageJob, ...messages: string[]): Promise<LogsResponse> => {
  const line = { id, fencingToken, level: 'info', loggedAt: '2030-01-01T00:00:00Z' };
  return worker.post('/logs', { lines: messages.map((message) => ({ ...line, message })) });
};

describe('a delivery that has ended', () => {
  it('is remembered when the stage fails before the next one', async () => {
    const h = await harness();
    const worker = await h.worker();
    const input = { v: { $output: { stage: 'up', path: ['v'] } } };
    const backoff = { type: 'fixed', delayMs: 1_000, jitter: false } as const;
    const { id } = await h.create({
      stages: [
        { name: 'up', handler: 'a' },
        { name: 'down', handler: 'a', input, backoff },
      ],
    });
    const up = await worker.one();
    await worker.ack(up, { output: { v: 1 } });
    const down = await worker.one();
    await worker.nack(down);
    await h.call('POST', `/stages/${up.id}/rerun`, {});
    await worker.ack(await worker.one(), { output: { other: 1 } });
    await h.controlPlane.advance(1_000);
    expect(await worker.pull()).toEqual([]);
    expect((await h.statuses(id)).down).toBe('failed');
    expect(await attemptsOf(h, id)).toEqual(['down 1 retried', 'up 1 completed', 'up 2 completed']);
    expect((await worker.nack(down)).settled).toEqual([{ id: down.id, status: 'pending', repeated: true }]);
    expect((await worker.ack(down)).settled[0]).toMatchObject({ error: { reason: 'already_settled' } });
  });
});

describe('the log of a stage', () => {
  it('keeps the line and not the fields when they are too large to be read with others', async () => {
    const h = await harness({ maxLogFieldsBytes: 256 });
    const worker = await h.worker();
    const { id } = await h.create({ stages: [{ name: 'a' }] });
    const { id: stage, fencingToken } = await worker.one();
    const line = { id: stage, fencingToken, level: 'info', message: 'said', loggedAt: '2030-01-01T00:00:00.000Z' };
    const lines = ['x'.repeat(100), 'x'.repeat(300)].map((note) => ({ ...line, fields: { note } }));
    expect(await worker.post('/logs', { lines })).toEqual({ accepted: 2 });
    const { items } = await h.call<{ items: object[] }>('GET', `/pipelines/${id}/logs`);
    expect(items).toMatchObject([
      { message: 'said', fields: { note: 'x'.repeat(100) } },
      { message: 'said', fields: { 'pipelogiq.fields_left_out_bytes': 311 } },
    ]);
  });

  it('has room again for the stage that runs anew', async () => {
    const h = await harness({ logsPerStage: 2 });
    const worker = await h.worker();
    const { id } = await h.create({ stages: [{ name: 'a', maxAttempts: 1 }] });
    const job = await worker.one();
    expect(await log(worker, job, 'one', 'two', 'three')).toEqual({ accepted: 2 });
    await worker.nack(job);
    await h.call('POST', `/stages/${job.id}/rerun`, {});
    expect(await log(worker, await worker.one(), 'four', 'five', 'six')).toEqual({ accepted: 2 });
    const full = 'a: The 2 lines that are kept of a stage are full; further ones are dropped.';
    expect(await linesOf(h, id)).toEqual(['a: one', 'a: two', full, 'a: four', 'a: five', full]);
  });
});

const parts = (...names: string[]) => names.map((name) => ({ name, handler: 'a' }));

/** `split` has spawned two stages; one is completed, one runs; each has logged a line. Then `split` runs again. */
async function removed(h: Harness): Promise<{ worker: WireWorker; id: string; jobs: StageJob[] }> {
  const worker = await h.worker();
  const { id } = await h.create({ stages: [{ name: 'split', handler: 'a' }] });
  const split = await worker.one();
  await worker.ack(split, { spawn: parts('part-0', 'part-1') });
  const jobs = await worker.pull();
  for (const job of jobs) await log(worker, job, `by ${job.stage}`);
  await worker.ack(jobs[0] as StageJob);
  await h.call('POST', `/stages/${split.id}/rerun`, { following: true });
  return { worker, id, jobs };
}

describe('stages that a rerun removed', () => {
  it('keep their attempts and log lines, under their names', async () => {
    const h = await harness();
    const { worker, id } = await removed(h);
    const past = ['removed part-0 1 completed', 'removed part-1 1 superseded', 'split 1 completed'];
    expect(await attemptsOf(h, id)).toEqual(past);
    expect(await linesOf(h, id)).toEqual(['removed part-0: by part-0', 'removed part-1: by part-1']);
    await worker.ack(await worker.one(), { spawn: parts('part-0') });
    await worker.ack(await worker.one());
    expect(await attemptsOf(h, id)).toEqual([...past, 'split 2 completed', 'part-0 1 completed'].sort());
  });

  it('give their ids away when all were given out, and are never taken for the stages that have them then', async () => {
    const database = await aDatabase();
    const h = await harness({ database });
    const { worker, id, jobs } = await removed(h);
    const [done, lost] = jobs as [StageJob, StageJob];
    await runSql(database, `update pipeline set stages_removed = ${STAGE_POSITIONS} - stages_total where id = ${id}`);
    await worker.ack(await worker.one(), { spawn: parts('one', 'two') });
    const { items } = await h.call<Page<Stage>>('GET', `/pipelines/${id}/stages`);
    expect(items.map((stage) => [stage.name, stage.id]).slice(1)).toEqual([
      ['one', done.id],
      ['two', lost.id],
    ]);
    const late = async () => [
      (await worker.ack(done)).settled[0],
      (await worker.nack(done)).settled[0],
      (await worker.ack(lost)).settled[0],
    ];
    const answers = [
      { id: done.id, status: 'completed', repeated: true },
      expect.objectContaining({ error: expect.objectContaining({ reason: 'already_settled' }) }),
      expect.objectContaining({ error: expect.objectContaining({ reason: 'superseded' }) }),
    ];
    expect(await late()).toEqual(answers);
    expect(await h.statuses(id)).toEqual({ split: 'completed', one: 'pending', two: 'pending' });
    const now = await worker.pull();
    expect(now.map((job) => [job.stage, job.fencingToken])).toEqual([
      ['one', 2],
      ['two', 2],
    ]);
    expect(await late()).toEqual(answers);
    await log(worker, lost, 'late');
    await log(worker, now[1] as StageJob, 'new');
    for (const job of now) await worker.ack(job);
    expect(await h.call('GET', `/pipelines/${id}`)).toMatchObject({ status: 'completed' });
    expect(await attemptsOf(h, id)).toEqual([
      'one 2 completed',
      'removed part-0 1 completed',
      'removed part-1 1 superseded',
      'split 1 completed',
      'split 2 completed',
      'two 2 completed',
    ]);
    expect((await linesOf(h, id)).slice(2)).toEqual(['removed part-1: late', 'two: new']);
    const trace = await h.call<PipelineTrace>('GET', `/pipelines/${id}/trace`);
    expect(trace.stages.map(({ name, attempts }) => [name, attempts.length])).toEqual([
      ['split', 2],
      ['one', 1],
      ['two', 1],
    ]);
  });

  it('make room for as many again, however often the pipeline runs', async () => {
    const database = await aDatabase();
    const h = await harness({ database });
    const { worker, id } = await removed(h);
    await runSql(database, `update pipeline set stages_removed = ${STAGE_POSITIONS} - stages_total where id = ${id}`);
    for (let run = 0; run < 3; run++) {
      const split = await worker.one();
      expect((await worker.ack(split, { spawn: parts('part-0', `${run}`) })).settled[0]).toMatchObject({ status: 'completed' });
      if (run === 1) await worker.ack(await worker.one());
      await h.call('POST', `/stages/${split.id}/rerun`, { following: true });
    }
    const split = await worker.one();
    const { settled } = await worker.ack(split, { spawn: parts('x', 'y', 'z') });
    expect(settled).toMatchObject([{ failedBecause: 'spawn_invalid' }]); // only two ids have gone back
    await h.call('POST', `/stages/${split.id}/rerun`, {});
    await worker.ack(await worker.one(), { spawn: parts('x', 'y') });
    expect(await h.statuses(id)).toEqual({ split: 'completed', x: 'pending', y: 'pending' });
  });
});

describe('a page of payloads', () => {
  it('ends early when it is large, and the next one goes on', async () => {
    const h = await harness({ maxPageBytes: 16_384 });
    const large = 'x'.repeat(7_000);
    const names = ['a', 'b', 'c', 'd', 'e'];
    const context = Object.fromEntries(names.map((name) => [name, large]));
    const { id } = await h.create({
      context,
      stages: names.map((name) => ({ name, input: name === 'c' ? large.repeat(5) : large })),
    });
    for (const [list, key] of [
      ['stages', 'name'],
      ['context', 'key'],
    ] as const) {
      const seen: string[][] = [];
      for (let cursor: string | null | undefined = ''; cursor !== null && cursor !== undefined; ) {
        const page: { items: Record<string, string>[]; nextCursor: string | null } = await h.call(
          'GET',
          `/pipelines/${id}/${list}?limit=4${cursor && `&cursor=${cursor}`}`,
        );
        seen.push(page.items.map((item) => item[key] ?? ''));
        cursor = page.nextCursor;
      }
      expect(seen).toEqual(list === 'stages' ? [['a', 'b'], ['c'], ['d', 'e']] : [['a', 'b'], ['c', 'd'], ['e']]);
    }
  });
});
