import { declareHandler, defineHandler, typed } from '@pipelogiq/sdk';
import { describe, expect, it } from 'vitest';
import { type EndToEnd, endToEnd, WAYS } from './harness.js';

const COUNT = 100;
const PARTS = Array.from({ length: COUNT }, (_, part) => part);
const QUICK = { type: 'fixed', delayMs: 1, jitter: false } as const;

const render = declareHandler('render', {
  input: typed<{ part: number }>(),
  output: typed<{ part: number; text: string }>(),
  defaults: { maxAttempts: 7, timeoutMs: 120_000 },
});

/** Renders a text of this many characters. */
const renders = (characters: number) => render.handle(({ part }) => ({ part, text: String(part % 10).repeat(characters) }));

const spawnsAll = defineHandler('split', {}, (_, job) => {
  for (const part of PARTS) job.spawn([{ name: `part-${part}`, handler: render, input: { part } }]);
  return { parts: COUNT };
});

const joins = defineHandler('join', {}, (_, job) => {
  const pages = job.outputsOf(render);
  return {
    parts: pages.map(({ part }) => part).sort((a, b) => a - b),
    characters: pages.reduce((sum, { text }) => sum + text.length, 0),
    announced: job.outputOf('split'),
  };
});

const create = ({ pipelogiq }: EndToEnd) =>
  pipelogiq.pipelines.create({ name: 'fan-out', stages: [{ name: 'split', backoff: QUICK }, { name: 'join' }] });

describe.each(WAYS)('spawned stages %s', (way) => {
  it.each([
    ['with the job', 10],
    ['by reference', 4_000],
  ])('fan out to 100 and in again, their outputs %s', async (_how, characters) => {
    const run = await endToEnd(way);
    await run.work([spawnsAll, renders(characters), joins], { concurrency: 20 });
    const { id } = await create(run);
    await run.pipelogiq.pipelines.waitForSuccess(id);
    const stages = await run.pipelogiq.pipelines.stages(id);
    expect(stages).toHaveLength(COUNT + 2);
    expect(stages.find(({ name }) => name === 'part-7')).toMatchObject({
      maxAttempts: 7,
      timeoutMs: 120_000,
      dependsOn: ['split'],
    });
    expect(stages.find(({ name }) => name === 'join')?.output).toEqual({
      parts: PARTS,
      characters: COUNT * characters,
      announced: { parts: COUNT },
    });
  });

  it('come from the attempt that was acked, not from those that failed', async () => {
    const run = await endToEnd(way);
    const split = defineHandler('split', {}, (_, job) => {
      job.spawn([{ name: `of-attempt-${job.attempt}`, handler: render, input: { part: job.attempt } }]);
      if (job.attempt === 1) throw new Error('dropped');
    });
    await run.work([split, renders(1), defineHandler('join', {}, (_, job) => job.outputsOf(render).length)]);
    const { id } = await create(run);
    await run.pipelogiq.pipelines.waitForSuccess(id);
    const stages = await run.pipelogiq.pipelines.stages(id);
    expect(stages.map(({ name }) => name)).toEqual(['split', 'join', 'of-attempt-2']);
    expect(stages[1]?.output).toBe(1);
  });

  it('that do not fit fail their stage for good, and the worker hears why', async () => {
    const run = await endToEnd(way);
    const split = defineHandler('split', {}, (_, job) => job.spawn([{ name: 'join', handler: 'render' }]));
    const { worker } = await run.work([split]);
    const failed = new Promise((resolve) => worker.once('job_failed', resolve));
    const { id } = await create(run);
    expect(await failed).toMatchObject({ error: { code: 'spawn_invalid' }, willRetry: false });
    expect(await run.pipelogiq.pipelines.wait(id)).toMatchObject({ status: 'failed' });
    const [stage] = await run.pipelogiq.pipelines.stages(id);
    expect(stage).toMatchObject({
      status: 'failed',
      attempts: 1,
      error: { code: 'spawn_invalid', message: expect.stringContaining('join') },
    });
  });
});

describe.each(WAYS)('an operator %s', (way) => {
  it('pauses, adds stages and resumes; skips and reruns; and finds it all in the audit trail', async () => {
    const { pipelogiq, work } = await endToEnd(way);
    const { pipelines, stages } = pipelogiq;
    const { id } = await pipelines.create({ name: 'operated', stages: [{ name: 'a', maxAttempts: 1 }, { name: 'b' }] });
    expect(await pipelines.pause(id)).toMatchObject({ status: 'paused' });
    expect(await pipelines.append(id, [{ name: 'c', handler: render, input: { part: 3 }, dependsOn: ['b'] }])).toMatchObject({
      created: true,
      stages: [{ name: 'c' }],
    });
    expect(await pipelines.resume(id)).toMatchObject({ status: 'running' });
    let broken = true;
    const a = defineHandler('a', {}, () => {
      if (broken) throw new Error('no');
    });
    await work([a, defineHandler('b', {}, () => 1), renders(1)]);
    expect(await pipelines.wait(id)).toMatchObject({ status: 'failed' });
    const [first] = await pipelines.stages(id);
    expect(await stages.skip(first?.id ?? '')).toMatchObject({ status: 'skipped' });
    expect(await pipelines.wait(id)).toMatchObject({ status: 'completed', stages: { skipped: 1, completed: 2 } });

    broken = false;
    expect(await stages.rerun(first?.id ?? '', { following: true })).toMatchObject({ attempts: 0 });
    expect(await pipelines.wait(id)).toMatchObject({ status: 'completed', run: 2, stages: { completed: 3 } });
    expect(await pipelines.rerun(id, { from: 'start' })).toMatchObject({ run: 3 });
    await pipelines.waitForSuccess(id);

    const filter = { name: 'operated' };
    expect(await pipelines.act({ action: 'rerun', filter, dryRun: true })).toMatchObject({ status: 'dry_run', matched: 1 });
    const begun = await pipelines.act({ action: 'rerun', filter, rerunFrom: 'start' });
    expect(await pipelines.action(begun.id ?? '')).toMatchObject({ action: 'rerun', matched: 1 });
    await expect.poll(async () => (await pipelines.get(id)).run, { timeout: 30_000 }).toBe(4);
    await pipelines.waitForSuccess(id);
    const trail = (await pipelogiq.auditEvents.list().all()).map(({ action }) => action);
    expect(trail.filter((action) => !action.startsWith('api_key'))).toEqual([
      'pipeline.rerun',
      'pipelines.action',
      'pipeline.rerun',
      'stage.rerun',
      'stage.skip',
      'pipeline.resume',
      'pipeline.append',
      'pipeline.pause',
    ]);
  });
});
