import fc from 'fast-check';
import { expect } from 'vitest';
import { command, have, type ModelCommand, pick } from './command.js';
import * as rules from './delivery-rules.js';
import { follow } from './graph-rules.js';
import type { Real } from './real.js';
import { type Delivery, isHeld, type WorkerModel, type World } from './world.js';

const choice = fc.nat({ max: 1_000 });
const handlers = fc.constantFrom<string[]>(['a'], ['a', 'b'], ['a', 'b'], ['b']);
const ALL = ['a', 'b'];
const bootstrapped = have((world) => world.workers);

export const followAll = (world: World): void => {
  for (const pipeline of world.pipelines) follow(world, pipeline);
};

/** A call of a worker, which succeeds. */
export async function post(real: Real, worker: WorkerModel, path: string, body: object): Promise<Record<string, never[]>> {
  const answer = await real.call('POST', path, { workerId: worker.id, ...body }, worker.session);
  expect([answer.status, answer.body?.detail], path).toEqual([200, undefined]);
  return answer.body;
}

const shownJobs = (jobs: { id: string; fencingToken: number; attempt: number }[]) =>
  jobs.map(({ id, fencingToken, attempt }) => ({ id, fencingToken, attempt }));

const expectedJobs = (deliveries: readonly Delivery[]) =>
  deliveries.map(({ stage, token }) => ({ id: stage.id, fencingToken: token, attempt: stage.attempts + 1 }));

/** What a pull with this number must bring: the jobs of the one it repeats, or new ones. */
export function expectPull(
  world: World,
  worker: WorkerModel,
  { handlers: names, maxJobs }: { handlers: string[]; maxJobs: number },
) {
  if (worker.seq <= worker.brought) {
    const held = world.heldBy(worker).filter(({ pullSeq }) => pullSeq === worker.seq);
    return held.sort((a, b) => Number(a.stage.id) - Number(b.stage.id));
  }
  if (worker.drained || worker.state !== 'running') return [];
  const leased = rules.readyFor(world, names).slice(0, maxJobs);
  if (leased.length > 0) worker.brought = worker.seq;
  return leased.map((stage) => rules.lease(world, worker, stage));
}

async function pull(world: World, real: Real, worker: WorkerModel, ask: { handlers: string[]; maxJobs: number }): Promise<void> {
  const expected = expectPull(world, worker, ask);
  const { jobs } = await post(real, worker, '/jobs/pull', { pullSeq: worker.seq, ...ask });
  expect(shownJobs(jobs ?? []), `jobs of pull ${worker.seq} of ${worker.name}`).toEqual(expectedJobs(expected));
}

const asks = { worker: choice, handlers, maxJobs: fc.constantFrom(1, 3, 10, 10) };

const pullNew = fc.record(asks).map((choices) =>
  command('pull', choices, bootstrapped, async (world, real) => {
    const worker = pick(world.workers, choices.worker);
    worker.seq += 1;
    await pull(world, real, worker, { handlers: choices.handlers, maxJobs: choices.maxJobs });
  }),
);

/** The answer to the last pull was lost. */
const repeatPull = fc.record(asks).map((choices) =>
  command(
    'repeatPull',
    choices,
    have(({ workers }) => workers.filter(({ seq }) => seq > 0)),
    async (world, real) => {
      const pulled = world.workers.filter(({ seq }) => seq > 0);
      await pull(world, real, pick(pulled, choices.worker), { handlers: choices.handlers, maxJobs: choices.maxJobs });
    },
  ),
);

/** Gives up the last pulls of a worker, whose answers never arrived. */
const abandon = fc.record({ worker: choice, pulls: fc.constantFrom(1, 1, 2) }).map((choices) =>
  command(
    'abandon',
    choices,
    have(({ workers }) => workers.filter(({ seq }) => seq > 0)),
    async (world, real) => {
      const worker = pick(
        world.workers.filter(({ seq }) => seq > 0),
        choices.worker,
      );
      const abandonedPulls = Array.from({ length: Math.min(choices.pulls, worker.seq) }, (_, back) => worker.seq - back);
      worker.seq += 1;
      rules.abandon(world, worker, abandonedPulls);
      const { jobs } = await post(real, worker, '/jobs/pull', { pullSeq: worker.seq, handlers: ALL, maxJobs: 0, abandonedPulls });
      expect(jobs).toEqual([]);
    },
  ),
);

