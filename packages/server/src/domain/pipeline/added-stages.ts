import { type FieldError, LIMITS, type StageSpec } from '@pipelogiq/protocol';
import type { GraphEdge, GraphStage, NewStage } from '../../store/store.js';
import type { Group } from '../commit/tickets.js';
import { STAGE_POSITIONS, stageIdAt } from '../ids.js';
import { referencedStages } from '../stage/references.js';
import type { LoadedPipeline } from './change-graph.js';
import { readGraph } from './graph.js';
import { invalidPipeline, later, type PlanDeps, planStage } from './plan.js';

/** Stages for a pipeline that exists: checked as far as they can be without looking at it. */
export interface AddedStages {
  stages: NewStage[];
  /** Of each stage: which of the others it depends on (indexes), and which stages of the pipeline (names). */
  dependencies: { added: number[]; existing: string[] }[];
  /** Names of the stages whose outputs the inputs refer to. */
  references: string[][];
  /** Whether each stage brings a priority of its own; the others take the pipeline's. */
  hasPriority: boolean[];
  /** For the queue's bounds. */
  rows: number;
  bytes: number;
}

/**
 * @param order - what a stage without `dependsOn` waits for: `listed`, the one before it; `together`, nothing
 * @throws DomainError `invalid_pipeline` or `payload_too_large`, naming the fields
 */
export function planAddedStages(
  deps: Pick<PlanDeps, 'clock' | 'maxValueBytes'>,
  applicationId: number,
  specs: readonly StageSpec[],
  order: 'listed' | 'together',
): AddedStages {
  const names = new Set(specs.map((spec) => spec.name));
  const wanted = specs.map(({ dependsOn }, at) => dependsOn ?? (order === 'listed' && at > 0 ? [specs[at - 1]?.name ?? ''] : []));
  const graph = readGraph(
    specs.map((spec, at) => ({ ...spec, dependsOn: (wanted[at] ?? []).filter((name) => names.has(name)) })),
  );
  if ('errors' in graph) throw invalidPipeline(graph.errors);
  const dependencies = graph.dependencies.map((added, at) => ({
    added,
    existing: [...new Set((wanted[at] ?? []).filter((name) => !names.has(name)))],
  }));
  const stages = specs.map((spec, at) => planStage(deps, applicationId, {}, spec, at, graph.dependencies));
  return {
    stages,
    dependencies,
    references: specs.map((spec) => [...referencedStages(spec.input ?? null)]),
    hasPriority: specs.map((spec) => spec.priority !== undefined),
    rows: stages.length + dependencies.reduce((sum, { added, existing }) => sum + added.length + existing.length, 0),
    bytes: stages.reduce((sum, stage) => sum + (stage.input?.length ?? 0), 0),
  };
}

/** Stages that `spawner` adds depend on it unless they name others, and everything that depends on it waits for them (fan-in). */
export async function addStages(
  { tx }: Group,
  { pipeline, stages: existing, edges }: LoadedPipeline,
  added: AddedStages,
  spawner?: GraphStage,
): Promise<NewStage[]> {
  const first = pipeline.stages_total + pipeline.stages_removed;
  const room = Math.min(LIMITS.stagesPerPipeline - pipeline.stages_total, STAGE_POSITIONS - first);
  if (added.stages.length > room) {
    throw invalidPipeline([{ path: 'stages', message: `The pipeline has room for ${Math.max(room, 0)} more stages.` }]);
  }
  const idOf = nameIds(existing, added, (index) => stageIdAt(pipeline.id, first + index));
  const on = added.dependencies.map((own, at) =>
    dependencyIds(own, at, idOf, (index) => stageIdAt(pipeline.id, first + index), spawner),
  );
  const dependents = spawner ? edges.filter((edge) => edge.depends_on_id === spawner.id).map((edge) => edge.stage_id) : [];
  const newEdges = on.flatMap((ids, at) =>
    ids.map((id) => ({ depends_on_id: id, stage_id: stageIdAt(pipeline.id, first + at) })),
  );
  const fanIn = dependents.flatMap((stage_id) =>
    added.stages.map((_, at) => ({ depends_on_id: stageIdAt(pipeline.id, first + at), stage_id })),
  );
  if (edges.length + newEdges.length + fanIn.length > LIMITS.dependenciesPerPipeline) {
    throw invalidPipeline([
      { path: 'stages', message: `A pipeline has at most ${LIMITS.dependenciesPerPipeline} dependencies.` },
    ]);
  }
  const isUpstream = upstreamTest([...edges, ...newEdges]);
  const rows = added.stages.map((stage, at): NewStage => {
    const dependencies = on[at] ?? [];
    const references = (added.references[at] ?? []).map((name) =>
      positionOf(idOf, name, (id) => isUpstream(id, dependencies), at),
    );
    return {
      ...stage,
      id: stageIdAt(pipeline.id, first + at),
      pipeline_id: pipeline.id,
      priority: added.hasPriority[at] ? stage.priority : pipeline.priority,
      not_before: dependencies.length === 0 ? later(stage.not_before, pipeline.run_at) : stage.not_before,
      status: 'not_started',
      dependency_count: dependencies.length,
      open_dependencies: dependencies.length,
      reference_positions: references.length > 0 ? JSON.stringify(references) : null,
    };
  });
  await tx.insertStages(rows);
  await tx.insertDependencies([...newEdges, ...fanIn]);
  await tx.growPipeline(pipeline.id, rows.length);
  await tx.markAdded(
    rows.map((row) => row.id),
    { spawnedBy: spawner?.id ?? null, held: pipeline.status === 'paused' ? 1 : 0 },
  );
  await tx.addDependencies(dependents, rows.length);
  return rows;
}

