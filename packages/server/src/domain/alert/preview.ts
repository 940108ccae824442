import { type AlertEvent, type AlertPreview, type AlertRuleSpec, redactSecrets } from '@pipelogiq/protocol';
import type { Secrets } from '../../secrets/secrets.js';
import type { AlertChannelRow } from '../../store/store.js';
import type { Linker } from '../integration/links.js';
import { withoutSecrets } from '../integration/redact.js';
import type { Principal } from '../use-cases.js';
import type { ChannelCall, ChannelKinds, Notification } from './channel.js';
import { type LinkOptions, linksTo } from './links.js';
import { type AlertRecord, labelsOf } from './record.js';
import { render } from './render.js';
import { severityOf, withRuleDefaults } from './rule.js';
import { sampleOf } from './sample.js';
import { channelSettings } from './stored-channel.js';

interface PreviewDeps extends LinkOptions {
  link: Linker;
  clock: { now(): number };
  secrets: Secrets;
  kinds: ChannelKinds;
}

/** The pipeline that a message leads to; undefined when its event is of none. */
const pipelineOf = ({ pipelineId, traceId = '', at }: AlertRecord) =>
  pipelineId === undefined
    ? undefined
    : { id: Number(pipelineId), trace_id: traceId, root_span_id: '00f067aa0ba902b7', created_at: at, finished_at: at };

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
  const record = sampleOf(event, rule, caller, now);
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
    links: linksTo(deps, rule, pipelineOf(record), deps.link, now),
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

const FORM = 'application/x-www-form-urlencoded';

function messageOf(call: ChannelCall): string {
  if ('mail' in call) return `${call.mail.subject}\n\n${call.mail.text}`;
  const { body, headers } = call;
  // What an incident fills in cannot be told from what the URL was given with, which may be a key.
  if (body === undefined) return 'All of it is in the query of the URL, which is a secret.';
  const text = typeof body === 'string' ? body : Buffer.from(body).toString('utf8');
  return redactSecrets(headers?.['content-type'] === FORM ? linesOf(new URLSearchParams(text)) : text);
}

const linesOf = (fields: URLSearchParams): string => [...fields].map(([name, value]) => `${name}: ${value}`).join('\n');
