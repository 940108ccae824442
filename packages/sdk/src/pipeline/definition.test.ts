import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ValidationError } from '../errors.js';
import { declareHandler } from '../handler.js';
import type { PipelineBuilder } from './builder.js';
import { type DefinitionOptions, definePipeline } from './definition.js';
import type { StageRef } from './stage-ref.js';

const charge = declareHandler('charge-card', {
  input: z.object({ orderId: z.string() }),
  output: z.object({ receipt: z.string(), lines: z.array(z.object({ sku: z.string() })) }),
  defaults: { maxAttempts: 5, timeoutMs: 30_000 },
});

const stagesOf = async (build: (p: PipelineBuilder) => void, options: DefinitionOptions = {}) => {
  return (await definePipeline('order', options, build).build(undefined)).stages;
};

const refusal = (build: (p: PipelineBuilder) => void) =>
  expect(stagesOf(build)).rejects.toSatisfy((error) => error instanceof ValidationError && error.code === 'invalid_pipeline');

describe('a defined pipeline', () => {
  it('becomes what the server takes', async () => {
    const order = definePipeline('order', { input: z.object({ id: z.string() }), version: '3' }, (p, input) => {
      const paid = p.stage('charge', charge, { orderId: input.id });
      p.stage('pack', 'pack', { receipt: paid.output('receipt'), all: paid.output() }, { priority: 7 });
    });
    expect(await order.build({ id: '42' })).toEqual({
      name: 'order',
      version: '3',
      stages: [
        { name: 'charge', handler: 'charge-card', input: { orderId: '42' }, dependsOn: [], maxAttempts: 5, timeoutMs: 30_000 },
        {
          name: 'pack',
          handler: 'pack',
          input: {
            receipt: { $output: { stage: 'charge', path: ['receipt'] } },
            all: { $output: { stage: 'charge' } },
          },
          dependsOn: ['charge'],
          priority: 7,
        },
      ],
    });
  });

  it('has event stages, to which the options of workers do not come by default', async () => {
    const stages = await stagesOf(
      (p) => {
        const asked = p.stage('ask', 'ask');
        const approved = p.event<{ by: string }>('approve', {
          after: [asked],
          runAt: new Date('2030-01-01T00:00:00Z'),
          timeoutMs: 5,
        });
        p.stage('publish', 'publish', { by: approved.output('by') });
        p.event('at once', { input: { about: approved.output('by') } });
      },
      { defaults: { maxAttempts: 9, timeoutMs: 1_000 } },
    );
    expect(stages[1]).toEqual({
      name: 'approve',
      waitFor: 'event',
      dependsOn: ['ask'],
      runAt: '2030-01-01T00:00:00.000Z',
      timeoutMs: 5,
    });
    expect(stages[2]).toMatchObject({ dependsOn: ['approve'], input: { by: { $output: { stage: 'approve', path: ['by'] } } } });
    expect(stages[3]).toMatchObject({ name: 'at once', waitFor: 'event', dependsOn: ['approve'] });
  });

  it('refuses an event stage whose name is taken, or that waits for a stage of another pipeline', async () => {
    await refusal((p) => {
      p.stage('a', 'a');
      p.event('a');
    });
    await refusal((p) => void p.event('a', { after: [{ name: 'b' }] }));
  });

  it('runs its function anew for every input', async () => {
    const fanOut = definePipeline('fan-out', {}, (p, files: string[]) => {
      const parts = files.map((file) => p.stage(`read ${file}`, 'read', { file }));
      p.stage('join', 'join', { parts: parts.map((part) => part.output('text')) });
    });
    expect((await fanOut.build(['a', 'b'])).stages.at(-1)?.dependsOn).toEqual(['read a', 'read b']);
    expect((await fanOut.build([])).stages).toEqual([{ name: 'join', handler: 'join', input: { parts: [] }, dependsOn: [] }]);
  });

  it('is given its input transformed', async () => {
    const input = z.object({ n: z.string().transform(Number) });
    const pipeline = definePipeline('p', { input }, (p, { n }) => void p.stage('a', 'a', { n: n + 1 }));
    expect((await pipeline.build({ n: '41' })).stages[0]?.input).toEqual({ n: 42 });
  });

  it('refuses an input that does not fit, naming the fields', async () => {
    const input = z.object({ lines: z.array(z.object({ sku: z.string() })) });
    const pipeline = definePipeline('order', { input }, () => expect.fail('must not run'));
    const build = pipeline.build({ lines: [{ sku: 1 as unknown as string }] });
    await expect(build).rejects.toMatchObject({
      name: 'ValidationError',
      code: 'invalid_input',
      errors: [{ path: 'lines[0].sku' }],
    });
    await expect(build).rejects.toThrow(/the pipeline "order": lines\[0\]\.sku: /);
  });
});

