import { baseOf, flag, JSON_TYPE, text, textOf, url } from '../config-fields.js';
import type { ChannelKind, Notification } from '../domain/alert/channel.js';
import { said, waitOf } from '../provider-answers.js';
import { childOf, jsonOf, judgeWords } from './answers.js';
import { escapeAngles, escapeXml, fit, fitting } from './texts.js';
import { bodyOf, factsOf, headlineOf, iconOf, linksOf } from './words.js';

const TITLE = 'Telegram';
/** Telegram counts without markup, so this is less than it takes. */
const MAX_TEXT = 4_096;
const MAX_HEADLINE = 600;
const MAX_FACTS = 1_200;
const MAX_LINKS = 1_000;

const html = (value: string): string => fit(value, MAX_TEXT, escapeAngles);

function messageOf(notification: Notification): string {
  const head = `${iconOf(notification)} <b>${fit(headlineOf(notification), MAX_HEADLINE, escapeAngles)}</b>`;
  const facts = fitting(
    factsOf(notification).map(([name, value]) => `<b>${html(name)}:</b> ${html(value)}`),
    MAX_FACTS,
  );
  const links = fitting(
    linksOf(notification).map(({ href, text }) => `<a href="${fit(href, MAX_TEXT, escapeXml)}">${html(text)}</a>`),
    MAX_LINKS,
  );
  const rest = [head, facts, links].join('\n\n').length;
  const body = fit(bodyOf(notification), MAX_TEXT - rest - 2, escapeAngles);
  return [head, body, facts, links].filter((part) => part !== '').join('\n\n');
}

/** The bot or the chat is not there any more, or the bot may not write to it. */
const GONE = /^(401|403|404)$/;
const NO_CHAT = /chat not found|group chat was deactivated|kicked|user is deactivated/i;

/** https://core.telegram.org/bots/api#sendmessage */
export const telegram: ChannelKind = {
  type: 'telegram',
  title: TITLE,
  purpose: 'Writes to a Telegram chat, group, topic or channel through a bot.',
  fields: [
    text('botToken', 'Token of the bot, from @BotFather.', { required: true, secret: true, example: '123456:ABC-DEF' }),
    text('chatId', 'Id of the chat, which is negative for groups, or @name of a public channel.', {
      required: true,
      destination: true,
      example: '-1001234567890',
    }),
    text('threadId', 'Id of a topic in a group with topics.', { destination: true, example: '42' }),
    flag('silent', 'Deliver without a sound.', { default: false }),
    url('apiUrl', 'Base URL of the Bot API.', { destination: true, default: 'https://api.telegram.org' }),
  ],
  check({ botToken, chatId, threadId }) {
    if (!/^\d+:[\w-]+$/.test(String(botToken))) return { field: 'botToken', message: 'must look like 123456:ABC-DEF' };
    if (!/^(-?\d+|@\w+)$/.test(String(chatId))) return { field: 'chatId', message: 'must be a number or an @name' };
    if (threadId !== undefined && !/^\d{1,15}$/.test(String(threadId))) return { field: 'threadId', message: 'must be a number' };
    return undefined;
  },
  call: (notification, settings) => ({
    method: 'POST',
    url: `${baseOf(settings, 'apiUrl')}/bot${textOf(settings, 'botToken')}/sendMessage`,
    headers: JSON_TYPE,
    body: JSON.stringify({
      chat_id: textOf(settings, 'chatId'),
      ...(settings.threadId !== undefined && { message_thread_id: Number(settings.threadId) }),
      text: messageOf(notification),
      parse_mode: 'HTML',
      link_preview_options: { is_disabled: true },
      disable_notification: settings.silent === true,
    }),
  }),
  judge(answer) {
    const { ok, description, parameters } = jsonOf(answer);
    const message = said(TITLE, { ...answer, body: typeof description === 'string' ? description : answer.body });
    if (answer.status < 300) return judgeWords(TITLE, answer, ok === true);
    const movedTo = childOf(parameters, 'migrate_to_chat_id');
    if (typeof movedTo === 'number' || typeof movedTo === 'string') {
      return { kind: 'later', message, afterMs: 0, change: { chatId: String(movedTo) } };
    }
    if (answer.status === 429) {
      const afterMs = waitOf(childOf(parameters, 'retry_after'));
      return afterMs === undefined ? undefined : { kind: 'later', message, afterMs };
    }
    // Only Telegram's own words disable the channel, not those of a proxy on the way.
    const isGone = ok === false && (GONE.test(String(answer.status)) || NO_CHAT.test(String(description)));
    return isGone ? { kind: 'gone', message } : undefined;
  },
};
