import type { ChannelType } from './channels.js';

/** What people can be told of. */
export const ALERT_EVENTS = [
  'stage_failed',
  'dead_letter',
  'stage_rerun_manual',
  'stage_skipped_manual',
  'pipeline_failed',
  'pipeline_recovered',
  'pipeline_stuck',
  'worker_started',
  'worker_stopped',
  'worker_failed',
  'worker_heartbeat_lost',
  'worker_registration_failing',
  'policy_triggered',
  'policy_changed',
  'policy_disabled',
  'policy_deleted',
  'retry_storm',
  'queue_backlog_high',
  'integration_check_failing',
  'p95_regression',
  'threshold_crossed',
] as const;
export type AlertEvent = (typeof ALERT_EVENTS)[number];

/** Found by looking again and again, and over when the look says so. A rule with one of them alone can say when. */
export const DETECTED_ALERT_EVENTS = [
  'pipeline_stuck',
  'worker_heartbeat_lost',
  'worker_registration_failing',
  'retry_storm',
  'queue_backlog_high',
  'integration_check_failing',
  'p95_regression',
  'threshold_crossed',
] as const satisfies readonly AlertEvent[];

export const ALERT_SEVERITIES = ['info', 'warning', 'error', 'critical'] as const;
export type AlertSeverity = (typeof ALERT_SEVERITIES)[number];

/** What an event must be like for a rule. All that is given must hold. */
export interface AlertMatch {
  /** Names of pipelines; `*` stands for any characters. */
  pipelines?: string[];
  /** Names of handlers; `*` stands for any characters. */
  handlers?: string[];
  /** One of them is a keyword of the pipeline. */
  keywords?: string[];
  environments?: string[];
  /** Codes of errors; `*` stands for any characters. */
  errorCodes?: string[];
  /** The severity of the event itself is one of them, whatever `severity` the rule tells it with. */
  severities?: AlertSeverity[];
  /** Pools of workers, of `workers_online` and `worker_utilisation`; `*` stands for any characters. */
  pools?: string[];
}

export const ALERT_METRICS = [
  'success_rate',
  'failure_rate',
  'flaky_rate',
  'run_time_p50_ms',
  'run_time_p95_ms',
  'run_time_p99_ms',
  'queue_wait_p50_ms',
  'queue_wait_p95_ms',
  'queue_wait_p99_ms',
  'pipeline_duration_p50_ms',
  'pipeline_duration_p95_ms',
  'pipeline_duration_p99_ms',
  'feedback_p50_ms',
  'feedback_p95_ms',
  'feedback_p99_ms',
  'throughput_per_minute',
  'retries',
  'compute_seconds',
  'queue_depth',
  'oldest_pending_ms',
  'workers_online',
  'worker_utilisation',
  'scheduler_lag_ms',
] as const;
export type AlertMetric = (typeof ALERT_METRICS)[number];

/** When a detector fires, and when it is over. Which fields an event takes is in docs/guides/alerts.md. */
export interface AlertCondition {
  /** Of `threshold_crossed`. */
  metric?: AlertMetric;
  /** Default `above`; `below` for rates of success. */
  direction?: 'above' | 'below';
  /** In the unit of the event or metric. */
  threshold?: number;
  /** Over again when the figure is back behind this; default: the threshold less (or more) a tenth. */
  clearThreshold?: number;
  /** Milliseconds for which it must hold before it fires, and before it is over. Default 0. */
  forMs?: number;
  /** Milliseconds that figures are taken over. Default 300,000. */
  windowMs?: number;
  /** Executions that a figure needs to count. Default 20. */
  minSamples?: number;
}

/** What events are one incident: those that are alike in these. */
export const ALERT_GROUPINGS = [
  'event',
  'pipeline',
  'pipeline_id',
  'stage',
  'handler',
  'environment',
  'worker',
  'error_code',
] as const;
export type AlertGrouping = (typeof ALERT_GROUPINGS)[number];