describe('options of a stage', () => {
  it('count more than the handler, and the handler more than the pipeline', async () => {
    const build = (p: PipelineBuilder) => void p.stage('charge', charge, { orderId: '1' }, { maxAttempts: 9 });
    const [stage] = await stagesOf(build, { defaults: { maxAttempts: 2, timeoutMs: 1, priority: 3 } });
    expect(stage).toMatchObject({ maxAttempts: 9, timeoutMs: 30_000, priority: 3 });
  });

  it('take a date as the time to run', async () => {
    const at = new Date('2026-11-20T08:00:00Z');
    const stages = await stagesOf((p) => {
      p.stage('a', 'a', undefined, { runAt: at });
      p.stage('b', 'b', undefined, { runAt: '2027-01-01T00:00:00Z' });
    });
    expect(stages.map((stage) => stage.runAt)).toEqual(['2026-11-20T08:00:00.000Z', '2027-01-01T00:00:00Z']);
  });
});

describe('dependencies', () => {
  const dependsOn = async (build: (p: PipelineBuilder) => void) => (await stagesOf(build)).map((stage) => stage.dependsOn);

  it('are none when nothing is said: the stage starts at once', async () => {
    const build = (p: PipelineBuilder) => ['a', 'b'].forEach((name) => void p.stage(name, 'h'));
    expect(await dependsOn(build)).toEqual([[], []]);
  });

  it('are those of `after`, and of references however deep, each once', async () => {
    const build = (p: PipelineBuilder) => {
      const [a, b, c] = ['a', 'b', 'c'].map((name) => p.stage(name, 'h')) as [StageRef, StageRef, StageRef];
      p.stage('d', 'h', { deep: [{ x: b.output(0, 'y') }, b.output(), c.output('z')] }, { after: [a, b] });
    };
    expect((await dependsOn(build)).at(-1)).toEqual(['a', 'b', 'c']);
  });

  it('are found in an input that is itself a reference, or uses one object twice', async () => {
    const build = (p: PipelineBuilder) => {
      const a = p.stage('a', 'h');
      p.stage('b', 'h', a.output());
      const shared = { from: a.output('x') };
      p.stage('c', 'h', [shared, shared]);
    };
    expect(await dependsOn(build)).toEqual([[], ['a'], ['a']]);
  });

  it('are not made by something that only looks like a reference', async () => {
    const build = (p: PipelineBuilder) =>
      void p.stage('a', 'h', [{ $output: 'a' }, { $output: null }, { $output: { stage: 1 } }]);
    expect(await dependsOn(build)).toEqual([[]]);
  });
});

describe('mistakes', () => {
  it('refuses a name that is taken', () => refusal((p) => ['a', 'a'].forEach((name) => void p.stage(name, 'h'))));

  it('refuses a stage of another pipeline', async () => {
    let foreign: StageRef | undefined;
    await stagesOf((p) => {
      foreign = p.stage('a', 'h');
    });
    await refusal((p) => {
      p.stage('a', 'h');
      p.stage('b', 'h', undefined, { after: foreign ? [foreign] : [] });
    });
  });

  it('refuses a reference to a stage that does not exist yet', () =>
    refusal((p) => void p.stage('a', 'h', { $output: { stage: 'later' } })));

  it('refuses an async function, whose later stages would be lost', () =>
    refusal(async (p) => {
      p.stage('a', 'h');
    }));
});
