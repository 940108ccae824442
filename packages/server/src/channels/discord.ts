import { JSON_TYPE, text, textOf, webhookUrl } from '../config-fields.js';
import type { ChannelKind, Notification } from '../domain/alert/channel.js';
import { said, waitOf } from '../provider-answers.js';
import { isNamed, jsonOf, judgeWords } from './answers.js';
import { type Escape, fit } from './texts.js';
import { bodyOf, factsOf, headlineOf, iconOf, linksOf, timeOf, titleOf } from './words.js';

const TITLE = 'Discord';
const MAX_CONTENT = 2_000;
const MAX_TITLE = 256;
/** An embed has 6,000 in all: this, the title, and the fields. */
const MAX_DESCRIPTION = 3_000;
const MAX_FIELDS_TOTAL = 2_600;
const MAX_FIELDS = 25;
const MAX_NAME = 256;
const MAX_VALUE = 1_024;

const COLORS = { critical: 0xe01e5a, error: 0xf2711c, warning: 0xecb22e, info: 0x36c5f0 } as const;
const RESOLVED = 0x2eb67d;

const MARKS = new Set('\\*_~`|<>#[]():@-+.');
/** Discord shows any mark after a backslash as it is; a colon that is escaped begins no emoji, and ends no scheme. */
const escapeMarkdown: Escape = (character) => (MARKS.has(character) ? `\\${character}` : character);

function fieldsOf(notification: Notification): object[] {
  let left = MAX_FIELDS_TOTAL;
  return factsOf(notification)
    .map(([name, value]) => ({
      name: fit(name, MAX_NAME, escapeMarkdown),
      value: fit(value, MAX_VALUE, escapeMarkdown),
      inline: true,
    }))
    .filter(({ name, value }) => {
      left -= name.length + value.length;
      return left >= 0;
    })
    .slice(0, MAX_FIELDS);
}

function embedOf(notification: Notification): object {
  const { action, severity, startedAt } = notification;
  const [first] = linksOf(notification);
  const description = fit(bodyOf(notification), MAX_DESCRIPTION, escapeMarkdown);
  return {
    title: fit(titleOf(notification), MAX_TITLE, escapeMarkdown),
    ...(description !== '' && { description }),
    color: action === 'resolve' ? RESOLVED : COLORS[severity],
    timestamp: timeOf(startedAt),
    ...(first && { url: first.href }),
    fields: fieldsOf(notification),
  };
}

function contentOf(notification: Notification): string {
  const headline = `${iconOf(notification)} ${headlineOf(notification)}`;
  const links = linksOf(notification).map(({ href, text }) => `[${fit(text, MAX_NAME, escapeMarkdown)}](<${href}>)`);
  const whole = [fit(headline, MAX_CONTENT / 2, escapeMarkdown), ...links];
  return whole.reduce((content, line) => (content.length + line.length < MAX_CONTENT ? `${content}\n${line}` : content));
}

/** Unknown Webhook, and its token. https://discord.com/developers/docs/topics/opcodes-and-status-codes#json */
const GONE: readonly unknown[] = [10_015, 50_027];

/** https://discord.com/developers/docs/resources/webhook#execute-webhook */
export const discord: ChannelKind = {
  type: 'discord',
  title: TITLE,
  purpose: 'Posts to a Discord channel through a webhook.',
  fields: [
    webhookUrl('url', 'URL of the webhook; ?thread_id= after it chooses a thread.', {
      required: true,
      secret: true,
      destination: true,
      example: 'https://discord.com/api/webhooks/123/XXXX',
    }),
    text('username', 'Another name of the sender.', { example: 'Pipelogiq' }),
  ],
  check({ username }) {
    const isRight = username === undefined || (String(username).length <= 80 && !/discord|clyde/i.test(String(username)));
    return isRight
      ? undefined
      : { field: 'username', message: 'must not be longer than 80 characters, or hold "discord" or "clyde"' };
  },
  call(notification, settings) {
    const url = new URL(textOf(settings, 'url') ?? '');
    url.searchParams.set('wait', 'true'); // else Discord answers before it has looked
    return {
      method: 'POST',
      url: url.href,
      headers: JSON_TYPE,
      body: JSON.stringify({
        content: contentOf(notification),
        embeds: [embedOf(notification)],
        allowed_mentions: { parse: [] },
        ...(settings.username !== undefined && { username: settings.username }),
      }),
    };
  },
  judge(answer) {
    const { id, code, retry_after: seconds } = jsonOf(answer);
    const message = said(TITLE, answer);
    const afterMs = answer.status === 429 ? waitOf(seconds) : undefined;
    if (afterMs !== undefined) return { kind: 'later', message, afterMs };
    return answer.status >= 400 && GONE.includes(code) ? { kind: 'gone', message } : judgeWords(TITLE, answer, isNamed(id));
  },
};
