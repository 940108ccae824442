import { type FieldError, type IntegrationField, type IntegrationValue, REDACTED } from '@pipelogiq/protocol';
import { didYouMean } from '../../did-you-mean.js';
import { DomainError } from '../errors.js';
import type { Settings } from './kind.js';
import { templateObjection } from './links.js';

/** What has settings: an integration, a channel. */
export interface Configurable {
  type: string;
  fields: readonly IntegrationField[];
  /** What is wrong with values that are right each by itself. */
  check?(settings: Settings): { field: string; message: string } | undefined;
}

/** Values by field as they are stored: without defaults, so that a later version may have better ones. */
export type Stored = { [field: string]: IntegrationValue };
export type Given = { readonly [field: string]: IntegrationValue | null };

export interface SettingDeps {
  /** What is wrong with a URL; undefined when it may be called. */
  objectionTo(url: string): string | undefined;
}

const MAX_TEXT = 4_096;

/**
 * What is stored after a request: secrets that it leaves out stay, if they go where they went before.
 * @throws DomainError `invalid_request` naming every field that cannot be taken
 */
export function mergeSettings(deps: SettingDeps, kind: Configurable, given: Given, before: Stored): Stored {
  const names = kind.fields.map(({ name }) => name);
  const errors: FieldError[] = Object.keys(given)
    .filter((name) => !names.includes(name))
    .map((name) => ({ path: `config.${name}`, message: `is no field of ${kind.type}${didYouMean(name, names)}` }));
  const stored: Stored = {};
  for (const field of kind.fields) {
    const value = given[field.name];
    const isKept = field.secret && (value === undefined || value === REDACTED);
    const next = isKept ? before[field.name] : value;
    const objection = objectionTo(deps, field, next ?? undefined);
    if (objection !== undefined) errors.push({ path: `config.${field.name}`, message: objection });
    else if (next !== undefined && next !== null) stored[field.name] = next;
  }
  errors.push(...goneElsewhere(kind, given, before, stored));
  if (errors.length === 0) {
    const wrong = kind.check?.(withDefaults(kind, stored));
    if (wrong) errors.push({ path: `config.${wrong.field}`, message: wrong.message });
  }
  if (errors.length === 0) return stored;
  const [first] = errors;
  throw new DomainError('invalid_request', `${first?.path} ${first?.message}.`, { errors });
}

/** Whoever may change where an integration sends to must not have its secrets sent there without knowing them. */
function goneElsewhere(kind: Configurable, given: Given, before: Stored, stored: Stored): FieldError[] {
  const moved = kind.fields.find(({ name, destination }) => destination && before[name] !== stored[name]);
  if (!moved) return [];
  return kind.fields
    .filter(({ name, secret }) => secret && stored[name] !== undefined && (given[name] === undefined || given[name] === REDACTED))
    .map(({ name }) => ({ path: `config.${name}`, message: `must be given again, because ${moved.name} is another one` }));
}

function objectionTo(deps: SettingDeps, field: IntegrationField, value: IntegrationValue | undefined): string | undefined {
  if (value === undefined || value === '')
    return field.required ? 'is required' : value === '' ? 'must not be empty; leave it out' : undefined;
  if (field.type === 'flag') return typeof value === 'boolean' ? undefined : 'must be true or false';
  if (typeof value !== 'string') return 'must be a text';
  if (value.length > MAX_TEXT) return `must not be longer than ${MAX_TEXT} characters`;
  if (/\p{Cc}/u.test(field.type === 'json' ? value.replace(/[\t\n\r]/g, '') : value)) return 'must not hold control characters';
  switch (field.type) {
    case 'url':
      return deps.objectionTo(value) ?? (/[?#]/.test(value) ? 'must be a base URL, without ? and #' : undefined);
    case 'webhook_url':
      return deps.objectionTo(value) ?? (value.includes('#') ? 'must not hold #' : undefined);
    case 'json':
      return isJson(value) ? undefined : 'must be JSON';
    case 'template':
      return templateObjection(value);
    case 'choice':
      return field.choices?.includes(value) ? undefined : `must be one of ${field.choices?.join(', ')}`;
    case 'text':
      return undefined;
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

export function withDefaults({ fields }: Configurable, stored: Stored): Settings {
  return Object.fromEntries(
    fields.flatMap((field) => {
      const value = stored[field.name] ?? field.default;
      return value === undefined ? [] : [[field.name, value]];
    }),
  );
}

export const redacted = ({ fields }: Configurable, stored: Stored): Stored =>
  Object.fromEntries(
    fields.flatMap(({ name, secret }) => {
      const value = stored[name];
      return value === undefined ? [] : [[name, secret ? REDACTED : value]];
    }),
  );

/** Those that are shown, and those that are sealed. */
export function parted({ fields }: Configurable, stored: Stored): { open: Stored; secret: Stored } {
  const isSecret = new Set(fields.filter(({ secret }) => secret).map(({ name }) => name));
  const of = (secret: boolean) => Object.fromEntries(Object.entries(stored).filter(([name]) => isSecret.has(name) === secret));
  return { open: of(false), secret: of(true) };
}
