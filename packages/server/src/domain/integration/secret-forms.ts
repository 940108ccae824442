import type { Settings } from './kind.js';
import { halvesOff, readingsOf } from './readings.js';
import type { Configurable } from './settings.js';

/** What is looked for in words of others. */
export interface SecretForms {
  /** In any of their readings. */
  read: readonly string[];
  /** In the words as they are: too little is left of these when they are read. */
  literal: readonly string[];
}

const SHORTEST_SECRET = 4;
const SHORTEST_PART = 6;
/** Shorter segments of a path are words, as `services`. */
const SHORTEST_SEGMENT = 12;
/** More than anybody sets; to look for each of so many would hold everybody else up. */
const MOST_FORMS = 2_000;

/** Of settings that were read: all messages that go out with them ask for the same. */
const formsKnown = new WeakMap<Settings, SecretForms>();

/** @throws Error when there are too many */
export function secretFormsOf(kind: Configurable, settings: Settings): SecretForms {
  const before = formsKnown.get(settings);
  if (before) return before;
  const texts = textsOfSecrets(kind, settings);
  const readings = texts.map(formsOf);
  const forms: SecretForms = {
    read: [...new Set(readings.flat())].filter(({ length }) => length >= SHORTEST_SECRET),
    literal: texts.filter((_, at) => (readings[at] as string[]).every(({ length }) => length < SHORTEST_SECRET)),
  };
  if (forms.read.length > MOST_FORMS) throw new Error('The secrets have too many parts to be looked for.');
  formsKnown.set(settings, forms);
  return forms;
}

/** As it reads, also without white space around it. What stands beside it may make an escape of its first or last characters. */
const formsOf = (text: string): string[] =>
  readingsOf(text).flatMap((reading) => [
    reading.text,
    reading.text.trim(),
    ...[reading.text, ...startsOff(reading.text)]
      .flatMap((form) => [form, ...halvesOff(form)])
      .filter(({ length }) => length >= SHORTEST_PART),
  ]);

const END_OF_ESCAPE = /^[a-f0-9nrtux#;]{1,5}/;

/** Without the first characters, as far as they may end an escape. */
const startsOff = (form: string): string[] => [...(END_OF_ESCAPE.exec(form)?.[0] ?? '')].map((_, at) => form.slice(at + 1));

function textsOfSecrets({ fields }: Configurable, settings: Settings): string[] {
  const secrets = fields.flatMap(({ name, secret }) => (secret && typeof settings[name] === 'string' ? [settings[name]] : []));
  const wholes = secrets.flatMap((secret) => [secret, ...valuesIn(secret).flatMap(credentialsIn)]);
  const parts = secrets.flatMap((secret) => textsInJson(secret) ?? [secret]).flatMap(partsOf);
  const texts = new Set([
    ...wholes.filter(({ length }) => length >= SHORTEST_SECRET),
    ...parts.filter(({ length }) => length >= SHORTEST_PART),
  ]);
  return [...texts, ...[...texts].flatMap(base64FormsOf)];
}

/** What is sent one by one: texts of JSON, or values of pairs as name=value with commas between them. */
const valuesIn = (secret: string): string[] =>
  textsInJson(secret) ?? secret.split(',').flatMap((pair) => /^\s*[\w-]+\s*=(.+)$/s.exec(pair)?.[1]?.trim() ?? []);

/** Undefined when it is no JSON. */
function textsInJson(secret: string): string[] | undefined {
  const texts: string[] = [];
  try {
    JSON.parse(secret, (_, value) => {
      if (typeof value === 'string') texts.push(value);
      return value;
    });
  } catch {
    return undefined;
  }
  return texts;
}

const SCHEME = /^\s*(bearer|basic|token)\s+/i;

/** Also what follows the scheme of `authorization`, and of Basic (RFC 7617) user name with password and the password alone. */
function credentialsIn(value: string): string[] {
  const [written, scheme] = SCHEME.exec(value) ?? [];
  if (written === undefined || scheme === undefined) return [value];
  const credentials = value.slice(written.length);
  if (scheme.toLowerCase() !== 'basic') return [value, credentials];
  const pair = Buffer.from(credentials, 'base64').toString('utf8');
  return [value, credentials, pair, pair.slice(pair.indexOf(':') + 1)];
}

/** A list, or a URL with a key, is sent in pieces. */
const partsOf = (text: string): string[] => [
  ...text.replace(SCHEME, '').split(/[,=\s"{}]+/),
  ...(URL.canParse(text) ? partsOfUrl(new URL(text)) : []),
];

const partsOfUrl = ({ username, password, pathname, searchParams }: URL): string[] => [
  username,
  password,
  pathname,
  ...pathname.split('/').filter(({ length }) => length >= SHORTEST_SEGMENT),
  ...searchParams.values(),
];

/**
 * What base64 of a longer text has of a secret, wherever in there it begins: HTTP Basic sends it after a user name or before a colon,
 * SMTP (RFC 4616) after two. Digits that it shares with what stands beside it stay.
 */
function base64FormsOf(secret: string): string[] {
  const bytes = Buffer.from(secret);
  return [0, 1, 2].flatMap((before) => {
    const digits = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64');
    const own = digits.slice([0, 2, 3][before], Math.floor(((before + bytes.length) * 4) / 3));
    return own.length >= SHORTEST_PART ? [own, own.replaceAll('+', '-').replaceAll('/', '_')] : [];
  });
}
