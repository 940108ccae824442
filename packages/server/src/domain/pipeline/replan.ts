import type { StageStatus } from '@pipelogiq/protocol';
import type { GraphEdge, GraphStage, Ms, StageCounts, StagePlace } from '../../store/store.js';
import { statusWhenReady } from '../stage/wait.js';

/** What an operator or a stage asks of a pipeline that exists already. */
export interface Intent {
  /** Stages that run again from the beginning. */
  rerun?: ReadonlySet<number>;
  /** Stages that count as done without running. */
  skip?: ReadonlySet<number>;
}

export interface Replan {
  /** Every stage that is not as it was. */
  places: StagePlace[];
  /** Of all stages. */
  counts: StageCounts;
}

/** Left only by an operator's action; `running` and `waiting` are left by the worker or the event that they wait for. */
const STAYS: ReadonlySet<StageStatus> = new Set(['completed', 'failed', 'skipped', 'cancelled', 'running', 'waiting']);
/** Ready once, and still so while nothing that it depends on runs again. */
const READY: ReadonlySet<StageStatus> = new Set(['pending', 'scheduled', 'throttled']);

/**
 * Computes the whole pipeline anew: which stages run again, which of the others must wait, can start or are blocked now, and how
 * many of their dependencies are open. Stages that have ended or run keep their status; their count of open dependencies is put
 * right all the same, for every later settle subtracts from it.
 */
export function replan(stages: readonly GraphStage[], edges: readonly GraphEdge[], intent: Intent, held: 0 | 1, now: Ms): Replan {
  const dependencies = dependenciesOf(edges);
  const byId = new Map(stages.map((stage) => [stage.id, stage]));
  const status = new Map<number, StageStatus>();
  const places: StagePlace[] = [];
  for (const stage of inOrder(stages, edges)) {
    const on = (dependencies.get(stage.id) ?? []).map((id) => ({ status: status.get(id), stage: byId.get(id) }));
    const place = placeOf(stage, on, intent, held, now);
    status.set(stage.id, place.status);
    if (differs(place, stage)) places.push(place);
  }
  return { places, counts: countsOf(stages, status) };
}

interface Dependency {
  status: StageStatus | undefined;
  stage: GraphStage | undefined;
}

const isSatisfied = ({ status, stage }: Dependency): boolean =>
  status === 'completed' || status === 'skipped' || (status === 'failed' && stage?.run_next_if_failed === 1);

const isBroken = (on: Dependency): boolean =>
  (on.status === 'failed' && !isSatisfied(on)) || on.status === 'blocked' || on.status === 'cancelled';

function placeOf(stage: GraphStage, on: readonly Dependency[], intent: Intent, held: 0 | 1, now: Ms): StagePlace {
  const open = on.filter((dependency) => !isSatisfied(dependency)).length;
  const kept: StagePlace = {
    id: stage.id,
    status: stage.status,
    held: stage.held,
    dependency_count: on.length,
    open_dependencies: open,
    run_at: stage.run_at,
    ready_at: stage.ready_at,
    finished_at: stage.finished_at,
  };
  if (intent.skip?.has(stage.id)) return { ...kept, status: 'skipped', finished_at: now };
  const again = intent.rerun?.has(stage.id) ?? false;
  if (STAYS.has(stage.status) && !again) return kept;
  const waits = { ...kept, held, run_at: null, ready_at: null, finished_at: null };
  if (on.some(isBroken)) return { ...waits, status: 'blocked' };
  if (open > 0) return { ...waits, status: 'not_started' };
  if (READY.has(stage.status) && !again) return kept;
  return { ...waits, ...ready(stage, now) };
}

/** Due at the later of its runAt and now + delay, as when it is created. */
function ready(stage: GraphStage, now: Ms): Pick<StagePlace, 'status' | 'run_at' | 'ready_at'> {
  const due = Math.max(stage.not_before ?? now, now + (stage.delay_ms ?? 0));
  return due > now
    ? { status: 'scheduled', run_at: due, ready_at: null }
    : { status: statusWhenReady(stage), run_at: due, ready_at: now };
}

const differs = (place: StagePlace, stage: GraphStage): boolean =>
  (Object.keys(place) as (keyof StagePlace)[]).some((key) => place[key] !== stage[key]);

function dependenciesOf(edges: readonly GraphEdge[]): Map<number, number[]> {
  const dependencies = new Map<number, number[]>();
  for (const { stage_id, depends_on_id } of edges) push(dependencies, stage_id, depends_on_id);
  return dependencies;
}

