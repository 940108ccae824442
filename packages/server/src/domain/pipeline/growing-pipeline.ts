import { type FieldError, LIMITS } from '@pipelogiq/protocol';
import type { AddedStage, GraphEdge, NewStage, PipelineState } from '../../store/store.js';
import type { Group } from '../commit/tickets.js';
import { STAGE_POSITIONS, stagesOf } from '../ids.js';
import type { AddedStages } from './added-stages.js';
import { invalidPipeline, later } from './plan.js';
import { StageIds } from './stage-ids.js';
import { Upstream } from './upstream.js';

/** Stages from the ack of a stage, which spawns them, or from outside. */
export interface Addition {
  added: AddedStages;
  spawnerId?: number;
}

/**
 * A pipeline that gets more stages. `open` reads what all additions of a group need to know of it, and no more: 400 spawners that
 * each loaded a pipeline of 8,000 stages held the server for a minute. `add` decides, one addition after the other; what it refuses
 * leaves no trace. `write` writes all that was added. The pipeline is locked by the group.
 */
export class GrowingPipeline {
  readonly #group: Group;
  readonly #pipeline: PipelineState;
  /** Of the stages that the additions name. */
  readonly #ids: Map<string, number>;
  readonly #dependents: ReadonlyMap<number, number[]>;
  readonly #newIds: StageIds;
  #edgeCount: number;
  #upstream: Upstream | undefined;
  readonly #stages: NewStage[] = [];
  readonly #marks: AddedStage[] = [];
  readonly #edges: GraphEdge[] = [];
  readonly #fanIn = new Map<number, number>();

  private constructor(group: Group, pipeline: PipelineState, known: Known) {
    this.#group = group;
    this.#pipeline = pipeline;
    this.#ids = known.ids;
    this.#dependents = known.dependents;
    this.#newIds = known.newIds;
    this.#edgeCount = known.edgeCount;
  }

  static async open(group: Group, pipeline: PipelineState, additions: readonly Addition[]): Promise<GrowingPipeline> {
    const { tx } = group;
    const stages = stagesOf(pipeline.id);
    const named = await tx.stagesNamed(stages, [...namesOf(additions)]);
    const spawners = additions.flatMap(({ spawnerId }) => spawnerId ?? []);
    const dependents = new Map<number, number[]>(spawners.map((id) => [id, []]));
    for (const edge of await tx.dependentEdges(spawners)) dependents.get(edge.depends_on_id)?.push(edge.stage_id);
    const count = additions.reduce((sum, { added }) => sum + added.stages.length, 0);
    return new GrowingPipeline(group, pipeline, {
      newIds: await StageIds.of(tx, pipeline, count),
      ids: new Map(named.map(({ name, id }) => [name, id])),
      dependents,
      edgeCount: await tx.countEdges(stages),
    });
  }

