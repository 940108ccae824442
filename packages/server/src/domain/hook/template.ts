import { type FieldError, type Json, LIMITS } from '@pipelogiq/protocol';
import { DomainError } from '../errors.js';
import { MalformedPlaceholder, type Placeholder, parseText, type Root } from './placeholder.js';

/** What a delivery brought. Names of headers in lower case; a query parameter that came several times is an array. */
export type Sources = Record<Root, Json>;

const MAX_ERRORS = 20;

/**
 * Checks that every placeholder of a template can be read; whether its value will be there only a delivery shows.
 * @throws DomainError `invalid_request` with the path of each field that holds a malformed one, as `template.stages[0].input.order`
 */
export function checkTemplate(template: Json, at = 'template'): void {
  const errors = replaceTexts(template, at, (text) => {
    parseText(text);
    return text;
  }).errors;
  if (errors.length > 0) throw refusal('The template has a placeholder that cannot be read', errors);
}

/**
 * The template filled in from a delivery: a text that is one placeholder becomes the value with its JSON type, placeholders in longer
 * texts become text (strings as they are, everything else as JSON). Keys are left as they are. What may be missing (`?`) and is
 * becomes null, or empty text.
 * @param options.maxLength - of what is filled in, in characters of JSON: a template can repeat one large value
 * @param options.at - what the template is called in errors
 * @throws DomainError `invalid_request` naming field and source of each missing value, `payload_too_large`
 */
export function applyTemplate(
  template: Json,
  sources: Sources,
  { maxLength = LIMITS.bodyBytes, at = 'template' }: { maxLength?: number; at?: string } = {},
): Json {
  const filler = new Filler(sources, maxLength);
  const { value, errors } = replaceTexts(template, at, (text) => filler.fill(text));
  if (errors.length > 0) throw refusal('The delivery does not fit the template of the hook', errors);
  return value;
}

function refusal(subject: string, errors: FieldError[]): DomainError {
  const [first] = errors;
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : '';
  return new DomainError('invalid_request', `${subject}: ${first?.path}: ${first?.message}${more}`, {
    errors: errors.slice(0, MAX_ERRORS),
  });
}

/** Thrown with words for the field whose value is missing. */
class MissingValue extends Error {}

/** A copy of `template` with every text replaced, and what went wrong at which field. */
function replaceTexts(template: Json, field: string, replace: (text: string) => Json): { value: Json; errors: FieldError[] } {
  const errors: FieldError[] = [];
  const walk = (value: Json, at: string): Json => {
    if (typeof value === 'string') return replaceOne(value, at);
    if (Array.isArray(value)) return value.map((item, index) => walk(item, `${at}[${index}]`));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, walk(item, at + keyPath(key))]));
  };
  const replaceOne = (text: string, at: string): Json => {
    try {
      return replace(text);
    } catch (error) {
      if (!(error instanceof MalformedPlaceholder || error instanceof MissingValue)) throw error;
      errors.push({ path: at, message: error.message });
      return null;
    }
  };
  return { value: walk(template, field), errors };
}

const keyPath = (key: string): string => (/^[\w$-]+$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`);

/** Fills texts, and counts what it fills in. */
class Filler {
  readonly #sources: Sources;
  readonly #maxLength: number;
  #length = 0;
  /** Length by path: a large value is written as JSON once, however often the template names it. */
  readonly #lengths = new Map<string, number>();

  constructor(sources: Sources, maxLength: number) {
    this.#sources = sources;
    this.#maxLength = maxLength;
  }

  fill(text: string): Json {
    const parts = parseText(text);
    const [first] = parts;
    if (parts.length === 1 && first !== undefined) return typeof first === 'string' ? first : (this.#valueOf(first) ?? null);
    return parts.map((part) => (typeof part === 'string' ? part : asText(this.#valueOf(part)))).join('');
  }

  /** Undefined when it is missing and may be. */
  #valueOf(placeholder: Placeholder): Json | undefined {
    if ('literal' in placeholder) return placeholder.literal;
    const value = resolve(placeholder, this.#sources);
    if (value !== undefined) this.#count(placeholder.path, value);
    else if (!placeholder.optional) {
      const { path } = placeholder;
      throw new MissingValue(`The delivery has nothing at ${path}; write {{ ${path}? }} when it may be missing.`);
    }
    return value;
  }

  #count(path: string, value: Json): void {
    const length = this.#lengths.get(path) ?? JSON.stringify(value).length;
    this.#lengths.set(path, length);
    this.#length += length;
    if (this.#length <= this.#maxLength) return;
    throw new DomainError('payload_too_large', `The template fills in more than ${this.#maxLength} characters of this delivery.`);
  }
}

function asText(value: Json | undefined): string {
  if (value === undefined) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function resolve({ root, steps }: Exclude<Placeholder, { literal: string }>, sources: Sources): Json | undefined {
  // Names of headers are the same in any case, and stand in lower case in the sources.
  const path = root === 'headers' ? steps.map((step, depth) => (depth === 0 ? String(step).toLowerCase() : step)) : steps;
  return path.reduce<Json | undefined>(child, sources[root]);
}

/** Own properties only: no method and no length of an array, nothing of a prototype. */
function child(value: Json | undefined, step: string | number): Json | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if (Array.isArray(value)) return typeof step === 'number' ? value[step] : undefined;
  return typeof step === 'string' && Object.hasOwn(value, step) ? value[step] : undefined;
}
