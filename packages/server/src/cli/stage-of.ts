import type { Stage } from '@pipelogiq/protocol';
import type { Pipelogiq } from '@pipelogiq/sdk';
import { closest } from '../did-you-mean.js';
import { CliError, EXIT } from './failure.js';
import { plain } from './text.js';

/** A stage of a pipeline, by its name or its id. @throws CliError when the pipeline has none such */
export async function findStage(client: Pipelogiq, pipelineId: string, nameOrId: string): Promise<Stage> {
  const stages = await client.pipelines.stages(pipelineId);
  const found = stages.find(({ name }) => name === nameOrId) ?? stages.find(({ id }) => id === nameOrId);
  if (found) return found;
  const near = closest(
    nameOrId,
    stages.map(({ name }) => name),
  );
  const hint = near === undefined ? '' : `; did you mean ${plain(near)}?`;
  throw new CliError(`pipeline ${pipelineId} has no stage ${plain(nameOrId)}${hint}`, { exitCode: EXIT.notFound });
}
