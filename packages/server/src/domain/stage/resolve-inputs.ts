import type { Json, StageError } from '@pipelogiq/protocol';
import type { ClaimedStage, StageRow, Tx } from '../../store/store.js';
import { pipelineOf, stageIdAt } from '../ids.js';
import { byteLength } from './output.js';
import { resolveReferences, UnresolvableReference } from './references.js';

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
  const inputs = new Map((await tx.inputs(referring.map((stage) => stage.id))).map((row) => [row.id, row.input]));
  const outputs = await outputsByPipeline(tx, referring);
  for (const stage of referring) {
    try {
      const input = JSON.parse(inputs.get(stage.id) ?? 'null') as Json;
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

async function outputsByPipeline(tx: Tx, referring: readonly ClaimedStage[]): Promise<Map<number, Map<string, Json>>> {
  const ids = referring.flatMap(({ pipeline_id, reference_positions }) =>
    (JSON.parse(reference_positions ?? '[]') as number[]).map((position) => stageIdAt(pipeline_id, position)),
  );
  const outputs = new Map<number, Map<string, Json>>();
  for (const row of await tx.outputsOf([...new Set(ids)])) {
    const ofPipeline = outputs.get(pipelineOf(row.id)) ?? new Map<string, Json>();
    if (hasOutput(row)) ofPipeline.set(row.name, JSON.parse(row.output ?? 'null') as Json);
    outputs.set(pipelineOf(row.id), ofPipeline);
  }
  return outputs;
}

/** A skipped stage's output is null; a failed one has none. */
const hasOutput = ({ status }: Pick<StageRow, 'status'>): boolean => status === 'completed' || status === 'skipped';
