import { z } from '@hono/zod-openapi';
import {
  ALERT_ACTIONS,
  ALERT_DELIVERY_STATES,
  ALERT_EVENTS,
  ALERT_GROUPINGS,
  ALERT_METRICS,
  ALERT_SEVERITIES,
  CHANNEL_STATES,
  CHANNEL_TYPES,
  INCIDENT_STATES,
} from '@pipelogiq/protocol';
import { count, durationMs, id, name, optional, time } from './common.js';
import { config, integrationField, value } from './integrations.js';

const TEXT_LENGTH = 4_096;
const URL_LENGTH = 2_048;
const PATTERNS = 50;
const MOST_CHANNELS = 50;

const event = z.enum(ALERT_EVENTS);
const severity = z.enum(ALERT_SEVERITIES);
const type = z.enum(CHANNEL_TYPES);
const names = z.array(name()).max(PATTERNS);

export const channelKind = z
  .object({ type, title: z.string(), purpose: z.string(), fields: z.array(integrationField) })
  .openapi('ChannelKind');

export const channelSpec = z.strictObject({ name: name(), type, enabled: optional(z.boolean()), config }).openapi('ChannelSpec', {
  example: { name: 'on call', type: 'slack', config: { url: 'https://hooks.slack.com/services/…' } },
});

export const channel = z
  .object({
    id,
    name: z.string(),
    type,
    enabled: z.boolean(),
    config: z.record(z.string(), value),
    status: z.enum(CHANNEL_STATES),
    queued: count,
    delivered: count,
    failed: count,
    lastSuccessAt: optional(time),
    lastError: optional(z.object({ at: time, message: z.string() })),
    disabledReason: optional(z.string()),
    createdAt: time,
    updatedAt: time,
  })
  .openapi('Channel');

export const channelTested = z
  .object({
    ok: z.boolean(),
    message: z.string(),
    status: optional(z.int()),
    answer: optional(z.string()),
    durationMs: z.number(),
  })
  .openapi('ChannelTested');

const match = z.strictObject({
  pipelines: optional(names),
  handlers: optional(names),
  keywords: optional(names),
  environments: optional(names),
  errorCodes: optional(names),
  severities: optional(z.array(severity).max(ALERT_SEVERITIES.length)),
  pools: optional(names),
});

const condition = z.strictObject({
  metric: optional(z.enum(ALERT_METRICS)),
  direction: optional(z.enum(['above', 'below'])),
  threshold: optional(z.number()),
  clearThreshold: optional(z.number()),
  forMs: optional(durationMs()),
  windowMs: optional(durationMs(60_000)),
  minSamples: optional(z.int().min(1).max(1_000_000)),
});

const template = z.string().min(1).max(TEXT_LENGTH);

const RULE = {
  name: name(),
  enabled: optional(z.boolean()),
  events: z.array(event).min(1).max(ALERT_EVENTS.length),
  match: optional(match),
  condition: optional(condition),
  severity: optional(severity),
  channels: z.array(id).max(MOST_CHANNELS),
  groupBy: optional(z.array(z.enum(ALERT_GROUPINGS)).max(ALERT_GROUPINGS.length)),
  groupWaitMs: optional(durationMs()),
  groupIntervalMs: optional(durationMs(1_000)),
  repeatIntervalMs: optional(durationMs()),
  notifyResolved: optional(z.boolean()),
  resolveAfterMs: optional(durationMs()),
  runbookUrl: optional(z.string().min(1).max(URL_LENGTH)),
  titleTemplate: optional(template),
  bodyTemplate: optional(template),
};

export const alertRuleSpec = z.strictObject(RULE).openapi('AlertRuleSpec', {
  example: { name: 'Pipelines that fail', events: ['pipeline_failed'], channels: ['1'], groupBy: ['pipeline'] },
});

