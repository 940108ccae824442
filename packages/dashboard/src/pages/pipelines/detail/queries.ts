import { type Pipeline, type PipelineTrace, ROUTES } from '@pipelogiq/protocol';
import { queryOptions } from '@tanstack/react-query';
import { fill, get } from '../../../api/http.js';

/** Of one pipeline. It stands under no topic: what happens to other pipelines makes none of it stale. */
export const ofPipeline = (id: string, ...rest: readonly unknown[]): readonly unknown[] => ['pipeline', id, ...rest];

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
