import { type Incident, type Insights, type Overview, type Page, type PipelineSummary, ROUTES } from '@pipelogiq/protocol';
import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { get } from '../../api/http.js';
import { keyOf } from '../../api/keys.js';
import type { Range } from './search.js';

/** Live events tell of pipelines and workers; jobs that come and go between them are asked for. */
const OFTEN_MS = 3_000;
const SELDOM_MS = 30_000;

export const overviewQuery = queryOptions({
  queryKey: keyOf('overview', 'now'),
  queryFn: ({ signal }) => get<Overview>(ROUTES.overview, undefined, signal),
  refetchInterval: OFTEN_MS,
});

export const insightsQuery = (range: Range) =>
  queryOptions({
    queryKey: keyOf('insights', 'operations', range),
    queryFn: ({ signal }) => get<Insights>(ROUTES.insights, { range, limit: 50 }, signal),
    refetchInterval: SELDOM_MS,
    placeholderData: keepPreviousData,
  });

export const incidentsQuery = queryOptions({
  queryKey: keyOf('alerts', 'incidents', 'open'),
  queryFn: ({ signal }) => get<Page<Incident>>(ROUTES.alertIncidents, { status: 'open', limit: 5 }, signal),
  refetchInterval: OFTEN_MS,
});

export const latestQuery = queryOptions({
  queryKey: keyOf('pipelines', 'latest'),
  queryFn: ({ signal }) => get<Page<PipelineSummary>>(ROUTES.pipelines, { limit: 8 }, signal),
});

export const failedQuery = queryOptions({
  queryKey: keyOf('pipelines', 'failed'),
  queryFn: ({ signal }) => get<Page<PipelineSummary>>(ROUTES.pipelines, { status: 'failed', limit: 8 }, signal),
});