const heartbeat = fc
  .record({
    worker: choice,
    jobs: fc.array(choice, { maxLength: 6 }),
    draining: fc.integer({ min: 0, max: 9 }).map((of10) => of10 === 9),
  })
  .map((choices) =>
    command('heartbeat', choices, bootstrapped, async (world, real) => {
      const worker = pick(world.workers, choices.worker);
      const own = world.heldBy(worker).filter((_, at) => choices.jobs.length % 2 === 0 || at % 2 === 0);
      const others = world.deliveries.length === 0 ? [] : choices.jobs.map((at) => pick(world.deliveries, at));
      const jobs = new Map([...own, ...others].map((delivery) => [delivery.stage.id, delivery])); // a stage once
      worker.state = choices.draining ? 'draining' : 'running';
      const reply = await post(real, worker, '/workers/heartbeat', {
        state: worker.state,
        jobs: [...jobs.values()].map(({ stage, token }) => ({ id: stage.id, fencingToken: token })),
        ...{ inFlight: 0, processed: 0, failed: 0 },
      });
      const expected = [...jobs.values()].map((delivery) => ({
        id: delivery.stage.id,
        fencingToken: delivery.token,
        reason: rules.heartbeat(world, worker, delivery),
      }));
      expect(reply).toEqual({
        order: worker.drained ? 'drain' : 'run',
        extended: expected.filter(({ reason }) => reason === undefined).map(({ id }) => ({ id, leaseMs: expect.any(Number) })),
        lost: expected.filter(({ reason }) => reason !== undefined),
      });
    }),
  );

const sessionOf = async (real: Real, name: string): Promise<WorkerModel> => {
  const request = { workerName: name, instanceId: name, supportedHandlers: ALL };
  const { status, body } = await real.call('POST', '/workers/bootstrap', request);
  expect(status).toBe(200);
  return { name, id: body.workerId, session: body.sessionToken, seq: 0, brought: 0, drained: false, state: 'running' };
};

export async function bootstrapWorkers(world: World, real: Real): Promise<void> {
  for (const name of ['w0', 'w1']) world.workers.push(await sessionOf(real, name));
}

/** A new session of a worker: it keeps what it holds, its pulls begin anew, and the old session is over. */
const bootstrap = fc.record({ worker: choice }).map((choices) =>
  command('bootstrap', choices, bootstrapped, async (world, real) => {
    const worker = pick(world.workers, choices.worker);
    const fresh = await sessionOf(real, worker.name);
    expect(fresh.id, 'the same instance is the same worker').toBe(worker.id);
    const old = await real.call(
      'POST',
      '/jobs/pull',
      { workerId: worker.id, pullSeq: 1, handlers: ALL, maxJobs: 1 },
      worker.session,
    );
    expect(old.status, 'a call of the session before').toBe(401);
    for (const delivery of world.heldBy(worker)) delivery.pullSeq = undefined;
    Object.assign(worker, fresh);
  }),
);

const drain = fc.record({ worker: choice }).map((choices) =>
  command('drain', choices, bootstrapped, async (world, real) => {
    const worker = pick(world.workers, choices.worker);
    worker.drained = true;
    expect((await real.call('POST', `/workers/${worker.id}/drain`, {})).status).toBe(200);
  }),
);

export const workerCommands: { weight: number; arbitrary: fc.Arbitrary<ModelCommand> }[] = [
  { weight: 10, arbitrary: pullNew },
  { weight: 3, arbitrary: repeatPull },
  { weight: 2, arbitrary: abandon },
  { weight: 3, arbitrary: heartbeat },
  { weight: 2, arbitrary: bootstrap },
  { weight: 1, arbitrary: drain },
];

export const held = (world: World): Delivery[] => world.deliveries.filter(isHeld);
