import { type Page, ROUTES, type Worker, type WorkerHappening, type WorkerJob } from '@pipelogiq/protocol';
import { queryOptions } from '@tanstack/react-query';
import { fill, get } from '../../api/http.js';
import { keyOf } from '../../api/keys.js';

/** Between heartbeats nothing changes; most workers beat every few seconds. */
const OFTEN_MS = 4_000;
const PAGE = 100;
/** Jobs and events of one worker. */
const ROWS = 30;
/** Pages that are read at most: filters work on what was read. */
const MOST_PAGES = 5;

export interface Workers {
  items: Worker[];
  /** There are older ones that were not read. */
  more: boolean;
}

async function readWorkers(signal: AbortSignal): Promise<Workers> {
  const items: Worker[] = [];
  let cursor: string | undefined;
  for (let pages = 0; pages < MOST_PAGES; pages++) {
    const page: Page<Worker> = await get<Page<Worker>>(ROUTES.workers, { limit: PAGE, cursor }, signal);
    items.push(...page.items);
    if (page.nextCursor === null) return { items, more: false };
    cursor = page.nextCursor;
  }
  return { items, more: true };
}

export const workersQuery = queryOptions({
  queryKey: keyOf('workers', 'list'),
  queryFn: ({ signal }) => readWorkers(signal),
  refetchInterval: OFTEN_MS,
});

export const workerQuery = (id: string) =>
  queryOptions({
    queryKey: keyOf('workers', 'one', id),
    queryFn: ({ signal }) => get<Worker>(fill(ROUTES.worker, id), undefined, signal),
    refetchInterval: OFTEN_MS,
  });

export const jobsQuery = (id: string) =>
  queryOptions({
    queryKey: keyOf('workers', 'jobs', id),
    queryFn: ({ signal }) => get<Page<WorkerJob>>(fill(ROUTES.workerJobs, id), { limit: ROWS }, signal),
    refetchInterval: OFTEN_MS,
  });

export const eventsQuery = (id: string) =>
  queryOptions({
    queryKey: keyOf('workers', 'events', id),
    queryFn: ({ signal }) => get<Page<WorkerHappening>>(fill(ROUTES.workerEvents, id), { limit: ROWS }, signal),
    refetchInterval: OFTEN_MS,
  });