function nameIds(existing: readonly GraphStage[], added: AddedStages, idAt: (index: number) => number): Map<string, number> {
  const ids = new Map(existing.map((stage) => [stage.name, stage.id]));
  const errors: FieldError[] = [];
  for (const [at, { name }] of added.stages.entries()) {
    if (ids.has(name)) errors.push({ path: `stages[${at}].name`, message: `The pipeline has a stage "${name}" already.` });
    ids.set(name, idAt(at));
  }
  if (errors.length > 0) throw invalidPipeline(errors);
  return ids;
}

function dependencyIds(
  own: AddedStages['dependencies'][number],
  at: number,
  idOf: ReadonlyMap<string, number>,
  idAt: (index: number) => number,
  spawner: GraphStage | undefined,
): number[] {
  const existing = own.existing.map((name) => {
    const id = idOf.get(name);
    if (id !== undefined && (spawner === undefined || id === spawner.id)) return id;
    const message =
      id === undefined
        ? `There is no stage named "${name}".`
        : 'A spawned stage may wait for its spawner and other spawned ones.';
    throw invalidPipeline([{ path: `stages[${at}].dependsOn`, message }]);
  });
  const ids = [...own.added.map(idAt), ...existing];
  return ids.length === 0 && spawner ? [spawner.id] : ids;
}

/** A reference must name a stage upstream of its own, else its output could never be there in time. */
function positionOf(idOf: ReadonlyMap<string, number>, name: string, isUpstream: (id: number) => boolean, at: number): number {
  const id = idOf.get(name);
  if (id !== undefined && isUpstream(id)) return id % STAGE_POSITIONS;
  const problem = id === undefined ? 'and there is no such stage' : 'which does not run before it';
  throw invalidPipeline([{ path: `stages[${at}].input`, message: `It refers to the output of "${name}", ${problem}.` }]);
}

/**
 * Whether a stage runs before one with these dependencies. Spawned stages mostly hang on the same one: what was found for the
 * stage before is kept, since looking through a graph of thousands for each of a thousand held the server for a minute.
 */
function upstreamTest(edges: readonly GraphEdge[]): (id: number, dependencies: readonly number[]) => boolean {
  const on = new Map<number, number[]>();
  for (const { stage_id, depends_on_id } of edges) {
    const known = on.get(stage_id);
    if (known) known.push(depends_on_id);
    else on.set(stage_id, [depends_on_id]);
  }
  let last: { of: string; upstream: ReadonlySet<number> } | undefined;
  return (id, dependencies) => {
    if (dependencies.includes(id)) return true;
    const of = dependencies.join();
    if (last?.of !== of) {
      const upstream = new Set(dependencies);
      for (const found of upstream) for (const next of on.get(found) ?? []) upstream.add(next); // a Set visits what is added meanwhile
      last = { of, upstream };
    }
    return last.upstream.has(id);
  };
}
