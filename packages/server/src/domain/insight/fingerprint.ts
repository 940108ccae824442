import { createHash } from 'node:crypto';
import { withoutGeneratedIds } from './generated-ids.js';

/** Of a message; what is behind it tells failures apart no more. */
const READ_CHARACTERS = 500;
const FINGERPRINT_CHARACTERS = 16;

/** What differs between failures that are alike, the longest first: a number within a path is part of the path. */
const VARIABLE: readonly (readonly [RegExp, string])[] = [
  [/\b[a-z][a-z0-9+.-]*:\/\/[^\s"'<>)\]]+/gi, '<url>'],
  [/[\w.+-]+@[\w-]+(?:\.[\w-]+)+/g, '<email>'],
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi, '<uuid>'],
  [/\b[a-z]:\\[^\s"'<>)\]:]+/gi, '<path>'],
  [/(?<![\w.])(?:\.{0,2}\/[\w.@+~-]+)+\/?/g, '<path>'],
  [/\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?/g, '<time>'],
];

/** Likewise, of what is left once generated ids are gone. */
const NUMBERS: typeof VARIABLE = [
  [/\b(?:0x[0-9a-f]+|(?=[a-f]*\d)(?=\d*[a-f])[0-9a-f]{7,})\b/gi, '<hex>'],
  [/\d+(?:[.,:]\d+)*/g, '<n>'],
];

/** A message with placeholders for ids, numbers, times, paths and addresses. */
export function normalise(message: string): string {
  let text = message.slice(0, READ_CHARACTERS);
  for (const [pattern, placeholder] of VARIABLE) text = text.replace(pattern, placeholder);
  text = withoutGeneratedIds(text);
  for (const [pattern, placeholder] of NUMBERS) text = text.replace(pattern, placeholder);
  return text.replaceAll(/\s+/g, ' ').trim();
}

export interface Fingerprint {
  /** 16 hex digits. */
  fingerprint: string;
  /** The normalised message. */
  message: string;
}

/** Failures of one handler are alike when their codes and normalised messages are. */
export function fingerprintOf(failure: { handler: string; code: string; message: string }): Fingerprint {
  const message = normalise(failure.message);
  const hash = createHash('sha256').update(`${failure.handler}\0${failure.code}\0${message}`).digest('hex');
  return { fingerprint: hash.slice(0, FINGERPRINT_CHARACTERS), message };
}
