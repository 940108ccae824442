import { DomainError } from '../domain/errors.js';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Index of the quote that ends the string begun at `start`; the text's length when none does. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end > 0; end = text.indexOf('"', end + 1)) {
    let first = end;
    while (text.charCodeAt(first - 1) === BACKSLASH) first--;
    if ((end - first) % 2 === 0) return end;
  }
  return text.length;
}

/** Whether arrays and objects nest deeper than `max`. Reads no further than it must and never recurses. */
export function deeperThan(text: string, max: number): boolean {
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    const char = text.charCodeAt(i);
    if (char === QUOTE) i = endOfString(text, i);
    else if (char === 0x5b || char === 0x7b) {
      if (++depth > max) return true;
    } else if (char === 0x5d || char === 0x7d) depth--;
  }
  return false;
}

const SCALAR = /-?\d[\d.eE+-]*|true|false|null/y;

/** Index of the first character where a value was due and none begins: V8 does not say where such a one stands. */
function offsetOfMissingValue(text: string): number {
  let due = true;
  for (let i = 0; i < text.length; i++) {
    const char = text[i] as string;
    if (/\s/.test(char)) continue;
    if (char === '"') i = endOfString(text, i);
    else if (char === ',' || char === ':' || char === '[') {
      if (due && char !== '[') return i;
      due = true;
      if (char === '[' && /^\s*\]/.test(text.slice(i + 1, i + 64))) due = false;
      continue;
    } else if (due && char !== '{') {
      SCALAR.lastIndex = i;
      if (!SCALAR.test(text)) return i;
      i = SCALAR.lastIndex - 1;
    }
    due = false;
  }
  return text.length;
}

function invalidJson(text: string, error: SyntaxError): DomainError {
  const named = / at position (\d+)/.exec(error.message);
  const offset = named ? Number(named[1]) : offsetOfMissingValue(text);
  const before = text.slice(0, offset).split('\n');
  const where = `position ${offset} (line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1})`;
  const what = offset >= text.length ? 'the text ends too early' : 'a character that JSON does not allow there';
  return new DomainError('invalid_json', `The body is not valid JSON: ${what}, at ${where}.`);
}

/** Removes own `__proto__` keys, in place: a later copy of the value must not set a prototype. Depth is bounded by then. */
function dropProto(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  if (!Array.isArray(value)) Reflect.deleteProperty(value, '__proto__');
  for (const child of Object.values(value)) dropProto(child);
}

/** Parses the JSON of a request: at most `maxDepth` deep, without any `__proto__` key, errors with their position. */
export function parseJson(text: string, maxDepth: number): unknown {
  if (deeperThan(text, maxDepth)) {
    throw new DomainError('invalid_json', `The body nests arrays and objects deeper than ${maxDepth} levels.`);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw invalidJson(text, error as SyntaxError);
  }
  // All characters of the name have code points below U+0100: escaped, they begin with \u00.
  if (text.includes('__proto__') || text.includes('\\u00')) dropProto(value);
  return value;
}