function push(lists: Map<number, number[]>, key: number, value: number): void {
  const list = lists.get(key);
  if (list) list.push(value);
  else lists.set(key, [value]);
}

/** Dependencies before dependents (Kahn's algorithm); a stored graph has no cycles. */
function inOrder(stages: readonly GraphStage[], edges: readonly GraphEdge[]): GraphStage[] {
  const dependents = dependentsOf(edges);
  const open = new Map<number, number>();
  for (const { stage_id } of edges) open.set(stage_id, (open.get(stage_id) ?? 0) + 1);
  const byId = new Map(stages.map((stage) => [stage.id, stage]));
  const order = stages.filter((stage) => !open.has(stage.id));
  for (const stage of order) {
    for (const id of dependents.get(stage.id) ?? []) {
      const left = (open.get(id) ?? 0) - 1;
      open.set(id, left);
      const dependent = byId.get(id);
      if (left === 0 && dependent) order.push(dependent);
    }
  }
  return order;
}

function dependentsOf(edges: readonly GraphEdge[]): Map<number, number[]> {
  const dependents = new Map<number, number[]>();
  for (const { stage_id, depends_on_id } of edges) push(dependents, depends_on_id, stage_id);
  return dependents;
}

/** These stages and everything that depends on them, directly or not; what they spawned does. */
export function withFollowing(ids: Iterable<number>, edges: readonly GraphEdge[]): Set<number> {
  const dependents = dependentsOf(edges);
  const found = new Set(ids);
  for (const id of found) for (const next of dependents.get(id) ?? []) found.add(next); // a Set visits what is added meanwhile
  return found;
}

/** What these stages added to the pipeline when they ran, and what that added in turn. */
export function spawnedBy(ids: ReadonlySet<number>, stages: readonly GraphStage[]): Set<number> {
  const children = new Map<number, number[]>();
  for (const { id, spawned_by_id: by } of stages) if (by !== null) push(children, by, id);
  const spawned = new Set<number>();
  for (const id of ids) for (const child of children.get(id) ?? []) spawned.add(child);
  for (const id of spawned) for (const child of children.get(id) ?? []) spawned.add(child); // a Set visits what is added meanwhile
  return spawned;
}

/**
 * The edges that are left without the removed stages, and those that stand `inStead` of lost ones: who waited for a removed stage waits
 * for the one that spawned it, which will spawn anew, or for what spawned that. Only stages from outside have such edges alone.
 */
export function withoutRemoved(
  { stages, edges }: { stages: readonly GraphStage[]; edges: readonly GraphEdge[] },
  removed: ReadonlySet<number>,
): { edges: GraphEdge[]; inStead: GraphEdge[] } {
  const left = edges.filter((edge) => !removed.has(edge.stage_id) && !removed.has(edge.depends_on_id));
  if (removed.size === 0) return { edges: left, inStead: [] };
  const spawner = new Map(stages.map((stage) => [stage.id, stage.spawned_by_id]));
  const keyOf = (edge: GraphEdge): string => `${edge.depends_on_id} ${edge.stage_id}`;
  const known = new Set(left.map(keyOf));
  const inStead: GraphEdge[] = [];
  for (const { stage_id, depends_on_id } of edges) {
    if (removed.has(stage_id) || !removed.has(depends_on_id)) continue;
    let on: number | null | undefined = depends_on_id;
    while (typeof on === 'number' && removed.has(on)) on = spawner.get(on);
    if (typeof on !== 'number') continue; // never: what is removed was spawned by a stage that runs again
    const edge = { depends_on_id: on, stage_id };
    if (known.has(keyOf(edge))) continue;
    known.add(keyOf(edge));
    inStead.push(edge);
  }
  return { edges: [...left, ...inStead], inStead };
}

function countsOf(stages: readonly GraphStage[], status: ReadonlyMap<number, StageStatus>): StageCounts {
  const counts = {
    stages_total: stages.length,
    stages_open: 0,
    stages_completed: 0,
    stages_failed: 0,
    stages_tolerated: 0,
    stages_skipped: 0,
    stages_cancelled: 0,
    stages_blocked: 0,
  };
  for (const stage of stages) counts[counterOf(status.get(stage.id), stage.run_next_if_failed === 1)] += 1;
  return counts;
}

function counterOf(status: StageStatus | undefined, tolerated: boolean): Exclude<keyof StageCounts, 'stages_total'> {
  switch (status) {
    case 'completed':
    case 'skipped':
    case 'cancelled':
    case 'blocked':
      return `stages_${status}`;
    case 'failed':
      return tolerated ? 'stages_tolerated' : 'stages_failed';
    default:
      return 'stages_open';
  }
}
