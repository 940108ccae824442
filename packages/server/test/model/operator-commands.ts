import fc from 'fast-check';
import { expect } from 'vitest';
import { command, have, type ModelCommand, pick } from './command.js';
import * as rules from './operator-rules.js';
import type { Real } from './real.js';
import { specs, toWire } from './specs.js';
import { type EventResult, isFinal, type PipelineModel, type World } from './world.js';

const MAX_LIVE = 3;
const MAX_PIPELINES = 5;
const MAX_STAGES = 12;

const choice = fc.nat({ max: 1_000 });
const pipelines = (world: World) => world.pipelines;
const stages = (world: World) => world.stages;

/** An action is accepted or refused as the model says, and a refusal is a conflict. */
async function act(real: Real, path: string, accepted: boolean, body: object = {}): Promise<void> {
  const answer = await real.call('POST', path, body);
  expect([answer.status, answer.body.code], `${path} ${JSON.stringify(body)}`).toEqual(
    accepted ? [200, undefined] : [409, 'state_conflict'],
  );
}

/** Stages get their ids in the order of creation. */
export async function learnIds(real: Real, pipeline: PipelineModel): Promise<void> {
  const { body } = await real.call('GET', `/pipelines/${pipeline.id}/stages?limit=200`);
  const ids = new Map(body.items.map((stage: { name: string; id: string }) => [stage.name, stage.id]));
  for (const stage of pipeline.stages) if (stage.id === '') stage.id = String(ids.get(stage.spec.name));
}

export const create = fc
  .record({
    stages: specs('s', { minLength: 1, maxLength: 5 }),
    priority: fc.constantFrom(0, 0, 5),
    runInMs: fc.option(fc.constantFrom(1_000, 6_000), { nil: undefined, freq: 5 }),
  })
  .map((choices) =>
    command(
      'create',
      choices,
      (world) => world.pipelines.length < MAX_PIPELINES && world.pipelines.filter((each) => !isFinal(each)).length < MAX_LIVE,
      async (world, real) => {
        const { stages: listed, priority, runInMs } = choices;
        const own = listed();
        const pipeline = rules.create(world, own, { priority, ...(runInMs !== undefined && { runInMs }) });
        const { status, body } = await real.call('POST', '/pipelines', {
          name: 'model',
          priority,
          stages: own.map(toWire),
          ...(pipeline.runAt !== undefined && { runAt: new Date(pipeline.runAt).toISOString() }),
        });
        expect([status, body.status]).toEqual([201, pipeline.status]);
        pipeline.id = body.id;
        await learnIds(real, pipeline);
      },
    ),
  );

const append = fc
  .record({ pipeline: choice, stages: specs('x', { minLength: 1, maxLength: 2 }), on: fc.array(choice, { maxLength: 2 }) })
  .map((choices) =>
    command('append', choices, have(pipelines), async (world, real) => {
      const pipeline = pick(world.pipelines, choices.pipeline);
      const existing = choices.on.map((at) => pick(pipeline.stages, at).spec.name);
      const added = choices.stages(pipeline.stages.length).map((spec, at) => ({
        ...spec,
        dependsOn: at === 0 ? [...new Set(existing)] : spec.dependsOn,
      }));
      if (pipeline.stages.length > MAX_STAGES) return;
      const accepted = rules.append(world, pipeline, added);
      const { status } = await real.call('POST', `/pipelines/${pipeline.id}/stages`, { stages: added.map(toWire) });
      expect(status < 300).toBe(accepted);
      await learnIds(real, pipeline);
    }),
  );

const onPipeline = (name: 'cancel' | 'pause' | 'resume', rule: (world: World, pipeline: PipelineModel) => boolean) =>
  fc.record({ pipeline: choice }).map((choices) =>
    command(name, choices, have(pipelines), async (world, real) => {
      const pipeline = pick(world.pipelines, choices.pipeline);
      const accepted = rule(world, pipeline);
      await act(real, `/pipelines/${pipeline.id}/${name}`, accepted);
    }),
  );

const rerunPipeline = fc.record({ pipeline: choice, from: fc.constantFrom('start' as const, 'failed' as const) }).map((choices) =>
  command('rerunPipeline', choices, have(pipelines), async (world, real) => {
    // One that has ended, when there is one: most others refuse.
    const ended = world.pipelines.filter(isFinal);
    const pipeline = pick(ended.length > 0 ? ended : world.pipelines, choices.pipeline);
    const accepted = rules.rerunPipeline(world, pipeline, choices.from);
    await act(real, `/pipelines/${pipeline.id}/rerun`, accepted, { from: choices.from });
  }),
);

const rerunStage = fc.record({ stage: choice, following: fc.boolean() }).map((choices) =>
  command('rerunStage', choices, have(stages), async (world, real) => {
    const stage = pick(world.stages, choices.stage);
    const accepted = rules.rerunStage(world, stage, choices.following);
    await act(real, `/stages/${stage.id}/rerun`, accepted, { following: choices.following });
  }),
);

const skipStage = fc.record({ stage: choice }).map((choices) =>
  command('skipStage', choices, have(stages), async (world, real) => {
    const stage = pick(world.stages, choices.stage);
    const accepted = rules.skip(world, stage);
    await act(real, `/stages/${stage.id}/skip`, accepted);
  }),
);

/** Somebody outside says how an event ended: of a stage that waits for it, or of any. The same again is a repetition. */
const completeEvent = fc
  .record({
    stage: choice,
    any: fc.constantFrom(false, false, false, true),
    result: fc.constantFrom<EventResult>(
      { outcome: 'completed', output: { signed: 1 } },
      { outcome: 'completed', output: { signed: 2 } },
      { outcome: 'completed' },
      { outcome: 'failed' },
    ),
  })
  .map((choices) =>
    command('completeEvent', choices, have(stages), async (world, real) => {
      const events = world.stages.filter(({ spec }) => spec.waitFor);
      const waiting = events.filter(({ status }) => status === 'waiting');
      const likely = waiting.length > 0 ? waiting : events;
      const stage = pick(choices.any || likely.length === 0 ? world.stages : likely, choices.stage);
      for (let times = choices.stage % 3 === 0 ? 2 : 1; times > 0; times -= 1) {
        const expected = rules.complete(world, stage, choices.result);
        const { status, body } = await real.call('POST', `/stages/${stage.id}/complete`, choices.result);
        const told = [body.repeated && 'repeated', body.status, body.failedBecause].filter(Boolean).join(' ');
        expect(status === 200 ? told : `${status} ${body.code}`, `complete ${stage.id}`).toBe(expected ?? '409 state_conflict');
      }
    }),
  );

export const operatorCommands: { weight: number; arbitrary: fc.Arbitrary<ModelCommand> }[] = [
  { weight: 6, arbitrary: create },
  { weight: 2, arbitrary: append },
  { weight: 1, arbitrary: onPipeline('cancel', (_, pipeline) => rules.cancel(pipeline)) },
  { weight: 2, arbitrary: onPipeline('pause', rules.pause) },
  { weight: 3, arbitrary: onPipeline('resume', rules.resume) },
  { weight: 2, arbitrary: rerunPipeline },
  { weight: 4, arbitrary: rerunStage },
  { weight: 2, arbitrary: skipStage },
  { weight: 5, arbitrary: completeEvent },
];
