import { expect } from 'vitest';
import { counts } from './graph-rules.js';
import type { Real, Row } from './real.js';
import { isFinal, type PipelineModel, type StageModel, type World } from './world.js';

/** After every command: what the API shows is the model, and what the database counts along is what counting anew gives. */
export async function check(world: World, real: Real): Promise<void> {
  const { body } = await real.call('GET', '/pipelines?limit=200');
  const shown = new Map<string, ShownPipeline>(body.items.map((each: ShownPipeline) => [each.id, each]));
  expect([...shown.keys()].sort()).toEqual(world.pipelines.map(({ id }) => id).sort());
  for (const pipeline of world.pipelines) await checkPipeline(real, pipeline, shown.get(pipeline.id));
  await checkDatabase(world, real);
}

interface ShownPipeline {
  id: string;
  status: string;
  run: number;
  stages: object;
  finishedAt?: string;
}

async function checkPipeline(real: Real, pipeline: PipelineModel, shown: ShownPipeline | undefined): Promise<void> {
  const { body } = await real.call('GET', `/pipelines/${pipeline.id}/stages?limit=200`);
  expect(body.items.map(shownStage), `stages of pipeline ${pipeline.id}`).toEqual(pipeline.stages.map(expectedStage));
  expect({ status: shown?.status, run: shown?.run, stages: shown?.stages, ended: shown?.finishedAt !== undefined }).toEqual({
    status: pipeline.status,
    run: pipeline.run,
    stages: counts(pipeline),
    ended: isFinal(pipeline),
  });
}

const expectedStage = (stage: StageModel) => ({
  id: stage.id,
  name: stage.spec.name,
  status: stage.status,
  attempts: stage.attempts,
  fencingToken: stage.token,
  priority: stage.priority,
  dependsOn: [...stage.on].map((on) => on.spec.name).sort(),
  dueAt: stage.status === 'scheduled' || stage.status === 'pending' ? stage.dueAt : undefined,
  leaseEndsAt: stage.status === 'running' ? stage.leaseEndsAt : undefined,
});

type Shown = Record<string, unknown> & { dependsOn: string[]; runAt?: string; leaseExpiresAt?: string; status: string };

const shownStage = ({ id, name, status, attempts, fencingToken, priority, dependsOn, runAt, leaseExpiresAt }: Shown) => ({
  id,
  name,
  status,
  attempts,
  fencingToken,
  priority,
  dependsOn: [...dependsOn].sort(),
  dueAt: (status === 'scheduled' || status === 'pending') && runAt !== undefined ? Date.parse(runAt) : undefined,
  leaseEndsAt: leaseExpiresAt === undefined ? undefined : Date.parse(leaseExpiresAt),
});

const SATISFIES = (stage: Row): boolean =>
  stage.status === 'completed' || stage.status === 'skipped' || (stage.status === 'failed' && stage.run_next_if_failed === 1);

const COUNTERS: { [counter: string]: (stage: Row) => boolean } = {
  stages_total: () => true,
  stages_open: ({ status }) =>
    ['not_started', 'scheduled', 'pending', 'throttled', 'running', 'waiting'].includes(String(status)),
  stages_completed: ({ status }) => status === 'completed',
  stages_failed: ({ status, run_next_if_failed }) => status === 'failed' && run_next_if_failed === 0,
  stages_tolerated: ({ status, run_next_if_failed }) => status === 'failed' && run_next_if_failed === 1,
  stages_skipped: ({ status }) => status === 'skipped',
  stages_cancelled: ({ status }) => status === 'cancelled',
  stages_blocked: ({ status }) => status === 'blocked',
};

