import { baseOf, choice, JSON_TYPE, text, textOf, url, webhookUrl } from '../config-fields.js';
import type { ChannelKind, Notification } from '../domain/alert/channel.js';
import type { Settings } from '../domain/integration/kind.js';
import type { OutboundRequest } from '../outbound/outbound.js';
import { said } from '../provider-answers.js';
import { childOf, isNamed, jsonOf, judgeWords } from './answers.js';
import { fit } from './texts.js';
import { bodyOf, factsOf, headlineOf, iconOf, plainOf } from './words.js';

const TITLE = 'WhatsApp';
const MAX_TEXT = 4_096;
/** A template has 1,024 in all, its own words among them. */
const MAX_HEADLINE = 200;
const MAX_DETAILS = 600;

/** WhatsApp has no way to escape its marks: others that look like them stand in their place. */
const unmarked = (value: string): string =>
  value
    .replace(/\*/g, '∗')
    .replace(/~/g, '∼')
    .replace(/`/g, 'ˋ')
    .replace(/(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu, '＿')
    .replace(/^>/gm, '›');

/** A parameter of a template holds neither lines nor wide gaps. */
const parameter = (value: string, most: number) => ({
  type: 'text',
  text: fit(unmarked(value).replace(/\s+/g, ' ').trim(), most),
});

const detailsOf = (notification: Notification): string => {
  const facts = factsOf(notification).map(([name, value]) => `${name}: ${value}`);
  return [bodyOf(notification), ...facts].filter((part) => part !== '').join(' | ');
};

const freeText = (notification: Notification): string =>
  fit(unmarked(`${iconOf(notification)} ${headlineOf(notification)}\n\n${plainOf(notification)}`), MAX_TEXT);

function contentOf(notification: Notification, settings: Settings): object {
  const name = textOf(settings, 'template');
  if (name === undefined) return { type: 'text', text: { preview_url: false, body: freeText(notification) } };
  const parameters = [parameter(headlineOf(notification), MAX_HEADLINE), parameter(detailsOf(notification), MAX_DETAILS)];
  return {
    type: 'template',
    template: { name, language: { code: textOf(settings, 'language') }, components: [{ type: 'body', parameters }] },
  };
}

const toCloud = (notification: Notification, settings: Settings): OutboundRequest => ({
  method: 'POST',
  url: `${baseOf(settings, 'apiUrl')}/${textOf(settings, 'apiVersion')}/${textOf(settings, 'phoneNumberId')}/messages`,
  headers: { ...JSON_TYPE, authorization: `Bearer ${textOf(settings, 'accessToken')}` },
  body: JSON.stringify({
    messaging_product: 'whatsapp',
    recipient_type: 'individual',
    to: textOf(settings, 'to'),
    ...contentOf(notification, settings),
  }),
});

const toProvider = (notification: Notification, settings: Settings): OutboundRequest => ({
  method: 'POST',
  url: textOf(settings, 'providerUrl') ?? '',
  headers: { ...JSON_TYPE, ...(settings.accessToken !== undefined && { authorization: `Bearer ${settings.accessToken}` }) },
  body: JSON.stringify({ id: notification.id, to: textOf(settings, 'to'), text: freeText(notification) }),
});

/** Limits of rate and of spam, and faults of Meta. https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes */
const PASSING: ReadonlySet<unknown> = new Set([1, 2, 4, 80_007, 130_429, 131_000, 131_016, 131_048, 131_056, 131_057, 133_004]);
const HINTS: { readonly [code: number]: string } = {
  190: 'the access token is not valid any more',
  131030: 'the number is not among those that a test number may write to',
  131047: 'free text is taken only within 24 hours after a message of the receiver; give a template',
  132000: 'the template must have two parameters',
  132001: 'there is no such template in this language, or it is not approved',
};
const REQUIRED = { cloud: ['phoneNumberId', 'accessToken'], provider: ['providerUrl'] } as const;

export const whatsapp: ChannelKind = {
  type: 'whatsapp',
  title: TITLE,
  purpose: 'Writes to a phone number on WhatsApp, through the Cloud API of Meta or the webhook of a provider.',
  fields: [
    choice('mode', 'The Cloud API of Meta, or a webhook that takes id, to and text as JSON.', {
      choices: ['cloud', 'provider'],
      default: 'cloud',
    }),
    text('to', 'Number of the receiver with the code of its country.', {
      required: true,
      destination: true,
      example: '+491701234567',
    }),
    text('phoneNumberId', 'Cloud API: id of the phone number that sends.', { destination: true, example: '106540352242922' }),
    text('accessToken', 'Access token of a system user; of a provider, a bearer token if it wants one.', { secret: true }),
    text('template', 'Cloud API: name of an approved template with two parameters in its body, the headline and the details.', {
      example: 'pipelogiq_alert',
    }),
    text('language', 'Cloud API: language of the template.', { default: 'en' }),
    webhookUrl('providerUrl', 'Provider: where to post.', {
      secret: true,
      destination: true,
      example: 'https://whatsapp.example.com/send',
    }),
    url('apiUrl', 'Cloud API: base URL.', { destination: true, default: 'https://graph.facebook.com' }),
    text('apiVersion', 'Cloud API: version.', { default: 'v23.0' }),
  ],
  check(settings) {
    const missing = REQUIRED[settings.mode === 'provider' ? 'provider' : 'cloud'].find((name) => settings[name] === undefined);
    if (missing !== undefined) return { field: missing, message: `is required in the mode ${settings.mode}` };
    const shapes: [string, RegExp, string][] = [
      ['to', /^\+?[1-9]\d{6,14}$/, 'must be a number as +491701234567'],
      ['phoneNumberId', /^\d+$/, 'must be a number; it is not the phone number'],
      ['apiVersion', /^v\d+\.\d+$/, 'must look like v23.0'],
    ];
    const wrong = shapes.find(([name, shape]) => settings[name] !== undefined && !shape.test(String(settings[name])));
    return wrong && { field: wrong[0], message: wrong[2] };
  },
  call: (notification, settings) => (settings.mode === 'provider' ? toProvider : toCloud)(notification, settings),
  judge(answer, settings) {
    if (settings.mode === 'provider') return undefined;
    const { error, messages } = jsonOf(answer);
    if (answer.status < 300) return judgeWords(TITLE, answer, Array.isArray(messages) && isNamed(childOf(messages[0], 'id')));
    const code = childOf(error, 'code');
    const hint = HINTS[Number(code)];
    const message = said(TITLE, answer);
    if (PASSING.has(code)) return { kind: 'later', message };
    return hint === undefined ? undefined : { kind: 'refused', message: `${TITLE}: ${hint}. ${message}` };
  },
};
