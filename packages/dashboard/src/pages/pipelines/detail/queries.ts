import {
  type Attempt,
  type ContextItem,
  LIMITS,
  type Page,
  type Pipeline,
  type PipelineTrace,
  ROUTES,
  type Stage,
  type StageDiagnosis,
} from '@pipelogiq/protocol';
import { queryOptions } from '@tanstack/react-query';
import { fill, get } from '../../../api/http.js';

/** Of one pipeline. It stands under no topic: what happens to other pipelines makes none of it stale. */
export const ofPipeline = (id: string, ...rest: readonly unknown[]): readonly unknown[] => ['pipeline', id, ...rest];

const DIAGNOSIS_MS = 3_000;

export const pipelineQuery = (id: string) =>
  queryOptions({
    queryKey: ofPipeline(id, 'head'),
    queryFn: ({ signal }) => get<Pipeline>(fill(ROUTES.pipeline, id), undefined, signal),
  });

/** All stages and their deliveries, without inputs and outputs: what graph, waterfall and table show. */
export const traceQuery = (id: string) =>
  queryOptions({
    queryKey: ofPipeline(id, 'trace'),
    queryFn: ({ signal }) => get<PipelineTrace>(fill(ROUTES.pipelineTrace, id), undefined, signal),
  });

async function* pages<Item>(path: string, signal: AbortSignal): AsyncGenerator<Item[]> {
  let cursor: string | undefined;
  do {
    const page: Page<Item> = await get<Page<Item>>(path, { limit: LIMITS.pageSize, cursor }, signal);
    yield page.items;
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
}

async function all<Item>(path: string, signal: AbortSignal): Promise<Item[]> {
  const items: Item[] = [];
  for await (const page of pages<Item>(path, signal)) items.push(...page);
  return items;
}

/** With input and output. There is no way to ask for one alone: pages are read until it comes. */
export const stageQuery = (id: string, stageId: string) =>
  queryOptions({
    queryKey: ofPipeline(id, 'stage', stageId),
    queryFn: async ({ signal }): Promise<Stage | null> => {
      for await (const page of pages<Stage>(fill(ROUTES.pipelineStages, id), signal)) {
        const found = page.find((stage) => stage.id === stageId);
        if (found) return found;
      }
      return null;
    },
  });

export const stagesQuery = (id: string) =>
  queryOptions({
    queryKey: ofPipeline(id, 'stages'),
    queryFn: ({ signal }) => all<Stage>(fill(ROUTES.pipelineStages, id), signal),
  });

export const contextQuery = (id: string) =>
  queryOptions({
    queryKey: ofPipeline(id, 'context'),
    queryFn: ({ signal }) => all<ContextItem>(fill(ROUTES.pipelineContext, id), signal),
  });

export const attemptsQuery = (id: string) =>
  queryOptions({
    queryKey: ofPipeline(id, 'attempts'),
    queryFn: ({ signal }) => all<Attempt>(fill(ROUTES.pipelineAttempts, id), signal),
  });

export const diagnosisQuery = (id: string, stageId: string) =>
  queryOptions({
    queryKey: ofPipeline(id, 'diagnosis', stageId),
    queryFn: ({ signal }) => get<StageDiagnosis>(fill(ROUTES.stageDiagnosis, stageId), undefined, signal),
    refetchInterval: DIAGNOSIS_MS,
  });
