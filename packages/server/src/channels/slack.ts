import { JSON_TYPE, text, textOf, webhookUrl } from '../config-fields.js';
import type { ChannelKind, Notification } from '../domain/alert/channel.js';
import { said } from '../provider-answers.js';
import { escapeAngles, fit, fitting } from './texts.js';
import { bodyOf, factsOf, headlineOf, iconOf, linksOf } from './words.js';

const TITLE = 'Slack';
const MAX_HEADER = 150;
const MAX_SECTION = 3_000;
const MAX_FIELDS = 10;
const MAX_FIELD = 2_000;

/** Words of others are plain text: that has no markup, and mentions nobody. */
const plain = (value: string, most: number) => ({ type: 'plain_text', text: fit(value, most, escapeAngles), emoji: false });

function blocksOf(notification: Notification): object[] {
  const body = bodyOf(notification);
  const fields = factsOf(notification).slice(0, MAX_FIELDS);
  const links = fitting(
    linksOf(notification).map(({ href, text }) => `<${fit(href, MAX_SECTION, escapeAngles)}|${labelOf(text)}>`),
    MAX_SECTION,
    ' · ',
  );
  return [
    { type: 'header', text: plain(`${iconOf(notification)} ${headlineOf(notification)}`, MAX_HEADER) },
    ...(body === '' ? [] : [{ type: 'section', text: plain(body, MAX_SECTION) }]),
    { type: 'section', fields: fields.map(([name, value]) => plain(`${name}: ${value}`, MAX_FIELD)) },
    ...(links === '' ? [] : [{ type: 'section', text: { type: 'mrkdwn', text: links } }]),
  ];
}

/** The only words of others in mrkdwn, which has no way to escape its marks. */
const labelOf = (text: string): string => fit(text.replace(/[*_~`|]/g, ' ').trim() || 'Link', MAX_SECTION, escapeAngles);

/** The webhook was removed, or its channel. https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks */
const GONE = /^(no_service|no_service_id|no_team|team_disabled|invalid_token|channel_not_found|channel_is_archived)$/;

export const slack: ChannelKind = {
  type: 'slack',
  title: TITLE,
  purpose: 'Posts to a Slack channel through an incoming webhook.',
  fields: [
    webhookUrl('url', 'URL of the incoming webhook.', {
      required: true,
      secret: true,
      destination: true,
      example: 'https://hooks.slack.com/services/T000/B000/XXXX',
    }),
    text('channel', 'Another channel, where the webhook may choose (those of apps may not).', { example: '#alerts' }),
    text('username', 'Another name of the sender, where the webhook may choose.', { example: 'Pipelogiq' }),
    text('iconEmoji', 'Another icon of the sender, where the webhook may choose.', { example: ':rotating_light:' }),
  ],
  check: ({ iconEmoji }) =>
    iconEmoji === undefined || /^:[\w+'-]+:$/.test(String(iconEmoji))
      ? undefined
      : { field: 'iconEmoji', message: 'must look like :rotating_light:' },
  call: (notification, settings) => ({
    method: 'POST',
    url: textOf(settings, 'url') ?? '',
    headers: JSON_TYPE,
    body: JSON.stringify({
      ...(settings.channel !== undefined && { channel: settings.channel }),
      ...(settings.username !== undefined && { username: settings.username }),
      ...(settings.iconEmoji !== undefined && { icon_emoji: settings.iconEmoji }),
      text: fit(headlineOf(notification), MAX_SECTION, escapeAngles),
      mrkdwn: false,
      blocks: blocksOf(notification),
    }),
  }),
  judge(answer) {
    const message = said(TITLE, answer);
    const word = answer.body.trim();
    // Anything but this word was not said by Slack.
    if (answer.status < 300) return answer.status === 200 && word === 'ok' ? { kind: 'delivered' } : { kind: 'later', message };
    return GONE.test(word) ? { kind: 'gone', message } : undefined;
  },
};
