import type { Notification } from '../domain/alert/channel.js';
import { fit, lineOf, linesOf } from './texts.js';

const MAX_TITLE = 1_000;
const MAX_BODY = 20_000;
const MAX_LABELS = 30;
const MAX_NAME = 60;
const MAX_VALUE = 300;
const MAX_LINKS = 5;
const MAX_HREF = 1_000;

const ICONS = { critical: '🔴', error: '🟠', warning: '🟡', info: '🔵' } as const;
const WORDS = { acknowledge: 'ACKNOWLEDGED', resolve: 'RESOLVED', test: 'TEST' } as const;

export const iconOf = ({ action, severity }: Notification): string =>
  action === 'resolve' ? '✅' : action === 'acknowledge' ? '👀' : ICONS[severity];

export const titleOf = ({ title, event }: Notification): string => fit(lineOf(title), MAX_TITLE) || event;

/** One line that says first how bad it is, or that it is over. */
export const headlineOf = (notification: Notification): string => {
  const { action, severity } = notification;
  return `${action === 'trigger' ? severity.toUpperCase() : WORDS[action]}: ${titleOf(notification)}`;
};

/** What users have named: in one line, and of bounded length. */
export const nameOf = (name: string): string => fit(lineOf(name), MAX_VALUE);

export const bodyOf = ({ body }: Notification): string => fit(linesOf(body), MAX_BODY);

export const timeOf = (at: number): string => new Date(at).toISOString();

/** Bounded in number and length; a long name could not be told from its value. */
export const labelsOf = ({ labels }: Notification): { [name: string]: string } =>
  Object.fromEntries(
    Object.entries(labels)
      .slice(0, MAX_LABELS)
      .map(([name, value]) => [fit(lineOf(name), MAX_NAME), nameOf(value)])
      .filter(([name, value]) => name !== '' && value !== ''),
  );

/** What is known beside the words of the incident, each with its name. */
export function factsOf(notification: Notification): [name: string, value: string][] {
  const { application, severity, event, rule, events, startedAt } = notification;
  const known: [string, string][] = [
    ['Severity', severity],
    ['Application', nameOf(application)],
    ['Event', event],
    ['Rule', nameOf(rule)],
    ['Since', timeOf(startedAt)],
    ['Events', String(events)],
  ];
  return [...known.filter(([, value]) => value !== ''), ...Object.entries(labelsOf(notification))];
}

/** As a link of any provider may hold it: nothing in it ends a link or an attribute. */
const hrefOf = (href: string): string | undefined => {
  if (!URL.canParse(href)) return undefined;
  const { protocol, href: whole } = new URL(href);
  const safe = whole.replace(
    /[<>"'`|\\()[\]{}*~\s]/g,
    (character) => `%${character.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
  return /^https?:$/.test(protocol) && safe.length <= MAX_HREF ? safe : undefined;
};

export const linksOf = ({ links }: Notification): { href: string; text: string }[] =>
  links
    .flatMap(({ href, text }) => {
      const safe = hrefOf(href);
      return safe === undefined ? [] : [{ href: safe, text: fit(lineOf(text), MAX_NAME) || 'Link' }];
    })
    .slice(0, MAX_LINKS);

/** All of it in plain lines, for providers without markup. */
export const plainOf = (notification: Notification): string =>
  [
    bodyOf(notification),
    factsOf(notification)
      .map(([name, value]) => `${name}: ${value}`)
      .join('\n'),
    linksOf(notification)
      .map(({ text, href }) => `${text}: ${href}`)
      .join('\n'),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
