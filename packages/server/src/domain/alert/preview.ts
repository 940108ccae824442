import { type AlertEvent, type AlertPreview, type AlertRuleSpec, REDACTED, redactSecrets } from '@pipelogiq/protocol';
import type { Secrets } from '../../secrets/secrets.js';
import type { AlertChannelRow } from '../../store/store.js';
import type { Settings } from '../integration/kind.js';
import type { Linker } from '../integration/links.js';
import { withoutSecrets } from '../integration/settings.js';
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
      const message = call ? withoutSecrets(messageOf(call, settings), kind, settings) : '';
      return [{ id: String(row.id), name: row.name, type: row.type, message }];
    }),
  };
}

const FORM = 'application/x-www-form-urlencoded';

function messageOf(call: ChannelCall, settings: Settings): string {
  if ('mail' in call) return `${call.mail.subject}\n\n${call.mail.text}`;
  const { body, url, headers } = call;
  if (body === undefined) return linesOf(new URL(url).searchParams, fixedIn(settings));
  const text = typeof body === 'string' ? body : Buffer.from(body).toString('utf8');
  return redactSecrets(headers?.['content-type'] === FORM ? linesOf(new URLSearchParams(text)) : text);
}

const linesOf = (fields: URLSearchParams, hidden: ReadonlySet<string> = new Set()): string =>
  [...fields].map(([name, value]) => `${name}: ${hidden.has(value) ? REDACTED : value}`).join('\n');

/** What stands in the query of a URL as it was given: a key, however short. What an incident fills in is another text. */
const fixedIn = (settings: Settings): ReadonlySet<string> =>
  new Set(
    Object.values(settings)
      .map(String)
      .flatMap((value) => (URL.canParse(value) ? [...new URL(value).searchParams.values()] : [])),
  );
