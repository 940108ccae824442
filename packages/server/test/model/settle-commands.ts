import fc from 'fast-check';
import { expect } from 'vitest';
import { command, have, type ModelCommand, pick } from './command.js';
import { type SettleOptions, settle } from './delivery-rules.js';
import { learnIds } from './operator-commands.js';
import type { Real } from './real.js';
import { specs, toWire } from './specs.js';
import { expectPull, followAll, held, post } from './worker-commands.js';
import type { StageModel, WorkerModel, World } from './world.js';

const choice = fc.nat({ max: 1_000 });

/** What a worker says of a delivery. Most are acks. */
const word = fc.record({
  kind: fc.constantFrom('ack', 'ack', 'ack', 'nack', 'nack', 'release'),
  empty: fc.constantFrom(false, false, true),
  spawn: fc.option(specs('p', { minLength: 1, maxLength: 3 }), { nil: undefined, freq: 2 }),
  taken: fc.constantFrom(false, false, false, true),
  retryable: fc.constantFrom(true, true, true, false),
  retryAfterMs: fc.option(fc.constantFrom(0, 2_000), { nil: undefined, freq: 2 }),
  delayMs: fc.option(fc.constantFrom(0, 3_000), { nil: undefined, freq: 3 }),
});
type Word = typeof word extends fc.Arbitrary<infer W> ? W : never;

interface Said {
  stage: StageModel;
  token: number;
  options: SettleOptions;
}

const MAX_SPAWNING_STAGES = 12;

function say(stage: StageModel, token: number, { kind, empty, spawn, taken, retryable, retryAfterMs, delayMs }: Word): Said {
  const { stages } = stage.pipeline;
  const added = spawn?.(stages.length).map((spec, at) =>
    taken && at === 0 ? { ...spec, name: stages[0]?.spec.name ?? '' } : spec,
  );
  const options: SettleOptions = { kind: kind as SettleOptions['kind'], retryable };
  if (kind === 'ack' && !empty) options.output = { done: token };
  if (kind === 'ack' && added && stages.length < MAX_SPAWNING_STAGES) options.spawn = taken ? added.slice(0, 1) : added;
  if (kind === 'nack' && retryAfterMs !== undefined) options.retryAfterMs = retryAfterMs;
  if (kind === 'release' && delayMs !== undefined) options.delayMs = delayMs;
  return { stage, token, options };
}

function item({ stage, token, options: { kind, output, spawn, retryable, retryAfterMs, delayMs } }: Said): object {
  const ref = { id: stage.id, fencingToken: token };
  if (kind === 'ack') return { ...ref, ...(output !== undefined && { output }), ...(spawn && { spawn: spawn.map(toWire) }) };
  if (kind === 'release') return { ...ref, ...(delayMs !== undefined && { delayMs }) };
  const error = { code: 'boom', message: 'it broke' };
  return { ...ref, error, retryable, ...(retryAfterMs !== undefined && { retryAfterMs }) };
}

type Result = { id: string; status?: string; repeated?: true; failedBecause?: string; error?: { code: string; reason?: string } };

/** In the model's words. */
function inShort({ status, repeated, failedBecause, error }: Result): string {
  if (error) return error.code === 'lease_lost' ? `lost ${error.reason}` : error.code;
  if (repeated) return `repeated ${status === 'pending' || status === 'scheduled' ? 'retry' : status}`;
  return failedBecause === undefined ? String(status) : `${status} ${failedBecause}`;
}

const KINDS = ['ack', 'nack', 'release'] as const;

/** In the order in which the server takes them: acks, nacks, releases. */
const inOrder = (said: readonly Said[]): Said[] => KINDS.flatMap((kind) => said.filter(({ options }) => options.kind === kind));

function expectSettles(world: World, worker: WorkerModel, said: readonly Said[]): { id: string; result: string }[] {
  const expected = said.map(({ stage, token, options }) => ({
    id: stage.id,
    result: settle(world, worker, { stage, token }, options),
  }));
  followAll(world);
  return expected;
}

