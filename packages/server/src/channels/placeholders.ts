import type { Json } from '@pipelogiq/protocol';
import type { Notification } from '../domain/alert/channel.js';
import { bodyOf, headlineOf, labelsOf, linksOf, nameOf, plainOf, timeOf, titleOf } from './words.js';

const VALUES = {
  id: ({ id }) => id,
  action: ({ action }) => action,
  dedupKey: ({ dedupKey }) => dedupKey,
  incidentId: ({ incidentId }) => incidentId,
  event: ({ event }) => event,
  severity: ({ severity }) => severity,
  rule: ({ rule }) => nameOf(rule),
  application: ({ application }) => nameOf(application),
  headline: headlineOf,
  title: titleOf,
  body: bodyOf,
  text: plainOf,
  labels: labelsOf,
  links: linksOf,
  events: ({ events }) => events,
  startedAt: ({ startedAt }) => timeOf(startedAt),
  at: ({ at }) => timeOf(at),
} as const satisfies { [name: string]: (notification: Notification) => Json };

/** What may stand in `{{ }}`; `labels.NAME` is one label, empty when the incident has none of that name. */
export const PLACEHOLDERS = [...Object.keys(VALUES), 'labels.NAME'];

const PLACEHOLDER = /\{\{\s*([^{}]*?)\s*\}\}/g;
const ONE = /^\{\{\s*([^{}]*?)\s*\}\}$/;

const isKnown = (name: string): boolean => Object.hasOwn(VALUES, name) || /^labels\..+$/.test(name);

/** The first placeholder of a text that there is not. */
export const unknownIn = (text: string): string | undefined =>
  [...text.matchAll(PLACEHOLDER)].map(([, name = '']) => name).find((name) => !isKnown(name));

function knownAs(name: string, notification: Notification): Json {
  if (Object.hasOwn(VALUES, name)) return VALUES[name as keyof typeof VALUES](notification);
  const labels = labelsOf(notification);
  const label = name.slice('labels.'.length);
  return Object.hasOwn(labels, label) ? (labels[label] ?? '') : '';
}

const asText = (value: Json): string => (typeof value === 'string' ? value : JSON.stringify(value));

export const filledText = (text: string, notification: Notification, encode: (text: string) => string): string =>
  text.replace(PLACEHOLDER, (_, name: string) => encode(asText(knownAs(name, notification))));

/** JSON with its texts filled in. A text that is one placeholder becomes the value, a number for `events` as an instance. */
export function filledJson(value: Json, notification: Notification): Json {
  if (typeof value === 'string') {
    const [, name] = ONE.exec(value) ?? [];
    return name === undefined ? filledText(value, notification, (text) => text) : knownAs(name, notification);
  }
  if (Array.isArray(value)) return value.map((item) => filledJson(item, notification));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, filledJson(item, notification)]));
}
