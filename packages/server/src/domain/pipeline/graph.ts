import { type FieldError, LIMITS, type StageSpec } from '@pipelogiq/protocol';

/** Indexes of the stages that each stage depends on, or what is wrong with the graph. */
export type Graph = { dependencies: number[][] } | { errors: FieldError[] };

const MAX_ERRORS = 20;
/** Walks of one graph, so that a small body cannot make much work: peers of peers, and ancestors of references. */
const MAX_STEPS = 2_000_000;

export const TOO_MANY_DEPENDENCIES: FieldError = {
  path: 'stages',
  message: `The stages have more than ${LIMITS.dependenciesPerPipeline} dependencies together, or name each other too often; put a stage between the groups.`,
};

/** Counts the steps of all walks over one graph. */
export class Steps {
  #left = MAX_STEPS;

  /** False when the graph has been walked too much. */
  take(): boolean {
    this.#left -= 1;
    return this.#left >= 0;
  }
}

/**
 * Reads the graph of a pipeline: `dependsOn` names stages; absent, a stage follows the one listed before it; `runInParallelWith`
 * takes over the dependencies of the named stages.
 */
export function readGraph(stages: readonly StageSpec[]): Graph {
  const errors: FieldError[] = [];
  const indexByName = indexNames(stages, errors);
  if (errors.length === 0 && stages.every(followsTheOneBefore))
    return { dependencies: stages.map((_, at) => (at > 0 ? [at - 1] : [])) };
  const resolve = (names: readonly string[], path: string, own: number): number[] =>
    names.flatMap((name, at) => {
      const index = indexByName.get(name);
      if (index === undefined) errors.push({ path: `${path}[${at}]`, message: `There is no stage named "${name}".` });
      else if (index === own) errors.push({ path: `${path}[${at}]`, message: `Stage "${name}" cannot wait for itself.` });
      else return [index];
      return [];
    });

  const peers = stages.map((stage, at) => resolve(stage.runInParallelWith ?? [], `stages[${at}].runInParallelWith`, at));
  const direct = stages.map((stage, at) => {
    if (stage.dependsOn) return resolve(stage.dependsOn, `stages[${at}].dependsOn`, at);
    return at === 0 || (peers[at] ?? []).length > 0 ? [] : [at - 1];
  });
  if (errors.length > 0) return { errors: errors.slice(0, MAX_ERRORS) };

  const dependencies = joinPeers(direct, peers);
  if (!dependencies) return { errors: [TOO_MANY_DEPENDENCIES] };
  const cycle = findCycle(dependencies);
  if (!cycle) return { dependencies };
  const names = cycle.map((index) => `"${stages[index]?.name}"`).join(' → ');
  return { errors: [{ path: `stages[${cycle[0]}].dependsOn`, message: `These stages wait for each other: ${names}.` }] };
}

/** A pipeline of only such stages is a chain: it has no cycle to look for. */
const followsTheOneBefore = ({ dependsOn, runInParallelWith }: StageSpec, at: number): boolean =>
  (dependsOn === undefined || (at === 0 && dependsOn.length === 0)) && runInParallelWith === undefined;

function indexNames(stages: readonly StageSpec[], errors: FieldError[]): Map<string, number> {
  const indexByName = new Map<string, number>();
  for (const [index, { name }] of stages.entries()) {
    const first = indexByName.get(name);
    if (first === undefined) indexByName.set(name, index);
    else errors.push({ path: `stages[${index}].name`, message: `"${name}" is already the name of stages[${first}].` });
  }
  return indexByName;
}

/** Undefined when there are too many. */
function joinPeers(direct: number[][], peers: number[][]): number[][] | undefined {
  const steps = new Steps();
  let left: number = LIMITS.dependenciesPerPipeline;
  const dependencies: number[][] = [];
  for (const [at, own] of direct.entries()) {
    const taken = peersDependencies(at, direct, peers, steps);
    const all = taken && (taken.length === 0 ? [...new Set(own)] : [...new Set([...own, ...taken])]);
    left -= all?.length ?? 0;
    if (!all || left < 0) return undefined;
    dependencies.push(all);
  }
  return dependencies;
}

/** A peer may itself run in parallel with others; each is followed once. */
function peersDependencies(start: number, direct: number[][], peers: number[][], steps: Steps): number[] | undefined {
  const seen = new Set([start]);
  const queue = [...(peers[start] ?? [])];
  const found: number[] = [];
  for (let at = queue.pop(); at !== undefined; at = queue.pop()) {
    if (seen.has(at)) continue;
    seen.add(at);
    for (const dependency of direct[at] ?? []) {
      if (!steps.take()) return undefined;
      found.push(dependency);
    }
    for (const peer of peers[at] ?? []) {
      if (!steps.take()) return undefined;
      queue.push(peer);
    }
  }
  return found;
}

/** Depth-first without recursion: a chain of 10,000 stages must not exhaust the stack. Returns the cycle, its first stage repeated. */
function findCycle(dependencies: number[][]): number[] | undefined {
  const done = new Set<number>();
  for (const root of dependencies.keys()) {
    if (done.has(root)) continue;
    const path = [{ at: root, next: 0 }];
    const onPath = new Set([root]);
    for (let top = path.at(-1); top; top = path.at(-1)) {
      const child = dependencies[top.at]?.[top.next++];
      if (child === undefined) {
        onPath.delete(top.at);
        done.add(top.at);
        path.pop();
      } else if (onPath.has(child)) {
        const cycle = path.map((step) => step.at);
        return [...cycle.slice(cycle.indexOf(child)), child];
      } else if (!done.has(child)) {
        onPath.add(child);
        path.push({ at: child, next: 0 });
      }
    }
  }
  return undefined;
}

/** Whether `ancestor` is upstream of `index`, directly or not; undefined when the walk took too many steps. */
export function isUpstream(dependencies: number[][], index: number, ancestor: number, steps: Steps): boolean | undefined {
  if (dependencies[index]?.includes(ancestor)) return true;
  const seen = new Set<number>();
  const queue = [...(dependencies[index] ?? [])];
  for (let at = queue.pop(); at !== undefined; at = queue.pop()) {
    if (at === ancestor) return true;
    if (seen.has(at)) continue;
    seen.add(at);
    for (const next of dependencies[at] ?? []) {
      if (!steps.take()) return undefined;
      queue.push(next);
    }
  }
  return false;
}
