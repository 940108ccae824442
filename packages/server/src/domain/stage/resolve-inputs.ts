import type { Json, StageError } from '@pipelogiq/protocol';
import type { ClaimedStage, StageOutput, StageRow, Tx } from '../../store/store.js';
import { pipelineOf, stageIdAt, stagesOf } from '../ids.js';
import { byteLength } from './output.js';
import { referencedStages, resolveReferences, UnresolvableReference } from './references.js';

export interface ResolvedInputs {
  /** Text of the inputs that held references, by stage id. */
  resolved: ReadonlyMap<number, string>;
  failed: ReadonlyMap<ClaimedStage, StageError>;
}

/** Puts outputs in the place of output references. Inputs without references are not read, let alone parsed. */
export async function resolveInputs(tx: Tx, claimed: readonly ClaimedStage[], maxValueBytes: number): Promise<ResolvedInputs> {
  const resolved = new Map<number, string>();
  const failed = new Map<ClaimedStage, StageError>();
  const referring = claimed.filter((stage) => stage.reference_positions !== null);
  if (referring.length === 0) return { resolved, failed };
  const texts = new Map((await tx.inputs(referring.map((stage) => stage.id))).map((row) => [row.id, row.input]));
  const inputs = new Map(referring.map((stage) => [stage, JSON.parse(texts.get(stage.id) ?? 'null') as Json]));
  const outputs = await outputsByPipeline(tx, referring);
  await findByName(tx, inputs, outputs);
  for (const [stage, input] of inputs) {
    try {
      const text = JSON.stringify(resolveReferences(input, outputs.get(stage.pipeline_id) ?? new Map()));
      const bytes = byteLength(text);
      if (bytes > maxValueBytes)
        throw new UnresolvableReference(`The resolved input has ${bytes} bytes; the limit is ${maxValueBytes}.`);
      resolved.set(stage.id, text);
    } catch (error) {
      if (!(error instanceof UnresolvableReference)) throw error;
      failed.set(stage, { code: 'input_unresolvable', message: error.message });
    }
  }
  return { resolved, failed };
}

/** Of each pipeline the outputs by stage name; undefined where the stage has none. */
type Outputs = Map<number, Map<string, Json | undefined>>;

async function outputsByPipeline(tx: Tx, referring: readonly ClaimedStage[]): Promise<Outputs> {
  const ids = referring.flatMap(({ pipeline_id, reference_positions }) =>
    (JSON.parse(reference_positions ?? '[]') as number[]).map((position) => stageIdAt(pipeline_id, position)),
  );
  const outputs: Outputs = new Map();
  for (const row of await tx.outputsOf([...new Set(ids)])) note(outputs, row);
  return outputs;
}

/** A stage that was spawned anew has another position, and its name. */
async function findByName(tx: Tx, inputs: ReadonlyMap<ClaimedStage, Json>, outputs: Outputs): Promise<void> {
  const missing = new Map<number, Set<string>>();
  for (const [{ pipeline_id }, input] of inputs) {
    const known = outputs.get(pipeline_id);
    for (const name of referencedStages(input)) {
      if (known?.has(name)) continue;
      missing.set(pipeline_id, (missing.get(pipeline_id) ?? new Set()).add(name));
    }
  }
  for (const [pipelineId, names] of missing) {
    const found = await tx.stagesNamed(stagesOf(pipelineId), [...names]);
    for (const row of await tx.outputsOf(found.map(({ id }) => id))) note(outputs, row);
  }
}

function note(outputs: Outputs, row: StageOutput): void {
  const pipelineId = pipelineOf(row.id);
  const ofPipeline = outputs.get(pipelineId) ?? new Map<string, Json | undefined>();
  ofPipeline.set(row.name, hasOutput(row) ? (JSON.parse(row.output ?? 'null') as Json) : undefined);
  outputs.set(pipelineId, ofPipeline);
}

/** A skipped stage's output is null; a failed one has none. */
const hasOutput = ({ status }: Pick<StageRow, 'status'>): boolean => status === 'completed' || status === 'skipped';
