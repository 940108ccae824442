import { createHmac } from 'node:crypto';
import { JSON_TYPE, text, textOf, webhookUrl } from '../config-fields.js';
import type { ChannelKind, Notification } from '../domain/alert/channel.js';
import { said } from '../provider-answers.js';
import { signingKeyOf } from '../signing-secret.js';
import { bodyOf, labelsOf, linksOf, nameOf, timeOf, titleOf } from './words.js';

const TITLE = 'The webhook';
const SECRETS = ['secret', 'previousSecret'];

const payloadOf = (notification: Notification): string => {
  const { action, incidentId, dedupKey, event, severity, rule, application, events, startedAt, at } = notification;
  return JSON.stringify({
    type: `alert.${action}`,
    timestamp: timeOf(at),
    data: {
      incidentId,
      dedupKey,
      event,
      severity,
      rule: nameOf(rule),
      application: nameOf(application),
      title: titleOf(notification),
      body: bodyOf(notification),
      labels: labelsOf(notification),
      events,
      startedAt: timeOf(startedAt),
      links: linksOf(notification),
    },
  });
};

/** https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md */
export const webhook: ChannelKind = {
  type: 'webhook',
  title: 'Webhook',
  purpose: 'Posts JSON to a URL of yours, signed as Standard Webhooks has it.',
  fields: [
    webhookUrl('url', 'Where to post.', {
      required: true,
      secret: true,
      destination: true,
      example: 'https://alerts.example.com/pipelogiq',
    }),
    text('secret', 'Signing secret: whsec_ and then 24 to 64 bytes in base64.', {
      required: true,
      secret: true,
      example: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
    }),
    text('previousSecret', 'The secret of before, while it is rotated: each message is signed with both.', { secret: true }),
  ],
  check(settings) {
    const field = SECRETS.find((name) => settings[name] !== undefined && !signingKeyOf(String(settings[name])));
    return field === undefined ? undefined : { field, message: 'must be whsec_ and then 24 to 64 bytes in base64' };
  },
  call(notification, settings, now) {
    const body = payloadOf(notification);
    const id = notification.id.replace(/[^\w-]/g, '_');
    const timestamp = String(Math.floor(now / 1_000));
    const signatures = SECRETS.flatMap((name) => {
      const key = signingKeyOf(textOf(settings, name) ?? '');
      return key ? [`v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`] : [];
    });
    return {
      method: 'POST',
      url: textOf(settings, 'url') ?? '',
      headers: {
        ...JSON_TYPE,
        'webhook-id': id,
        'webhook-timestamp': timestamp,
        'webhook-signature': signatures.join(' '),
      },
      body,
    };
  },
  judge: (answer) => (answer.status === 410 ? { kind: 'gone', message: said(TITLE, answer) } : undefined),
};
