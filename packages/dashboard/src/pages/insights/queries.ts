import { type BulkAction, type ErrorGroup, type Insights, type Mark, type Page, ROUTES } from '@pipelogiq/protocol';
import { keepPreviousData, queryOptions, useQueries } from '@tanstack/react-query';
import { fill, get } from '../../api/http.js';
import { keyOf } from '../../api/keys.js';
import { type Bucket, bucketsOf } from './buckets.js';
import type { Range } from './search.js';

export interface Narrowed {
  range: Range;
  pipeline?: string | undefined;
  handler?: string | undefined;
}

const SELDOM_MS = 30_000;
const ROWS = 50;
/** Marks that a chart shows at most: more could not be told apart. */
const MOST_MARKS = 50;

export const insightsQuery = ({ range, pipeline, handler }: Narrowed) =>
  queryOptions({
    queryKey: keyOf('insights', 'figures', range, pipeline, handler),
    queryFn: ({ signal }) => get<Insights>(ROUTES.insights, { range, pipeline, handler, limit: ROWS }, signal),
    refetchInterval: SELDOM_MS,
    placeholderData: keepPreviousData,
  });

/** All marks of the time that charts show; insights themselves compare the latest few. */
export const marksQuery = ({ from, pipeline }: { from: string | undefined; pipeline: string | undefined }) =>
  queryOptions({
    queryKey: keyOf('insights', 'marks', from, pipeline),
    queryFn: ({ signal }) => get<Page<Mark>>(ROUTES.marks, { from, pipeline, limit: MOST_MARKS }, signal),
    enabled: from !== undefined,
    placeholderData: keepPreviousData,
  });

export const errorsQuery = ({ range, handler, cursor }: Narrowed & { cursor: string | undefined }) =>
  queryOptions({
    queryKey: keyOf('insights', 'errors', range, handler, cursor),
    queryFn: ({ signal }) => get<Page<ErrorGroup>>(ROUTES.errors, { range, handler, cursor, limit: 10 }, signal),
    placeholderData: keepPreviousData,
  });

/** How far an action on many is, read until it has ended. */
export const actionQuery = (id: string) =>
  queryOptions({
    queryKey: keyOf('pipelines', 'action', id),
    queryFn: ({ signal }) => get<BulkAction>(fill(ROUTES.pipelinesAction, id), undefined, signal),
    refetchInterval: ({ state }) => (state.data && state.data.status !== 'running' ? false : 1_000),
  });

/**
 * The figures of each part of the range, for their course over time. A part that has ended is read once. Its key stands under no
 * topic: live events would have all parts read anew every few seconds.
 */
export function useParts({ range, pipeline, handler }: Narrowed, now: number): { bucket: Bucket; figures?: Insights }[] {
  const buckets = bucketsOf(range, now);
  return useQueries({
    queries: buckets.map(({ from, to }) => {
      const query = { from: new Date(from).toISOString(), to: new Date(to).toISOString(), pipeline, handler, limit: ROWS };
      return {
        queryKey: ['insights of a part', query],
        queryFn: ({ signal }: { signal: AbortSignal }) => get<Insights>(ROUTES.insights, query, signal),
        staleTime: to <= now ? Number.POSITIVE_INFINITY : SELDOM_MS,
        refetchInterval: to <= now ? (false as const) : SELDOM_MS,
      };
    }),
    combine: (results) =>
      buckets.map((bucket, index) => {
        const figures = results[index]?.data;
        return { bucket, ...(figures && { figures }) };
      }),
  });
}
