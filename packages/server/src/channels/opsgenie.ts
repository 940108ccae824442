import { hash } from 'node:crypto';
import { baseOf, JSON_TYPE, listOf, text, textOf, url } from '../config-fields.js';
import type { ChannelKind, Notification } from '../domain/alert/channel.js';
import type { Settings } from '../domain/integration/kind.js';
import { judgeAccepted } from './answers.js';
import { fit } from './texts.js';
import { factsOf, headlineOf, linksOf, nameOf, plainOf, titleOf } from './words.js';

const TITLE = 'Opsgenie';
const MAX_MESSAGE = 130;
const MAX_ALIAS = 512;
const MAX_DESCRIPTION = 15_000;
const MAX_SOURCE = 100;
const MAX_ENTITY = 512;
/** Of keys and values together. */
const MAX_DETAILS = 8_000;
const MAX_TAGS = 20;
const MAX_TAG = 50;

const PRIORITIES = { critical: 'P1', error: 'P2', warning: 'P3', info: 'P5' } as const;
const PATHS = { acknowledge: '/acknowledge', resolve: '/close' } as const;

const aliasOf = ({ dedupKey }: Notification): string => (dedupKey.length <= MAX_ALIAS ? dedupKey : hash('sha256', dedupKey));

function detailsOf(notification: Notification): { [name: string]: string } {
  let left = MAX_DETAILS;
  const links = linksOf(notification).map(({ href, text }): [string, string] => [text, href]);
  const kept = [...factsOf(notification), ...links].filter(([name, value]) => {
    left -= name.length + value.length;
    return left >= 0;
  });
  return Object.fromEntries(kept);
}

function alertOf(notification: Notification, settings: Settings): object {
  const { action, severity, application, event } = notification;
  const teams = listOf(settings, 'teams');
  const words = action === 'test' ? headlineOf(notification) : titleOf(notification);
  return {
    message: fit(words, MAX_MESSAGE),
    alias: aliasOf(notification),
    description: fit(plainOf(notification), MAX_DESCRIPTION),
    priority: action === 'test' ? 'P5' : PRIORITIES[severity],
    entity: fit(nameOf(application), MAX_ENTITY),
    details: detailsOf(notification),
    tags: ['pipelogiq', event, ...listOf(settings, 'tags')].slice(0, MAX_TAGS).map((tag) => fit(tag, MAX_TAG)),
    ...(teams.length > 0 && { responders: teams.map((name) => ({ type: 'team', name })) }),
  };
}

/** https://docs.opsgenie.com/docs/alert-api */
export const opsgenie: ChannelKind = {
  type: 'opsgenie',
  title: TITLE,
  purpose: 'Creates, acknowledges and closes alerts of Opsgenie, which ends on 2027-04-05.',
  fields: [
    text('apiKey', 'Key of an API integration.', { required: true, secret: true }),
    text('teams', 'Names of teams that are told, with commas between them; default: those of the integration.', {
      example: 'Payments',
    }),
    text('tags', 'Tags beside those that are always set, with commas between them.', { example: 'production,eu' }),
    url('url', 'Base URL of the API; that of the EU is https://api.eu.opsgenie.com.', {
      destination: true,
      default: 'https://api.opsgenie.com',
    }),
  ],
  call(notification, settings) {
    const { action } = notification;
    const common = { source: fit('Pipelogiq', MAX_SOURCE) };
    const headers = { ...JSON_TYPE, authorization: `GenieKey ${textOf(settings, 'apiKey')}` };
    if (action === 'trigger' || action === 'test') {
      const body = JSON.stringify({ ...alertOf(notification, settings), ...common });
      return { method: 'POST', url: `${baseOf(settings)}/v2/alerts`, headers, body };
    }
    const alias = encodeURIComponent(aliasOf(notification));
    return {
      method: 'POST',
      url: `${baseOf(settings)}/v2/alerts/${alias}${PATHS[action]}?identifierType=alias`,
      headers,
      body: JSON.stringify(common),
    };
  },
  judge: (answer) => judgeAccepted(TITLE, answer),
};
