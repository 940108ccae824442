import type {
  AlertDeliveryFilter,
  AlertEvent,
  AlertSeverity,
  ChannelType,
  IncidentFilter,
  IncidentState,
} from '@pipelogiq/protocol';
import type { AlertDeliveries, AlertDeliveryRow } from './alert-delivery-rows.js';
import type { AlertLeftovers, AlertNarrowings, AlertRuleEnds } from './alert-end-rows.js';
import type { AlertOutbox, AlertRun } from './alert-outbox-rows.js';
import type { SilentWorker, WaitingHandler } from './health-rows.js';
import type { Flag, Ms } from './rows.js';

export type * from './alert-delivery-rows.js';
export type * from './alert-end-rows.js';
export type * from './alert-outbox-rows.js';

export interface AlertChannelTable {
  id: number;
  application_id: number;
  name: string;
  type: ChannelType;
  enabled: Flag;
  /** JSON object of the fields that are no secrets. */
  settings: string;
  /** JSON object of those that are, sealed; null without any. */
  secrets: string | null;
  /** Why the server disabled it. */
  disabled_reason: string | null;
  /** Nothing is delivered before. */
  retry_at: Ms | null;
  /** Deliveries that failed in a row. */
  failures: number;
  delivered: number;
  failed: number;
  last_success_at: Ms | null;
  last_error_at: Ms | null;
  last_error: string | null;
  /** Counts its changes. */
  version: number;
  created_at: Ms;
  updated_at: Ms;
}

/** A channel that is gone and whose messages are not. */
export interface AlertChannelGoneTable {
  channel_id: number;
}

export interface AlertRuleTable {
  id: number;
  application_id: number;
  name: string;
  enabled: Flag;
  /** JSON array of those of its events that it wants to hear of. */
  events: string;
  /** JSON of an AlertRuleSpec. */
  spec: string;
  /** Counts its changes. */
  version: number;
  created_at: Ms;
  updated_at: Ms;
}

export interface AlertIncidentTable {
  id: number;
  application_id: number;
  rule_id: number;
  /** What its events have in common; unique among the unresolved ones of the rule. */
  group_key: string;
  event: AlertEvent;
  severity: AlertSeverity;
  status: IncidentState;
  title: string;
  body: string;
  /** JSON object of texts. */
  labels: string;
  /** JSON object: in which labels the events differ that nobody was told of; null when it was told since. */
  untold: string | null;
  /** Of all its events; null when they are of several. */
  pipeline: string | null;
  /** The one run that it is about; null when it is about more. */
  pipeline_id: number | null;
  events: number;
  notified: number;
  opened_at: Ms;
  last_event_at: Ms;
  /** When its channels are told next. */
  notify_at: Ms | null;
  notified_at: Ms | null;
  /** When it is over unless more happens. */
  resolve_at: Ms | null;
  muted: 'silenced' | 'inhibited' | null;
  acknowledged_at: Ms | null;
  acknowledged_by: string | null;
  resolved_at: Ms | null;
  resolved_by: string | null;
}

export interface AlertSilenceTable {
  id: number;
  application_id: number;
  /** JSON object of texts. */
  match: string;
  comment: string;
  created_by: string;
  starts_at: Ms;
  ends_at: Ms;
  created_at: Ms;
}

/** Whether a condition of a rule holds, and since when; for each thing that it is looked at for. */
export interface AlertConditionTable {
  rule_id: number;
  key: string;
  firing: Flag;
  /** When it came to be on the other side of its threshold; null when it is not. */
  crossed_at: Ms | null;
  seen_at: Ms;
  /** Somebody ended its incident by hand: when it fires again if it still holds. */
  fire_again_at: Ms | null;
  /** It fires without an incident of its own: that of its rule tells of it. */
  gathered: Flag;
}

export type AlertChannelRow = AlertChannelTable;
export type AlertRuleRow = AlertRuleTable;
export type AlertIncidentRow = AlertIncidentTable;
export type AlertSilenceRow = AlertSilenceTable;
export type AlertConditionRow = AlertConditionTable;

export interface Alerts extends AlertOutbox, AlertDeliveries, AlertRuleEnds, AlertNarrowings, AlertLeftovers {
  alertChannelToChange(applicationId: number, id: number): Promise<AlertChannelRow | undefined>;
  alertChannelNamed(applicationId: number, name: string): Promise<{ id: number } | undefined>;
  insertAlertChannel(row: AlertChannelRow): Promise<void>;
  updateAlertChannel(id: number, changes: Partial<AlertChannelRow>): Promise<void>;
  /** As the provider wants it; false when somebody changed it since it had this version. */
  mendAlertChannel(id: number, version: number, changes: Partial<AlertChannelRow>): Promise<boolean>;
  /** Its deliveries are not found any more, and deleted later (`deleteGone`). */
  deleteAlertChannel(id: number): Promise<void>;
  countAlertChannels(applicationId: number): Promise<number>;

  alertRuleToChange(applicationId: number, id: number): Promise<AlertRuleRow | undefined>;
  alertRuleNamed(applicationId: number, name: string): Promise<{ id: number } | undefined>;
  insertAlertRule(row: AlertRuleRow): Promise<void>;
  updateAlertRule(id: number, changes: Partial<AlertRuleRow>): Promise<void>;
  deleteAlertRule(applicationId: number, id: number): Promise<boolean>;
  countAlertRules(applicationId: number): Promise<number>;
  /** Enabled rules of these applications. */
  enabledAlertRules(applicationIds: number[]): Promise<AlertRuleRow[]>;
  alertRulesOf(applicationId: number): Promise<AlertRuleRow[]>;
  /** @param keep - whether none of them may go before the commit */
  alertChannelsOf(applicationId: number, ids: number[], keep?: boolean): Promise<AlertChannelRow[]>;

