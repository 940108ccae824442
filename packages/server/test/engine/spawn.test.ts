import type { Page, Pipeline, Stage, StageJob, StagesAppended } from '@pipelogiq/protocol';
import { describe, expect, it } from 'vitest';
import { type Harness, harness, type WireWorker } from './support.js';

const SPLIT = [
  { name: 'split', handler: 'a' },
  { name: 'join', handler: 'a' },
];

async function started(stages: object[] = SPLIT): Promise<{ h: Harness; worker: WireWorker; id: string }> {
  const h = await harness();
  const worker = await h.worker();
  const { id } = await h.create({ stages: stages as never });
  return { h, worker, id };
}

const pipeline = ({ call }: Harness, id: string) => call<Pipeline>('GET', `/pipelines/${id}`);
const parts = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ name: `part-${index}`, handler: 'a', input: { index } }));

async function workOff(worker: WireWorker): Promise<StageJob[]> {
  const done: StageJob[] = [];
  for (let jobs = await worker.pull(); jobs.length > 0; jobs = await worker.pull()) {
    for (const job of jobs) await worker.ack(job, { output: { from: job.stage } });
    done.push(...jobs);
  }
  return done;
}

describe('a spawn', () => {
  it('adds stages that run before what depends on their spawner, and hands their outputs on', async () => {
    const { h, worker, id } = await started();
    const split = await worker.one();
    const reply = await worker.ack(split, { output: { count: 3 }, spawn: parts(3) });
    expect(reply.settled).toEqual([{ id: split.id, status: 'completed' }]);
    expect(await h.statuses(id)).toEqual({
      split: 'completed',
      join: 'not_started',
      'part-0': 'pending',
      'part-1': 'pending',
      'part-2': 'pending',
    });
    expect(await pipeline(h, id)).toMatchObject({ stages: { total: 5, open: 4, completed: 1 } });

    const jobs = await workOff(worker);

    expect(jobs.map((job) => job.stage)).toEqual(['part-0', 'part-1', 'part-2', 'join']);
    expect(jobs[0]).toMatchObject({ input: { index: 0 }, previousOutput: { count: 3 } });
    expect(Object.keys(jobs.at(-1)?.outputs ?? {}).sort()).toEqual(['part-0', 'part-1', 'part-2', 'split']);
    expect(await pipeline(h, id)).toMatchObject({ status: 'completed', stages: { total: 5, completed: 5, open: 0 } });
  });

  it('of a thousand stages at once fans in, its outputs by reference', async () => {
    const { h, worker, id } = await started();
    await worker.ack(await worker.one(), { spawn: parts(1_000) });
    expect((await pipeline(h, id)).stages).toMatchObject({ total: 1_002, open: 1_001 });
    let done = 0;
    while (done < 1_000) {
      const jobs = await worker.pull({ maxJobs: 500 });
      await worker.post('/jobs/ack', {
        acks: jobs.map(({ id, fencingToken }) => ({ id, fencingToken, output: 'x'.repeat(300) })),
      });
      done += jobs.length;
    }
    const join = await worker.one();
    expect(join).toMatchObject({ stage: 'join', payloadByReference: true, outputs: {} });
    await worker.ack(join);
    expect((await pipeline(h, id)).status).toBe('completed');
  });

  it('may order its stages among themselves, and refer to outputs that are there in time', async () => {
    const { h, worker, id } = await started();
    await worker.ack(await worker.one(), {
      output: { n: 7 },
      spawn: [
        { name: 'first', handler: 'a', input: { n: { $output: { stage: 'split', path: ['n'] } } } },
        { name: 'second', handler: 'a', dependsOn: ['first'], delayMs: 1_000 },
      ],
    });
    const first = await worker.one();
    expect(first).toMatchObject({ stage: 'first', input: { n: 7 } });
    await worker.ack(first);
    expect((await h.statuses(id)).second).toBe('scheduled');
    await h.controlPlane.advance(1_000);
    expect((await workOff(worker)).map((job) => job.stage)).toEqual(['second', 'join']);
  });

  it.each([
    ['a name that is taken', [{ name: 'join', handler: 'a' }], /already/],
    ['two of one name', [{ name: 'x' }, { name: 'x' }], /already the name/],
    [
      'a cycle',
      [
        { name: 'x', dependsOn: ['y'] },
        { name: 'y', dependsOn: ['x'] },
      ],
      /wait for each other/,
    ],
    ['an unknown dependency', [{ name: 'x', dependsOn: ['nowhere'] }], /no stage named/],
    ['a dependency that would wait for it', [{ name: 'x', dependsOn: ['join'] }], /spawner/],
    ['a reference to what does not run before', [{ name: 'x', input: { $output: { stage: 'join' } } }], /does not run before/],
    ['a bad option', [{ name: 'x', delayMs: -1 }], /delayMs/],
    ['no object', ['x'], /spawn|object|must/i],
    ['more stages than one ack may add', parts(1_001), /1000 stages/],
  ])('that has %s fails its stage for good, and nothing else of the call', async (_, spawn, message) => {
    const { h, worker, id } = await started([...SPLIT, { name: 'side', handler: 'a', dependsOn: [] }]);
    const jobs = await worker.pull();
    const split = jobs.find((job) => job.stage === 'split') as StageJob;
    const side = jobs.find((job) => job.stage === 'side') as StageJob;
    const ref = ({ id, fencingToken }: StageJob) => ({ id, fencingToken });
    const reply = await worker.post<{ settled: unknown[] }>('/jobs/ack', { acks: [{ ...ref(split), spawn }, ref(side)] });
    expect(reply.settled).toEqual([
      { id: split.id, status: 'failed', failedBecause: 'spawn_invalid' },
      { id: side.id, status: 'completed' },
    ]);
    expect(await h.statuses(id)).toEqual({ split: 'failed', join: 'blocked', side: 'completed' });
    const { items } = await h.call<Page<Stage>>('GET', `/pipelines/${id}/stages`);
    expect(items.find((stage) => stage.name === 'split')?.error).toMatchObject({
      code: 'spawn_invalid',
      message: expect.stringMatching(message),
    });
    expect(await worker.ack(split, { spawn })).toMatchObject({ settled: [{ status: 'failed', repeated: true }] });
  });

  it('in two levels holds more than one ack may add, and what follows waits for all of it', async () => {
    const { h, worker, id } = await started();
    const levels = parts(4).map((part, at) => ({ ...part, name: `level-${at}`, handler: 'b' }));
    await worker.ack(await worker.one(), { output: { n: 7 }, spawn: levels });
    const input = { n: { $output: { stage: 'split', path: ['n'] } } };
    const below = await h.worker(['b']);
    for (const job of await below.pull()) {
      const spawn = parts(1_000).map((part) => ({ ...part, name: `${job.stage}-${part.name}`, handler: 'c', input }));
      await below.ack(job, { spawn });
    }
    expect((await pipeline(h, id)).stages).toMatchObject({ total: 4_006, open: 4_001 });
    const last = await h.worker(['c']);
    let done = 0;
    while (done < 4_000) {
      expect(await worker.pull()).toEqual([]);
      const jobs = await last.pull({ maxJobs: 1_000 });
      expect(jobs.map((job) => job.input)).toEqual(jobs.map(() => ({ n: 7 })));
      await last.post('/jobs/ack', { acks: jobs.map(({ id, fencingToken }) => ({ id, fencingToken })) });
      done += jobs.length;
    }
    expect((await worker.one()).stage).toBe('join');
  });

  it('counts once when its ack is repeated', async () => {
    const { h, worker, id } = await started();
    const split = await worker.one();
    const ack = { id: split.id, fencingToken: split.fencingToken, spawn: parts(2) };
    await worker.post('/jobs/ack', { acks: [ack, ack] });
    expect((await worker.ack(split, { spawn: parts(2) })).settled[0]).toMatchObject({ status: 'completed', repeated: true });
    expect((await pipeline(h, id)).stages.total).toBe(4);
  });

  it('goes when its stage runs again, and its names and ids are not mixed up', async () => {
    const { h, worker, id } = await started();
    const split = await worker.one();
    await worker.ack(split, { spawn: parts(3) });
    const held = await worker.one();
    const before = (await h.call<Page<Stage>>('GET', `/pipelines/${id}/stages`)).items.map((stage) => stage.id);

    await h.call('POST', `/stages/${split.id}/rerun`, { following: true });

    expect(await h.statuses(id)).toEqual({ split: 'pending', join: 'not_started' });
    expect(await pipeline(h, id)).toMatchObject({ run: 2, stages: { total: 2, open: 2 } });
    expect((await worker.ack(held)).settled[0]).toMatchObject({ error: { code: 'not_found' } });
    await worker.ack(await worker.one(), { spawn: parts(2) });
    const after = (await h.call<Page<Stage>>('GET', `/pipelines/${id}/stages`)).items;
    const added = after.filter((stage) => stage.name.startsWith('part-')).map((stage) => stage.id);
    expect(added).toHaveLength(2);
    for (const stageId of added) expect(before).not.toContain(stageId);
    expect((await workOff(worker)).map((job) => job.stage)).toEqual(['part-0', 'part-1', 'join']);
    expect((await pipeline(h, id)).status).toBe('completed');
  });

  it('while the pipeline is paused is held', async () => {
    const { h, worker, id } = await started();
    const split = await worker.one();
    await h.call('POST', `/pipelines/${id}/pause`);
    await worker.ack(split, { spawn: parts(2) });
    expect(await worker.pull()).toEqual([]);
    await h.call('POST', `/pipelines/${id}/resume`);
    expect((await workOff(worker)).map((job) => job.stage)).toEqual(['part-0', 'part-1', 'join']);
  });
});

