import {
  ALERT_DELIVERY_STATES,
  ALERT_EVENTS,
  ALERT_SEVERITIES,
  type AlertDeliveryState,
  type AlertEvent,
  type AlertSeverity,
  INCIDENT_STATES,
  type IncidentState,
} from '@pipelogiq/protocol';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { choiceIn, given, textIn, textsIn } from '../../lib/search.js';

export const TABS = ['incidents', 'rules', 'channels', 'silences', 'deliveries'] as const;
export type TabId = (typeof TABS)[number];

export interface AlertsSearch {
  /** Default incidents. */
  tab?: TabId;
  /** Of incidents; default open. */
  status?: IncidentState | 'all';
  event?: AlertEvent;
  severity?: AlertSeverity;
  /** Id of a rule. */
  rule?: string;
  /** Id of the incident that is open. */
  incident?: string;
  /** Of deliveries. */
  state?: AlertDeliveryState;
  /** Id of a channel. */
  channel?: string;
  /** Cursors of the pages so far. */
  trail?: string[];
}

export const alertsSearch = (search: Record<string, unknown>): AlertsSearch =>
  given({
    tab: choiceIn(search, 'tab', TABS),
    status: choiceIn(search, 'status', [...INCIDENT_STATES, 'all'] as const),
    event: choiceIn(search, 'event', ALERT_EVENTS),
    severity: choiceIn(search, 'severity', ALERT_SEVERITIES),
    rule: textIn(search, 'rule'),
    incident: textIn(search, 'incident'),
    state: choiceIn(search, 'state', ALERT_DELIVERY_STATES),
    channel: textIn(search, 'channel'),
    trail: textsIn(search, 'trail'),
  });

type Change = { [Key in keyof AlertsSearch]?: AlertsSearch[Key] | undefined };

/** What the address says, and ways to change some of it; undefined takes it out. A filter begins at the first page again. */
export function useAlertsSearch() {
  const search = alertsSearch({ ...useSearch({ from: '/shell/alerts' }) }); // the router leaves in what was refused
  const navigate = useNavigate({ from: '/alerts' });
  const change = (changed: Change) =>
    void navigate({ search: (before) => given({ ...before, ...changed }), replace: true, resetScroll: false });
  return {
    search,
    trail: search.trail ?? [],
    change,
    filter: (changed: Change) => change({ ...changed, trail: undefined }),
    onTrail: (trail: string[]) => change({ trail: trail.length > 0 ? trail : undefined }),
    /** Forgets the filters of the tab before. */
    open: (tab: TabId) => void navigate({ search: given({ tab: tab === 'incidents' ? undefined : tab }) }),
  };
}