  /**
   * Stages that a spawner adds depend on it unless they name others, and everything that depends on it waits for them (fan-in).
   * @throws DomainError `invalid_pipeline`
   */
  async add({ added, spawnerId }: Addition): Promise<NewStage[]> {
    const ids = this.#newIds.next(added.stages.length);
    const own = this.#namesOf(added, ids);
    const idOf = (name: string): number | undefined => own.get(name) ?? this.#ids.get(name);
    const on = added.dependencies.map((dependencies, at) => dependencyIds(dependencies, at, idOf, ids, spawnerId));
    const edges = on.flatMap((dependencies, at) =>
      dependencies.map((depends_on_id) => ({ depends_on_id, stage_id: ids[at] as number })),
    );
    const dependents = this.#dependents.get(spawnerId ?? 0) ?? [];
    const edgeCount = this.#edgeCount + edges.length + dependents.length * ids.length;
    if (edgeCount > LIMITS.dependenciesPerPipeline) {
      const message = `A pipeline has at most ${LIMITS.dependenciesPerPipeline} dependencies.`;
      throw invalidPipeline([{ path: 'stages', message }]);
    }
    const references = await this.#references(added, on, edges, idOf);
    const rows = added.stages.map((_, at) => this.#row(added, at, ids[at] as number, on[at] ?? [], references[at] ?? []));
    for (const [name, id] of own) this.#ids.set(name, id);
    this.#newIds.take(ids.length);
    this.#edgeCount = edgeCount;
    this.#keep(rows, edges, dependents, spawnerId ?? null);
    return rows;
  }

  async write(): Promise<void> {
    const { tx } = this.#group;
    if (this.#stages.length === 0) return;
    await tx.insertStages(this.#stages);
    await tx.insertDependencies(this.#edges);
    const reused = this.#stages.flatMap(({ id }) => (this.#newIds.isReused(id) ? [id] : []));
    await tx.takeFreeIds(reused);
    await tx.growPipeline(this.#pipeline.id, this.#stages.length, reused.length);
    await tx.markAdded(this.#marks);
    await tx.addDependencies([...this.#fanIn].map(([id, count]) => ({ id, count })));
  }

  #namesOf(added: AddedStages, ids: readonly number[]): Map<string, number> {
    const errors: FieldError[] = [];
    for (const [at, { name }] of added.stages.entries()) {
      if (!this.#ids.has(name)) continue;
      errors.push({ path: `stages[${at}].name`, message: `The pipeline has a stage "${name}" already.` });
    }
    if (errors.length > 0) throw invalidPipeline(errors);
    return new Map(added.stages.map(({ name }, at) => [name, ids[at] as number]));
  }

  /** A reference must name a stage upstream of its own, else its output could never be there in time. */
  async #references(
    added: AddedStages,
    on: readonly number[][],
    edges: readonly GraphEdge[],
    idOf: (name: string) => number | undefined,
  ): Promise<number[][]> {
    const all: number[][] = [];
    let own: Upstream | undefined;
    for (const [at, names] of added.references.entries()) {
      const positions: number[] = [];
      for (const name of names) {
        const id = idOf(name);
        const dependencies = on[at] ?? [];
        if (id !== undefined && !dependencies.includes(id)) own ??= (await this.#upstreamEdges()).with(edges);
        if (id === undefined || !(dependencies.includes(id) || own?.has(id, dependencies))) {
          const problem = id === undefined ? 'and there is no such stage' : 'which does not run before it';
          const message = `It refers to the output of "${name}", ${problem}.`;
          throw invalidPipeline([{ path: `stages[${at}].input`, message }]);
        }
        positions.push(id % STAGE_POSITIONS);
      }
      all.push(positions);
    }
    return all;
  }

  /** Read only when an input refers to more than what its stage waits for itself. */
  async #upstreamEdges(): Promise<Upstream> {
    this.#upstream ??= new Upstream(await this.#group.tx.graphEdges(stagesOf(this.#pipeline.id)));
    return this.#upstream;
  }

  #row(
    { stages, hasPriority }: AddedStages,
    at: number,
    id: number,
    on: readonly number[],
    references: readonly number[],
  ): NewStage {
    const stage = stages[at] as NewStage;
    return {
      ...stage,
      id,
      pipeline_id: this.#pipeline.id,
      priority: hasPriority[at] ? stage.priority : this.#pipeline.priority,
      not_before: on.length === 0 ? later(stage.not_before, this.#pipeline.run_at) : stage.not_before,
      status: 'not_started',
      dependency_count: on.length,
      open_dependencies: on.length,
      reference_positions: references.length > 0 ? JSON.stringify(references) : null,
    };
  }

  #keep(rows: readonly NewStage[], edges: readonly GraphEdge[], dependents: readonly number[], spawnedBy: number | null): void {
    const held = this.#pipeline.status === 'paused' ? 1 : 0;
    for (const row of rows) {
      this.#stages.push(row);
      this.#marks.push({ id: row.id, spawned_by_id: spawnedBy, held, fencing_token: this.#newIds.tokenOf(row.id) });
    }
    for (const edge of edges) this.#edges.push(edge);
    for (const stage_id of dependents) {
      for (const { id } of rows) this.#edges.push({ depends_on_id: id, stage_id });
      this.#fanIn.set(stage_id, (this.#fanIn.get(stage_id) ?? 0) + rows.length);
    }
  }
}

interface Known {
  newIds: StageIds;
  ids: Map<string, number>;
  dependents: ReadonlyMap<number, number[]>;
  edgeCount: number;
}

function namesOf(additions: readonly Addition[]): Set<string> {
  const names = new Set<string>();
  for (const { added } of additions) {
    for (const { name } of added.stages) names.add(name);
    for (const { existing } of added.dependencies) for (const name of existing) names.add(name);
    for (const references of added.references) for (const name of references) names.add(name);
  }
  return names;
}

function dependencyIds(
  own: AddedStages['dependencies'][number],
  at: number,
  idOf: (name: string) => number | undefined,
  added: readonly number[],
  spawnerId: number | undefined,
): number[] {
  const existing = own.existing.map((name) => {
    const id = idOf(name);
    if (id !== undefined && (spawnerId === undefined || id === spawnerId)) return id;
    const message =
      id === undefined
        ? `There is no stage named "${name}".`
        : 'A spawned stage may wait for its spawner and other spawned ones.';
    throw invalidPipeline([{ path: `stages[${at}].dependsOn`, message }]);
  });
  const ids = [...own.added.map((index) => added[index] as number), ...existing];
  return ids.length === 0 && spawnerId !== undefined ? [spawnerId] : ids;
}
