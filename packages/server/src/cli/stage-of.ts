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

/** Names of stages that a hint has room for. */
const NAMED = 5;

const isNotFound = (error: unknown): boolean => (error as { code?: unknown } | null)?.code === 'not_found';

/** What is asked of a stage by its id alone. @throws CliError with what to give instead, when no stage has the id: often a pipeline does */
export async function ofStage<T>(client: Pipelogiq, id: string, use: (id: string) => Promise<T>): Promise<T> {
  try {
    return await use(id);
  } catch (error) {
    if (!isNotFound(error)) throw error;
    throw new CliError(`there is no stage ${plain(id)}; ${await hintOf(client, id)}`, { exitCode: EXIT.notFound, cause: error });
  }
}

async function hintOf(client: Pipelogiq, id: string): Promise<string> {
  const stages = await client.pipelines.stages(id).catch((error: unknown) => {
    if (isNotFound(error)) return undefined;
    throw error;
  });
  if (!stages) return 'give the id of a pipeline and the name of its stage; `pipelogiq pipelines show <id>` lists them';
  const names = stages.slice(0, NAMED).map(({ name }) => plain(name));
  const more = stages.length > NAMED ? `, and ${stages.length - NAMED} more` : '';
  return `pipeline ${plain(id)} has the stages ${names.join(', ')}${more}: put the name of one behind it`;
}