/** `POST /alerts/rules`, `PUT /alerts/rules/{id}`. */
export interface AlertRuleSpec {
  /** Unique in the application. */
  name: string;
  /** Default true. */
  enabled?: boolean;
  events: AlertEvent[];
  match?: AlertMatch;
  condition?: AlertCondition;
  /** Default: that of the event. */
  severity?: AlertSeverity;
  /** Ids of channels. */
  channels: string[];
  /** Default `["event", "pipeline", "handler"]`. */
  groupBy?: AlertGrouping[];
  /** Milliseconds from the first event of an incident to its first notification. Default 10,000. */
  groupWaitMs?: number;
  /** Milliseconds between notifications of new events of one incident. Default 300,000. */
  groupIntervalMs?: number;
  /** Milliseconds after which an incident that goes on is told again; 0: never. Default 4 hours. */
  repeatIntervalMs?: number;
  /** Whether the end is told. Default true. */
  notifyResolved?: boolean;
  /**
   * Milliseconds without another event after which an incident of failures is resolved, although nothing works again. One of
   * `p95_regression` or `threshold_crossed` goes on while its figure is unknown (too little ran), and is resolved when it has been unknown
   * for so long, from the first look that did not know it; when it is known again and still bad, that is another incident. Other conditions
   * end when they do not hold, whatever this says. 0: never by itself. Default 24 hours.
   */
  resolveAfterMs?: number;
  /** What to do, for who is told. */
  runbookUrl?: string;
  /** With `{{ name }}` of the fields of the event. Default: words of the event. */
  titleTemplate?: string;
  bodyTemplate?: string;
}

export interface AlertRule extends Required<Omit<AlertRuleSpec, 'runbookUrl' | 'titleTemplate' | 'bodyTemplate' | 'severity'>> {
  id: string;
  severity?: AlertSeverity;
  runbookUrl?: string;
  titleTemplate?: string;
  bodyTemplate?: string;
  createdAt: string;
  updatedAt: string;
}

/** `POST /alerts/rules/preview`: what a rule would say. */
export interface PreviewAlertRule {
  rule: AlertRuleSpec;
  /** Default: the first of the rule. */
  event?: AlertEvent;
}

export interface AlertPreview {
  event: AlertEvent;
  severity: AlertSeverity;
  title: string;
  body: string;
  /** What each channel of the rule would be sent; secrets are `[redacted]`. */
  channels: { id: string; name: string; type: ChannelType; message: string }[];
}

export const INCIDENT_STATES = ['open', 'acknowledged', 'resolved'] as const;
export type IncidentState = (typeof INCIDENT_STATES)[number];

export interface Incident {
  id: string;
  rule: { id: string; name: string };
  event: AlertEvent;
  severity: AlertSeverity;
  status: IncidentState;
  title: string;
  body: string;
  /** What its events have in common, and more of the last of them. */
  labels: { [name: string]: string };
  /** Events so far. */
  events: number;
  /** Notifications so far. */
  notified: number;
  openedAt: string;
  lastEventAt: string;
  /** Why nobody is told at the moment. */
  muted?: 'silenced' | 'inhibited';
  acknowledgedAt?: string;
  acknowledgedBy?: string;
  resolvedAt?: string;
  /** A key or a person; `system` when its cause was over. */
  resolvedBy?: string;
  runbookUrl?: string;
}

export interface IncidentFilter {
  status?: IncidentState;
  event?: AlertEvent;
  severity?: AlertSeverity;
  rule?: string;
  limit?: number;
  cursor?: string;
}

/** `POST /alerts/silences`. */
export interface SilenceSpec {
  /** Which incidents: labels of theirs, as event, rule, severity, pipeline, handler, environment; `*` stands for any characters. */
  match: { [label: string]: string };
  comment: string;
  /** Default: now. */
  startsAt?: string;
  endsAt: string;
}

export interface Silence {
  id: string;
  match: { [label: string]: string };
  comment: string;
  createdBy: string;
  startsAt: string;
  endsAt: string;
  status: 'pending' | 'active' | 'expired';
  createdAt: string;
}

export const ALERT_DELIVERY_STATES = ['pending', 'delivered', 'failed', 'dropped'] as const;
export type AlertDeliveryState = (typeof ALERT_DELIVERY_STATES)[number];

export const ALERT_ACTIONS = ['trigger', 'acknowledge', 'resolve', 'test'] as const;
export type AlertAction = (typeof ALERT_ACTIONS)[number];

/** One message to one channel. */
export interface AlertDelivery {
  id: string;
  channelId: string;
  channel: string;
  incidentId: string;
  action: AlertAction;
  state: AlertDeliveryState;
  title: string;
  attempts: number;
  /** Of HTTP, or of SMTP; of the last try. */
  lastStatus?: number;
  /** What went wrong, or what the provider said. */
  lastAnswer?: string;
  nextTryAt?: string;
  createdAt: string;
  settledAt?: string;
}

export interface AlertDeliveryFilter {
  state?: AlertDeliveryState;
  channel?: string;
  incident?: string;
  limit?: number;
  cursor?: string;
}
