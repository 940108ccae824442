import type { Json } from './json.js';

export const REDACTED = '[redacted]';

/** Secrets that give themselves away by their shape: API and session keys of ours, signing secrets, bearer tokens, JWTs, URL passwords. */
const SECRET_SHAPES: readonly (readonly [RegExp, string])[] = [
  [/\bplq_[\w-]+/g, `plq_${REDACTED}`],
  [/\bwhsec_[\w+/=-]+/g, `whsec_${REDACTED}`],
  [/\b(bearer|basic)\s+(?=[\w.~+/-]{0,4096}[\d=+/])[\w.~+/=-]{8,}/gi, `$1 ${REDACTED}`], // a word has no digit
  [/\beyJ[\w-]{8,4096}\.[\w-]+\.[\w-]*/g, REDACTED],
  [/(\/\/[^\s/:@"]*):[^\s/@"]+@/g, `$1:${REDACTED}@`],
];

/** Replaces every secret that can be told by its shape, anywhere in `text`. */
export function redactSecrets(text: string): string {
  return SECRET_SHAPES.reduce((redacted, [shape, replacement]) => redacted.replace(shape, replacement), text);
}

/** Names whose values are secret whatever they look like. */
const SECRET_NAME =
  /authori[sz]ation|cookie|passw(?:or)?d|passphrase|secret|token|api[-_]?key|private[-_]?key|credential|x-worker-session/i;
/** Fencing tokens are counters that every settle shows, and the id of a key is not the key. */
const HARMLESS_NAME = /^fencing(?:_t|T|t)okens?$|Ids?$|[_-]ids?$/;

export const isSecretName = (name: string): boolean => SECRET_NAME.test(name) && !HARMLESS_NAME.test(name);

const MAX_DEPTH = 6;
const MAX_ENTRIES = 100;
const MAX_TEXT = 16_384;

/**
 * A copy of `value` that is safe to print: plain JSON, secrets by name replaced, bounded in depth and width.
 * Never throws, whatever getters or cycles the value has: a log line must not take a request down.
 */
export function printable(value: unknown, depth = 0): Json {
  if (value === null || value === undefined) return null;
  if (typeof value === 'string') return bounded(value);
  if (typeof value === 'boolean') return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (typeof value !== 'object') return String(value);
  if (depth >= MAX_DEPTH) return '[too deep]';
  try {
    return printableObject(value, depth);
  } catch {
    return '[unreadable]';
  }
}

function printableObject(value: object, depth: number): Json {
  if (isError(value)) return printableError(value, depth);
  if (Array.isArray(value)) return value.slice(0, MAX_ENTRIES).map((item) => printable(item, depth + 1));
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if ('toJSON' in value && typeof value.toJSON === 'function') return printable(value.toJSON(), depth + 1);
  if (value instanceof Map || value instanceof Set) return printable([...value], depth);
  const entries = Object.entries(value).slice(0, MAX_ENTRIES);
  return Object.fromEntries(entries.map(([name, item]) => [name, isSecretName(name) ? REDACTED : printable(item, depth + 1)]));
}

/** Also one of another realm (a `vm` context, a test runner's), of which `instanceof` knows nothing and whose fields are not enumerable. */
const isError = (value: object): value is Error =>
  value instanceof Error || Object.prototype.toString.call(value) === '[object Error]';

function printableError(error: Error, depth: number): Json {
  const { code, errors } = error as { code?: unknown; errors?: unknown };
  return {
    type: String(error.name),
    message: bounded(String(error.message)),
    ...(Array.isArray(errors) && { errors: printable(errors, depth + 1) }),
    ...(code !== undefined && { code: String(code) }),
    ...(error.stack !== undefined && { stack: bounded(String(error.stack)) }),
    ...(error.cause !== undefined && { cause: printable(error.cause, depth + 1) }),
  };
}

const bounded = (text: string): string =>
  text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}… ${text.length - MAX_TEXT} more characters` : text;

/** JSON leaves DEL, C1 controls (a terminal's 8-bit CSI), line separators and bidirectional overrides as they are. */
const UNSAFE = /[\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g;

/** Escapes what JSON does not, so that a line can neither forge another nor drive the terminal that shows it. */
export const escapeControls = (json: string): string =>
  json.replace(UNSAFE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** `pipelineId` → `pipeline_id`, `x-request-id` → `x_request_id`, `HTTPStatus` → `http_status`. */
export const snakeCase = (name: string): string =>
  name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1_$2')
    .replaceAll('-', '_')
    .toLowerCase();
