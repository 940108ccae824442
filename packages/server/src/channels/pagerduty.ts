import { hash } from 'node:crypto';
import { baseOf, JSON_TYPE, text, textOf, url } from '../config-fields.js';
import type { ChannelKind, Notification } from '../domain/alert/channel.js';
import type { Settings } from '../domain/integration/kind.js';
import { judgeAccepted } from './answers.js';
import { fit } from './texts.js';
import { bodyOf, headlineOf, labelsOf, linksOf, nameOf, timeOf, titleOf } from './words.js';

const TITLE = 'PagerDuty';
const MAX_SUMMARY = 1_024;
const MAX_KEY = 255;

/** The same for all of an incident, in the characters and length that any provider takes. */
const keyOf = ({ dedupKey }: Notification): string =>
  (/^[\w.:-]{1,255}$/.test(dedupKey) ? dedupKey : hash('sha256', dedupKey)).slice(0, MAX_KEY);

function payloadOf(notification: Notification, settings: Settings): object {
  const { action, severity, application, event, startedAt } = notification;
  const labels = labelsOf(notification);
  const links = linksOf(notification);
  const hrefNamed = (name: RegExp) => links.find(({ text }) => name.test(text))?.href;
  const runbook = hrefNamed(/runbook/i);
  const dashboard = hrefNamed(/dashboard/i);
  return {
    payload: {
      summary: fit(action === 'test' ? headlineOf(notification) : titleOf(notification), MAX_SUMMARY),
      source: fit(textOf(settings, 'source') ?? nameOf(application), MAX_SUMMARY) || 'pipelogiq',
      severity: action === 'test' ? 'info' : severity,
      timestamp: timeOf(startedAt),
      ...(labels.handler !== undefined && { component: labels.handler }),
      ...(labels.pipeline !== undefined && { group: labels.pipeline }),
      class: event,
      custom_details: {
        description: bodyOf(notification),
        ...(runbook !== undefined && { runbook_url: runbook }),
        ...(dashboard !== undefined && { dashboard_url: dashboard }),
        labels,
      },
    },
    links,
    client: 'Pipelogiq',
    ...(dashboard !== undefined && { client_url: dashboard }),
  };
}

/** https://developer.pagerduty.com/docs/send-alert-event */
export const pagerduty: ChannelKind = {
  type: 'pagerduty',
  title: TITLE,
  purpose: 'Opens, acknowledges and resolves alerts of a PagerDuty service.',
  fields: [
    text('routingKey', 'Integration key of the service, of type Events API v2.', { required: true, secret: true }),
    text('source', 'What the alerts are said to come from; default: the application.', { example: 'production' }),
    url('url', 'Base URL of the Events API; that of the EU is https://events.eu.pagerduty.com.', {
      destination: true,
      default: 'https://events.pagerduty.com',
    }),
  ],
  check: ({ routingKey }) =>
    /^[0-9a-zA-Z]{32}$/.test(String(routingKey))
      ? undefined
      : { field: 'routingKey', message: 'must have 32 letters and digits' },
  call(notification, settings) {
    const { action } = notification;
    const isNew = action === 'trigger' || action === 'test';
    return {
      method: 'POST',
      url: `${baseOf(settings)}/v2/enqueue`,
      headers: JSON_TYPE,
      body: JSON.stringify({
        routing_key: textOf(settings, 'routingKey'),
        event_action: isNew ? 'trigger' : action,
        dedup_key: keyOf(notification),
        ...(isNew && payloadOf(notification, settings)),
      }),
    };
  },
  judge: (answer) => judgeAccepted(TITLE, answer),
};
