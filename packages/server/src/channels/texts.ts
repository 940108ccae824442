/** What stands in a text for one of its characters, as the provider wants it. */
export type Escape = (character: string) => string;
/** How long the provider finds a text. */
export type Size = (text: string) => number;

const asItIs: Escape = (character) => character;
const charactersOf: Size = (text) => text.length;
/** As UTF-8, inside of JSON. */
export const jsonBytesOf: Size = (text) => Buffer.byteLength(JSON.stringify(text)) - 2;

const LONE_SURROGATE = /\p{Surrogate}/gu;
/** Also those two that XML forbids. */
const CONTROLS = /(?![\n\t])\p{Cc}|[\ufffe\uffff]/gu;

/** Lines that every provider takes: no control characters, no halves of characters. */
export const linesOf = (text: string): string =>
  text
    .replace(/\r\n?|[\u2028\u2029]/g, '\n')
    .replace(LONE_SURROGATE, '\ufffd')
    .replace(CONTROLS, '')
    .trim();

/** The same in one line. */
export const lineOf = (text: string): string => linesOf(text).replace(/\s+/g, ' ');

/**
 * A text, escaped, cut where it would be longer than `most`: between two characters, never inside of one or of what stands for it.
 * Most providers count UTF-16 code units, or less; that is the default.
 */
export function fit(text: string, most: number, spell: Escape = asItIs, size: Size = charactersOf): string {
  const end = spell('…');
  const room = most - size(end);
  let whole = '';
  let short = '';
  let used = 0;
  for (const character of text) {
    const piece = spell(character);
    used += size(piece);
    if (used > most) return room < 0 ? '' : short + end;
    whole += piece;
    if (used <= room) short = whole;
  }
  return whole;
}

/** The first of the parts that have room together, with what joins them. */
export function fitting(parts: readonly string[], most: number, joint = '\n', size: Size = charactersOf): string {
  let joined = '';
  for (const part of parts) {
    const longer = joined === '' ? part : `${joined}${joint}${part}`;
    if (size(longer) > most) break;
    joined = longer;
  }
  return joined;
}

const escapedBy =
  (table: { readonly [character: string]: string }): Escape =>
  (character) =>
    table[character] ?? character;

export const escapeAngles = escapedBy({ '&': '&amp;', '<': '&lt;', '>': '&gt;' });
export const escapeXml = escapedBy({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' });
