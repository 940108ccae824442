import type { StageSpec } from '@pipelogiq/protocol';
import type { NewStage } from '../../store/store.js';
import { referencedStages } from '../stage/references.js';
import { readGraph } from './graph.js';
import { invalidPipeline, type PlanDeps, planStage } from './plan.js';

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
    rows: stages.length + dependencies.reduce((sum, own) => sum + edgesOf(own, order), 0),
    bytes: stages.reduce((sum, stage) => sum + (stage.input?.length ?? 0), 0),
  };
}

/** Who waits for whom, as far as it is known here: a spawned stage waits for its spawner at least, and something for it (fan-in). */
function edgesOf({ added, existing }: AddedStages['dependencies'][number], order: 'listed' | 'together'): number {
  const own = added.length + existing.length;
  return order === 'listed' ? own : Math.max(own, 1) + 1;
}
