import {
  type Integration,
  type IntegrationStatus,
  type IntegrationType,
  type Page,
  ROUTES,
  type TraceSummary,
} from '@pipelogiq/protocol';
import { queryOptions } from '@tanstack/react-query';
import { get } from '../../api/http.js';
import { keyOf } from '../../api/keys.js';

/** No event tells of a delivery. */
const SOMETIMES_MS = 10_000;

export const statusQuery = queryOptions({
  queryKey: keyOf('observability', 'status'),
  queryFn: ({ signal }) => get<Page<IntegrationStatus>>(ROUTES.observabilityStatus, undefined, signal),
  refetchInterval: SOMETIMES_MS,
});

/** For operators: where things are sent to is nobody else's business. */
export const integrationsQuery = queryOptions({
  queryKey: keyOf('observability', 'integrations'),
  queryFn: ({ signal }) => get<Page<Integration>>(ROUTES.observabilityConfig, undefined, signal),
});

/** The latest one, to show links by. */
export const latestTraceQuery = queryOptions({
  queryKey: keyOf('observability', 'latest trace'),
  queryFn: async ({ signal }) => {
    const { items } = await get<Page<TraceSummary>>(ROUTES.observabilityTraces, { limit: 1 }, signal);
    return items[0] ?? null;
  },
});

/** Names of products, as they write them. */
export const TITLES: Record<IntegrationType, string> = {
  opentelemetry: 'OpenTelemetry',
  alerts: 'Alerts',
  grafana: 'Grafana',
  sentry: 'Sentry',
  datadog: 'Datadog',
  graylog: 'Graylog',
  loki: 'Grafana Loki',
};
