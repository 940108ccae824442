import { REDACTED, redactSecrets } from '@pipelogiq/protocol';
import { madeStorable } from '../storable.js';
import type { Settings } from './kind.js';
import { begunAtEnd, eachEnd } from './occurrences.js';
import { endOf, type Reading, readingsOf, startOf } from './readings.js';
import { type SecretForms, secretFormsOf } from './secret-forms.js';
import type { Configurable } from './settings.js';

/** Stands for words of which nobody knows whether they hold a secret. */
export const UNREADABLE = '[unreadable answer]';

/** Characters of an answer that are read for an excerpt, which is far shorter. */
const READ_FOR_EXCERPT = 16_384;
/** Characters at the end of an answer that may belong to a secret, written as long as servers do. */
const LONGEST_WRITING = 65_536;

interface Range {
  start: number;
  end: number;
}

/** A text of another server, which may repeat what it was sent, in whatever writing. Never throws. */
export function withoutSecrets(text: string, kind: Configurable, settings: Settings): string {
  try {
    return redactSecrets(replaced(text, merged(secretsIn(text, secretFormsOf(kind, settings)))));
  } catch {
    return UNREADABLE; // what was wrong may say the secret
  }
}

/** The beginning of such a text, in one line that can be stored. Never throws. */
export function excerptOf(text: string, most: number, kind: Configurable, settings: Settings): string {
  const { body } = withoutCutSecrets(
    { body: text.slice(0, READ_FOR_EXCERPT), truncated: text.length > READ_FOR_EXCERPT },
    kind,
    settings,
  );
  return madeStorable(withoutSecrets(body, kind, settings).replace(/\s+/g, ' ').trim().slice(0, most));
}

/**
 * What was read of an answer that is longer: without the beginning of a secret at its end, which nobody could tell from other words. Never
 * throws.
 */
export function withoutCutSecrets<Answer extends { body: string; truncated: boolean }>(
  answer: Answer,
  kind: Configurable,
  settings: Settings,
): Answer {
  if (!answer.truncated) return answer;
  try {
    return { ...answer, body: withoutBegun(answer.body.replace(/\uFFFD$/, ''), secretFormsOf(kind, settings)) }; // half a character
  } catch {
    return { ...answer, body: UNREADABLE };
  }
}

function withoutBegun(body: string, forms: SecretForms): string {
  const before = Math.max(0, body.length - LONGEST_WRITING);
  const end = body.slice(before);
  const cuts = readingsOf(end, true).map((reading) => {
    const begun = Math.max(0, ...forms.read.map((form) => begunAtEnd(reading.text, form)));
    return startOf(reading, reading.text.length - begun);
  });
  const cut = Math.min(...cuts, ...forms.literal.map((form) => end.length - begunAtEnd(end, form)));
  const broken = merged(secretsIn(end, forms)).find((secret) => secret.start < cut && cut < secret.end); // would be known no more
  return body.slice(0, before + (broken?.start ?? cut));
}

const secretsIn = (text: string, { read, literal }: SecretForms): Range[] => [
  ...readingsOf(text).flatMap((reading) => rangesOf(reading, read)),
  ...rangesOf({ text }, literal),
];

function rangesOf(reading: Reading, forms: readonly string[]): Range[] {
  const ranges: Range[] = [];
  for (const form of forms) {
    if (form.length > reading.text.length) continue;
    eachEnd(reading.text, form, (end) => {
      ranges.push({ start: startOf(reading, end - form.length), end: endOf(reading, end) });
    });
  }
  return ranges;
}

/** Those that overlap or touch are one. */
function merged(ranges: readonly Range[]): Range[] {
  const apart: Range[] = [];
  for (const { start, end } of [...ranges].sort((one, other) => one.start - other.start)) {
    const last = apart.at(-1);
    if (last && start <= last.end) last.end = Math.max(last.end, end);
    else apart.push({ start, end });
  }
  return apart;
}

function replaced(text: string, ranges: readonly Range[]): string {
  let done = 0;
  const pieces = ranges.map(({ start, end }) => {
    const before = text.slice(done, start);
    done = end;
    return before + REDACTED;
  });
  return pieces.join('') + text.slice(done);
}
