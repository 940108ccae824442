import { type Page, type Pipeline, ROUTES, type Schedule, type ScheduleFiring } from '@pipelogiq/protocol';
import { keepPreviousData, queryOptions, useQueries } from '@tanstack/react-query';
import { fill, get } from '../../api/http.js';
import { keyOf } from '../../api/keys.js';
import { ApiError } from '../../api/problem.js';
import type { SchedulesSearch } from './search.js';

/** No event tells of a firing but the pipeline that it made. */
const SOMETIMES_MS = 10_000;
const PAGE = 25;

export const schedulesQuery = ({ name, trail = [] }: SchedulesSearch) =>
  queryOptions({
    queryKey: keyOf('schedules', 'list', name, trail.at(-1)),
    queryFn: ({ signal }) => get<Page<Schedule>>(ROUTES.schedules, { name, limit: PAGE, cursor: trail.at(-1) }, signal),
    refetchInterval: SOMETIMES_MS,
    placeholderData: keepPreviousData,
  });

export const scheduleQuery = (id: string) =>
  queryOptions({
    queryKey: keyOf('schedules', 'one', id),
    queryFn: ({ signal }) => get<Schedule>(fill(ROUTES.schedule, id), undefined, signal),
    refetchInterval: SOMETIMES_MS,
  });

export const firingsQuery = (id: string, cursor: string | undefined) =>
  queryOptions({
    queryKey: keyOf('schedules', 'firings', id, cursor),
    queryFn: ({ signal }) => get<Page<ScheduleFiring>>(fill(ROUTES.scheduleFirings, id), { limit: PAGE, cursor }, signal),
    refetchInterval: SOMETIMES_MS,
    placeholderData: keepPreviousData,
  });

/** A pipeline that a schedule made; `gone` once retention has removed it. */
async function outcomeOf(id: string, signal: AbortSignal): Promise<Pipeline | 'gone'> {
  try {
    return await get<Pipeline>(fill(ROUTES.pipeline, id), undefined, signal);
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return 'gone';
    throw error;
  }
}

const hasEnded = (pipeline: Pipeline | 'gone' | undefined) =>
  pipeline === 'gone' || (pipeline !== undefined && ['completed', 'failed', 'cancelled'].includes(pipeline.status));

/** What became of pipelines, by id. One that has ended is asked for no more while the page is open; a rerun shows on its own page. */
export function useOutcomes(ids: readonly string[]): Map<string, Pipeline | 'gone'> {
  const distinct = [...new Set(ids)];
  return useQueries({
    queries: distinct.map((id) => ({
      queryKey: ['outcome of a firing', id],
      queryFn: ({ signal }: { signal: AbortSignal }) => outcomeOf(id, signal),
      staleTime: SOMETIMES_MS,
      refetchInterval: ({ state }: { state: { data: Pipeline | 'gone' | undefined } }) =>
        hasEnded(state.data) ? (false as const) : 3_000,
    })),
    combine: (results) =>
      new Map(
        results.flatMap(({ data }, index) => {
          const id = distinct[index];
          return data === undefined || id === undefined ? [] : [[id, data] as const];
        }),
      ),
  });
}