  insertAlertSilence(row: AlertSilenceRow): Promise<void>;
  /** Ends it; false when there is none that lasts. */
  endAlertSilence(applicationId: number, id: number, now: Ms): Promise<boolean>;
  countAlertSilences(applicationId: number, now: Ms): Promise<number>;
  activeAlertSilences(applicationIds: number[], now: Ms): Promise<AlertSilenceRow[]>;

  /** Unresolved, locked. */
  incidentsToChange(ruleIds: number[], keys: string[]): Promise<AlertIncidentRow[]>;
  incidentToChange(applicationId: number, id: number): Promise<AlertIncidentRow | undefined>;
  insertIncidents(rows: AlertIncidentRow[]): Promise<void>;
  /** How many incidents of the application are not over, up to `limit`. */
  countOpenIncidents(applicationId: number, limit: number): Promise<number>;
  /** Writes what changes of incidents that were read to be changed. */
  saveIncidents(rows: readonly AlertIncidentRow[]): Promise<void>;
  /** Ends the failures that this run is the recovery of, and has them told at the next look. Whether there was one. */
  endFailures(run: AlertRun, now: Ms): Promise<boolean>;
  /** Whether an incident of a failure of pipelines of that name is unresolved, of one of these rules. */
  isFailing(of: Pick<AlertRun, 'application_id' | 'pipeline'>, ruleIds: number[]): Promise<boolean>;
  /** To be told, or over, by now; the earliest first. */
  dueIncidents(now: Ms, limit: number): Promise<AlertIncidentRow[]>;

  alertConditions(ruleId: number): Promise<AlertConditionRow[]>;
  saveAlertConditions(rows: AlertConditionRow[]): Promise<void>;
  deleteAlertConditions(ruleId: number, keys: string[]): Promise<void>;
}

/** A pipeline that runs for longer than it may. */
export interface LatePipeline {
  id: number;
  name: string;
  environment: string | null;
  version: string | null;
  trace_id: string;
  /** JSON array of texts; null without any. */
  keywords: string | null;
  started_at: Ms;
  /** Its own, else the one that was asked for. */
  sla_ms: Ms;
}

interface After {
  limit: number;
  after?: number | undefined;
}

export interface AlertReads {
  alertChannels(applicationId: number, page: After): Promise<(AlertChannelRow & { queued: number })[]>;
  alertChannel(applicationId: number, id: number): Promise<(AlertChannelRow & { queued: number }) | undefined>;
  alertRules(applicationId: number, page: After): Promise<AlertRuleRow[]>;
  alertRule(applicationId: number, id: number): Promise<AlertRuleRow | undefined>;
  alertSilences(applicationId: number, page: After): Promise<AlertSilenceRow[]>;
  incidents(
    applicationId: number,
    filter: IncidentFilter,
    page: After,
  ): Promise<(AlertIncidentRow & { rule: string | null; spec: string | null })[]>;
  incident(
    applicationId: number,
    id: number,
  ): Promise<(AlertIncidentRow & { rule: string | null; spec: string | null }) | undefined>;
  alertDeliveries(
    applicationId: number,
    filter: AlertDeliveryFilter,
    page: After,
  ): Promise<(AlertDeliveryRow & { channel: string })[]>;
  alertDelivery(applicationId: number, id: number): Promise<(AlertDeliveryRow & { channel: string }) | undefined>;
  /** Enabled rules of every application. */
  enabledRules(): Promise<AlertRuleRow[]>;
  alertConditions(ruleId: number): Promise<AlertConditionRow[]>;
  /** Of those that run and have a time of their own, what is late by now; by when it was due, behind this one. */
  latePipelines(applicationId: number, now: Ms, page: { limit: number; after?: LatePipeline }): Promise<LatePipeline[]>;
  /** Those that run and have no time of their own, by id: `sla_ms` is what is asked for. */
  pipelinesWithoutSla(
    applicationId: number,
    slaMs: Ms,
    page: { limit: number; after: number },
  ): Promise<(LatePipeline & { created_at: Ms })[]>;
  /** That did not say that they stop, and were not seen since then; by id. */
  silentWorkersOf(
    applicationId: number,
    until: Ms,
    page: { limit: number; after: number },
  ): Promise<Omit<SilentWorker, 'application_id'>[]>;
  /** Handlers with stages that can be leased now; by name. */
  waitingHandlersOf(
    applicationId: number,
    page: { limit: number; after: string },
  ): Promise<Omit<WaitingHandler, 'application_id'>[]>;
  /** Workers that did not stop and were seen since then, by pool. */
  onlineWorkers(applicationId: number, liveSince: Ms): Promise<{ pool: string; count: number }[]>;
  /** Registrations of workers that were refused since then, among the newest `lookedAt` entries of the audit trail. */
  refusedBootstraps(applicationId: number, since: Ms, lookedAt: number): Promise<{ action: string; count: number }[]>;
  /** For how long the first stage has been due that no timer has made ready; 0 without one. */
  schedulerLag(now: Ms): Promise<Ms>;
  /** Channels with deliveries that can be tried now. */
  dueAlertChannels(now: Ms, limit: number): Promise<number[]>;
  /** Whether messages of channels that are switched off were queued before then, or a channel is gone. */
  hasLeftovers(before: Ms): Promise<boolean>;
  /** Whether anything waits in the outbox, or an incident is due. */
  alertsWaiting(now: Ms): Promise<boolean>;
}