describe('stages that are appended from outside', () => {
  it('run in the order listed, and wait for the stages that they name', async () => {
    const { h, worker, id } = await started();
    const stages = [
      { name: 'report', handler: 'a', dependsOn: ['join'] },
      { name: 'mail', handler: 'a' },
    ];
    const appended = await h.call<StagesAppended>('POST', `/pipelines/${id}/stages`, { stages, idempotencyKey: 'k' });
    expect(appended).toMatchObject({ created: true, stages: [{ name: 'report' }, { name: 'mail' }] });
    expect(await h.call('POST', `/pipelines/${id}/stages`, { stages }, { 'idempotency-key': 'k' })).toEqual({
      ...appended,
      created: false,
    });
    await expect(h.call('POST', `/pipelines/${id}/stages`, { stages: stages.slice(0, 1), idempotencyKey: 'k' })).rejects.toThrow(
      /409 idempotency_conflict/,
    );
    expect((await workOff(worker)).map((job) => job.stage)).toEqual(['split', 'join', 'report', 'mail']);
    expect(await pipeline(h, id)).toMatchObject({ status: 'completed', stages: { total: 4, completed: 4 } });
    await expect(h.call('POST', `/pipelines/${id}/stages`, { stages: [{ name: 'late' }] })).rejects.toThrow(/409 state_conflict/);
  });

  it('start at once without dependencies, and wake a pull that waits', async () => {
    const { h, worker, id } = await started();
    const split = await worker.one();
    const waiting = worker.pull({ waitMs: 30_000 });
    await h.call('POST', `/pipelines/${id}/stages`, { stages: [{ name: 'now', handler: 'a' }] });
    expect((await waiting).map((job) => job.stage)).toEqual(['now']);
    await worker.ack(split);
  });

  it('wait for the time of a pipeline that has not begun', async () => {
    const h = await harness();
    const worker = await h.worker();
    const runAt = new Date(h.controlPlane.now() + 60_000).toISOString();
    const { id } = await h.create({ runAt, stages: [{ name: 'first', handler: 'a' }] });
    const later = new Date(h.controlPlane.now() + 90_000).toISOString();
    const stages = [
      { name: 'now', handler: 'a' },
      { name: 'next', handler: 'a' },
      { name: 'own', handler: 'a', dependsOn: [], runAt: later },
    ];
    await h.call('POST', `/pipelines/${id}/stages`, { stages });
    expect(await pipeline(h, id)).toMatchObject({ status: 'not_started' });
    expect(await h.statuses(id)).toEqual({ first: 'scheduled', now: 'scheduled', next: 'not_started', own: 'scheduled' });
    await h.controlPlane.advance(59_999);
    expect(await worker.pull()).toEqual([]);
    await h.controlPlane.advance(1);
    expect((await workOff(worker)).map((job) => job.stage)).toEqual(['first', 'now', 'next']);
    await h.controlPlane.advance(30_000);
    expect((await workOff(worker)).map((job) => job.stage)).toEqual(['own']);
  });

  it('are refused, and leave nothing, when they do not fit', async () => {
    const { h, id } = await started();
    const before = await h.statuses(id);
    for (const stages of [
      [{ name: 'split' }],
      [{ name: 'x', dependsOn: ['nowhere'] }],
      [{ name: 'x', input: { $output: { stage: 'join' } } }],
    ]) {
      await expect(h.call('POST', `/pipelines/${id}/stages`, { stages })).rejects.toThrow(/422 invalid_pipeline/);
    }
    await expect(h.call('POST', '/pipelines/999999/stages', { stages: [{ name: 'x' }] })).rejects.toThrow(/404/);
    expect(await h.statuses(id)).toEqual(before);
  });
});
