import { type AlertEvent, type AlertPreview, type AlertRuleSpec, redactSecrets } from '@pipelogiq/protocol';
import type { Secrets } from '../../secrets/secrets.js';
import type { AlertChannelRow } from '../../store/store.js';
import type { Linker } from '../integration/links.js';
import { withoutSecrets } from '../integration/settings.js';
import type { Principal } from '../use-cases.js';
import type { ChannelCall, ChannelKinds, Notification } from './channel.js';
import { type LinkOptions, linksTo } from './links.js';
import { type AlertRecord, labelsOf } from './record.js';
import { render } from './render.js';
import { severityOf, withRuleDefaults } from './rule.js';
import { channelSettings } from './stored-channel.js';

interface PreviewDeps extends LinkOptions {
  link: Linker;
  clock: { now(): number };
  secrets: Secrets;
  kinds: ChannelKinds;
}

/** What an event may look like. */
const sampleOf = (event: AlertEvent, { applicationId, application }: Principal, at: number): AlertRecord => ({
  event,
  at,
  applicationId,
  application,
  pipeline: 'order',
  pipelineId: '1024',
  environment: 'production',
  version: '3',
  traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
  ...(event.startsWith('stage_') || event === 'dead_letter'
    ? {
        stage: 'charge',
        stageId: '10240000',
        handler: 'charge-card',
        attempts: 3,
        errorCode: 'card_declined',
        message: 'no funds',
      }
    : {}),
  ...(event.startsWith('worker_') ? { worker: 'checkout-worker', workerId: '7' } : {}),
  ...(event === 'retry_storm' || event === 'queue_backlog_high' || event === 'p95_regression'
    ? { handler: 'charge-card', value: '120', threshold: '100' }
    : {}),
  ...(event === 'threshold_crossed' ? { subject: 'success_rate', value: '0.93', threshold: '0.95' } : {}),
  ...(event === 'integration_check_failing' ? { subject: 'grafana' } : {}),
});

const samplePipelineOf = ({ pipelineId, traceId = '', at }: AlertRecord) => ({
  id: Number(pipelineId),
  trace_id: traceId,
  root_span_id: '00f067aa0ba902b7',
  created_at: at,
  finished_at: at,
});

export function previewOf(
  deps: PreviewDeps,
  caller: Principal,
  spec: AlertRuleSpec,
  event: AlertEvent,
  channels: readonly AlertChannelRow[],
): AlertPreview {
  const { clock, secrets, kinds } = deps;
  const now = clock.now();
  const rule = withRuleDefaults(spec);
  const record = sampleOf(event, caller, now);
  const severity = severityOf(rule, record);
  const labels = { ...labelsOf(record), rule: rule.name, severity, events: '1' };
  const { title, body } = render(event, rule, labels);
  const notification: Notification = {
    id: 'pipelogiq-preview',
    action: 'trigger',
    dedupKey: 'pipelogiq-preview',
    incidentId: '0',
    event,
    severity,
    rule: rule.name,
    application: caller.application,
    title,
    body,
    labels,
    events: 1,
    startedAt: now,
    at: now,
    links: linksTo(deps, rule, samplePipelineOf(record), deps.link, now),
  };
  return {
    event,
    severity,
    title,
    body,
    channels: channels.flatMap((row) => {
      const kind = kinds.get(row.type);
      if (!kind) return [];
      const settings = channelSettings(secrets, kind, row);
      const call = kind.call(notification, settings, now);
      const message = call ? withoutSecrets(messageOf(call), kind, settings) : '';
      return [{ id: String(row.id), name: row.name, type: row.type, message }];
    }),
  };
}

function messageOf(call: ChannelCall): string {
  if ('mail' in call) return `${call.mail.subject}\n\n${call.mail.text}`;
  const { body } = call;
  return redactSecrets(typeof body === 'string' ? body : body === undefined ? '' : Buffer.from(body).toString('utf8'));
}