async function checkDatabase(world: World, real: Real): Promise<void> {
  const stages = await real.query(
    `select id, pipeline_id, status, held, run_next_if_failed, open_dependencies, dependency_count, worker_id, fencing_token,
      lease_expires_at, timeout_at, wake_at, outcome, attempts, expiries, ready_at from stage order by id`,
  );
  const edges = await real.query('select depends_on_id, stage_id from stage_dependency');
  const byId = new Map(stages.map((stage) => [stage.id ?? null, stage]));
  const on = new Map<number | string | null, Row[]>();
  for (const edge of edges) on.set(edge.stage_id ?? null, [...(on.get(edge.stage_id ?? null) ?? []), edge]);
  const recomputed = stages.map((stage) => {
    const dependencies = (on.get(stage.id ?? null) ?? []).map((edge) => byId.get(edge.depends_on_id ?? null));
    const open = dependencies.filter((dependency) => !dependency || !SATISFIES(dependency)).length;
    return { id: stage.id, open_dependencies: open, dependency_count: dependencies.length };
  });
  const stored = stages.map(({ id, open_dependencies, dependency_count }) => ({ id, open_dependencies, dependency_count }));
  expect(stored, 'dependencies, against recomputation').toEqual(recomputed);
  for (const stage of stages) checkRow(stage);
  await checkCounters(real, stages);
  await checkDeliveries(world, real, byId);
}

function checkRow(stage: Row): void {
  if (stage.status === 'pending' || stage.status === 'waiting')
    expect(stage, 'a ready stage').toMatchObject({ open_dependencies: 0, ready_at: expect.any(Number) });
  if (stage.status !== 'running') return;
  expect(stage, 'a lease').toMatchObject({ outcome: null, worker_id: expect.any(Number), lease_expires_at: expect.any(Number) });
  expect(stage.wake_at, 'when the lease or the timeout ends').toBe(
    Math.min(Number(stage.lease_expires_at), Number(stage.timeout_at)),
  );
}

async function checkCounters(real: Real, stages: readonly Row[]): Promise<void> {
  const names = Object.keys(COUNTERS);
  const pipelines = await real.query(`select id, ${names.join(', ')} from pipeline order by id`);
  const recounted = pipelines.map(({ id }) => {
    const own = stages.filter((stage) => stage.pipeline_id === id);
    return { id, ...Object.fromEntries(names.map((name) => [name, own.filter((stage) => COUNTERS[name]?.(stage)).length])) };
  });
  expect(pipelines, 'counters, against recomputation').toEqual(recounted);
}

/** Every delivery that ended is remembered once, with how it ended: in its stage's row, or in the archive. */
async function checkDeliveries(world: World, real: Real, rows: ReadonlyMap<number | string | null, Row>): Promise<void> {
  const archive = await real.query('select stage_id, fencing_token, outcome from stage_attempt');
  const remembered = new Map<string, string[]>();
  const note = (id: unknown, token: unknown, outcome: unknown) => {
    const key = `${id}.${token}`;
    remembered.set(key, [...(remembered.get(key) ?? []), String(outcome)]);
  };
  for (const row of archive) note(row.stage_id, row.fencing_token, row.outcome);
  for (const row of rows.values()) if (row.outcome !== null) note(row.id, row.fencing_token, row.outcome);
  const expected = new Map<string, string[]>();
  for (const { stage, token, outcome } of world.deliveries) {
    if (outcome !== undefined) expected.set(`${stage.id}.${token}`, [outcome]);
  }
  expect(Object.fromEntries(remembered), 'how deliveries ended').toEqual(Object.fromEntries(expected));
  for (const stage of world.stages) {
    const row = rows.get(Number(stage.id));
    expect(row?.expiries, 'expiries in a row').toBe(stage.expiries);
    if (row?.status === 'running') expect(row.timeout_at, 'the timeout').toBe(stage.deadline);
    // `held` counts only for what could go on.
    if (row && ['pending', 'waiting', 'scheduled', 'not_started'].includes(String(row.status))) {
      expect(row.held, `held in a pipeline that is ${stage.pipeline.status}`).toBe(stage.pipeline.status === 'paused' ? 1 : 0);
    }
  }
}