export const alertRule = z
  .object({
    id,
    name: z.string(),
    enabled: z.boolean(),
    events: z.array(event),
    match,
    condition,
    severity: optional(severity),
    channels: z.array(id),
    groupBy: z.array(z.enum(ALERT_GROUPINGS)),
    groupWaitMs: z.number(),
    groupIntervalMs: z.number(),
    repeatIntervalMs: z.number(),
    notifyResolved: z.boolean(),
    resolveAfterMs: z.number(),
    runbookUrl: optional(z.string()),
    titleTemplate: optional(z.string()),
    bodyTemplate: optional(z.string()),
    createdAt: time,
    updatedAt: time,
  })
  .openapi('AlertRule');

export const previewAlertRule = z.strictObject({ rule: alertRuleSpec, event: optional(event) }).openapi('PreviewAlertRule', {
  example: { rule: { name: 'Pipelines that fail', events: ['pipeline_failed'], channels: ['1'] }, event: 'pipeline_failed' },
});

export const alertPreview = z
  .object({
    event,
    severity,
    title: z.string(),
    body: z.string(),
    channels: z.array(z.object({ id, name: z.string(), type, message: z.string() })),
  })
  .openapi('AlertPreview');

export const recommendAlertRules = z
  .strictObject({ channels: z.array(id).max(MOST_CHANNELS) })
  .openapi('RecommendAlertRules', { example: { channels: ['1'] } });

export const alertRulesMade = z.object({ rules: z.array(alertRule) }).openapi('AlertRulesMade');

export const incident = z
  .object({
    id,
    rule: z.object({ id, name: z.string() }),
    event,
    severity,
    status: z.enum(INCIDENT_STATES),
    title: z.string(),
    body: z.string(),
    labels: z.record(z.string(), z.string()),
    events: count,
    notified: count,
    openedAt: time,
    lastEventAt: time,
    muted: optional(z.enum(['silenced', 'inhibited'])),
    acknowledgedAt: optional(time),
    acknowledgedBy: optional(z.string()),
    resolvedAt: optional(time),
    resolvedBy: optional(z.string()),
    runbookUrl: optional(z.string()),
  })
  .openapi('Incident');

/** `GET /alerts/incidents?…` */
export const incidentFilter = z.strictObject({
  status: optional(z.enum(INCIDENT_STATES)),
  event: optional(event),
  severity: optional(severity),
  rule: optional(id),
});

export const silenceSpec = z
  .strictObject({
    match: z
      .record(name(), z.string().max(TEXT_LENGTH))
      .refine((labels) => Object.keys(labels).length > 0, 'must have a label at least: an empty one would silence everything')
      .refine((labels) => Object.keys(labels).length <= PATTERNS, `must have ${PATTERNS} labels at most`),
    comment: name(TEXT_LENGTH),
    startsAt: optional(time),
    endsAt: time,
  })
  .openapi('SilenceSpec', {
    example: { match: { pipeline: 'order*' }, comment: 'migration', endsAt: '2026-01-31T12:00:00.000Z' },
  });

export const silence = z
  .object({
    id,
    match: z.record(z.string(), z.string()),
    comment: z.string(),
    createdBy: z.string(),
    startsAt: time,
    endsAt: time,
    status: z.enum(['pending', 'active', 'expired']),
    createdAt: time,
  })
  .openapi('Silence');

export const alertDelivery = z
  .object({
    id,
    channelId: id,
    channel: z.string(),
    incidentId: id,
    action: z.enum(ALERT_ACTIONS),
    state: z.enum(ALERT_DELIVERY_STATES),
    title: z.string(),
    attempts: count,
    lastStatus: optional(z.int()),
    lastAnswer: optional(z.string()),
    nextTryAt: optional(time),
    createdAt: time,
    settledAt: optional(time),
  })
  .openapi('AlertDelivery');

/** `GET /alerts/deliveries?…` */
export const alertDeliveryFilter = z.strictObject({
  state: optional(z.enum(ALERT_DELIVERY_STATES)),
  channel: optional(id),
  incident: optional(id),
});
