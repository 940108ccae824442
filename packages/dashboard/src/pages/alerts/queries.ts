import {
  type AlertDelivery,
  type AlertDeliveryFilter,
  type AlertRule,
  type Channel,
  type ChannelKindInfo,
  type Incident,
  type IncidentFilter,
  type Page,
  ROUTES,
  type Silence,
} from '@pipelogiq/protocol';
import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { fill, get } from '../../api/http.js';
import { keyOf } from '../../api/keys.js';
import { reread } from '../../api/live-topics.js';

/** No event tells of incidents: they come to be a moment after what happened. */
const OFTEN_MS = 3_000;
const SOMETIMES_MS = 10_000;
const PAGE = 25;
/** As many as there may be on one page: to choose from, or to name by id. */
const ALL = 200;

export const incidentsQuery = (filter: IncidentFilter) =>
  queryOptions({
    queryKey: keyOf('alerts', 'incidents', filter),
    queryFn: ({ signal }) => get<Page<Incident>>(ROUTES.alertIncidents, { ...filter, limit: PAGE }, signal),
    refetchInterval: OFTEN_MS,
    placeholderData: keepPreviousData,
  });

export const incidentQuery = (id: string) =>
  queryOptions({
    queryKey: keyOf('alerts', 'incident', id),
    queryFn: ({ signal }) => get<Incident>(fill(ROUTES.alertIncident, id), undefined, signal),
    refetchInterval: OFTEN_MS,
  });

export const deliveriesQuery = (filter: AlertDeliveryFilter) =>
  queryOptions({
    queryKey: keyOf('alerts', 'deliveries', filter),
    queryFn: ({ signal }) => get<Page<AlertDelivery>>(ROUTES.alertDeliveries, { ...filter, limit: PAGE }, signal),
    refetchInterval: OFTEN_MS,
    placeholderData: keepPreviousData,
  });

export const channelsQuery = (cursor?: string) =>
  queryOptions({
    queryKey: keyOf('alerts', 'channels', cursor),
    queryFn: ({ signal }) => get<Page<Channel>>(ROUTES.alertChannels, { limit: PAGE, cursor }, signal),
    refetchInterval: SOMETIMES_MS,
    placeholderData: keepPreviousData,
  });

/** The kinds of channels are those of the server's version. */
export const kindsQuery = queryOptions({
  queryKey: keyOf('alerts', 'kinds'),
  queryFn: ({ signal }) => get<Page<ChannelKindInfo>>(ROUTES.alertChannelKinds, undefined, signal),
  staleTime: Number.POSITIVE_INFINITY,
});

/** To name, and to choose from. */
export const allChannelsQuery = queryOptions({
  queryKey: keyOf('alerts', 'all channels'),
  queryFn: ({ signal }) => get<Page<Channel>>(ROUTES.alertChannels, { limit: ALL }, signal),
  refetchInterval: SOMETIMES_MS,
});

export const rulesQuery = (cursor?: string) =>
  queryOptions({
    queryKey: keyOf('alerts', 'rules', cursor),
    queryFn: ({ signal }) => get<Page<AlertRule>>(ROUTES.alertRules, { limit: PAGE, cursor }, signal),
    refetchInterval: SOMETIMES_MS,
    placeholderData: keepPreviousData,
  });

export const silencesQuery = queryOptions({
  queryKey: keyOf('alerts', 'silences'),
  queryFn: ({ signal }) => get<Page<Silence>>(ROUTES.alertSilences, { limit: ALL }, signal),
  refetchInterval: SOMETIMES_MS,
});

export const allRulesQuery = queryOptions({
  queryKey: keyOf('alerts', 'all rules'),
  queryFn: ({ signal }) => get<Page<AlertRule>>(ROUTES.alertRules, { limit: ALL }, signal),
  refetchInterval: SOMETIMES_MS,
});

/** After a change, also of the figure on the page of operations. */
export const rereadAlerts = (): Promise<void> => reread(['alerts', 'overview']);