const shown = (results: Result[]) => results.map((result) => ({ id: result.id, result: inShort(result) }));

async function learnSpawned(world: World, real: Real): Promise<void> {
  for (const pipeline of world.pipelines) if (pipeline.stages.some(({ id }) => id === '')) await learnIds(real, pipeline);
}

/** One settle by a call of its own: of a job that is held, of one that was, by another worker, or under a token to come. */
const settleOne = fc
  .record({ whose: fc.constantFrom('held', 'held', 'held', 'old', 'foreign', 'foreign', 'future'), delivery: choice, word })
  .map((choices) =>
    command(
      'settle',
      choices,
      have(({ deliveries }) => deliveries),
      async (world, real) => {
        const now = held(world);
        const isOfOld = choices.whose === 'old' || now.length === 0 || choices.delivery % 3 === 0;
        const delivery = pick(
          choices.whose === 'held' && now.length > 0 ? now : isOfOld ? world.deliveries : now,
          choices.delivery,
        );
        const others = world.workers.filter((worker) => worker !== delivery.worker);
        const worker = choices.whose === 'foreign' && others.length > 0 ? pick(others, choices.delivery) : delivery.worker;
        const said = say(delivery.stage, delivery.token + (choices.whose === 'future' ? 1 : 0), choices.word);
        const path = `/jobs/${said.options.kind}`;
        const body = { [`${said.options.kind}s`]: [item(said)] };
        const expected = expectSettles(world, worker, [said]);
        expect(shown((await post(real, worker, path, body)).settled ?? []), path).toEqual(expected);
        // The answer was lost: the same again is answered as the first time, and changes nothing.
        if (choices.delivery % 4 === 0) {
          const again = expectSettles(world, worker, [said]);
          expect(shown((await post(real, worker, path, body)).settled ?? []), `${path} again`).toEqual(again);
        }
        await learnSpawned(world, real);
      },
    ),
  );

/** All that a worker holds, or some of it, in one pull that asks for more: one commit for what depends on several of them. */
const settleMany = fc
  .record({
    worker: choice,
    allAcks: fc.boolean(),
    words: fc.array(word, { minLength: 2, maxLength: 6, size: 'max' }),
    maxJobs: fc.constantFrom(0, 2, 10),
  })
  .map((choices) =>
    command('settleMany', choices, have(held), async (world, real) => {
      const holders = world.workers.filter((worker) => world.heldBy(worker).length > 0);
      const worker = pick(holders, choices.worker);
      const jobs = world.heldBy(worker);
      const words = choices.words.map((each) => ({ ...each, spawn: undefined, kind: choices.allAcks ? 'ack' : each.kind })); // names of two spawns in one call could meet
      const said = inOrder(words.flatMap((each, at) => (jobs[at] ? say(jobs[at].stage, jobs[at].token, each) : [])));
      worker.seq += 1;
      const expected = expectSettles(world, worker, said);
      const ask = { handlers: ['a', 'b'], maxJobs: choices.maxJobs };
      const leased = expectPull(world, worker, ask).map(({ stage, token }) => ({ id: stage.id, token }));
      const of = (kind: string) => said.filter(({ options }) => options.kind === kind).map(item);
      const settled = { acks: of('ack'), nacks: of('nack'), releases: of('release') };
      const answer = await post(real, worker, '/jobs/pull', { pullSeq: worker.seq, ...ask, settle: settled });
      expect(shown(answer.settled ?? []), 'settles of a pull').toEqual(expected);
      const got = (answer.jobs ?? []).map(({ id, fencingToken }) => ({ id, token: fencingToken }));
      expect(got, 'jobs of the same pull').toEqual(leased);
    }),
  );

export const settleCommands: { weight: number; arbitrary: fc.Arbitrary<ModelCommand> }[] = [
  { weight: 12, arbitrary: settleOne },
  { weight: 14, arbitrary: settleMany },
];
