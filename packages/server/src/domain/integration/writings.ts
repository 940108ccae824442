/** What every writing but the plain one has. */
export const ESCAPED = /[\\&%+\s]/;

const NAMED: { readonly [char: string]: string } = { '&': 'amp', '<': 'lt', '>': 'gt', '"': 'quot', "'": 'apos' };

const literally = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');

/** One character, in the ways in which servers write it that answer with JSON, HTML or URLs. */
function writingsOf(char: string): string {
  if (/[a-z0-9]/i.test(char)) return char;
  if (char === ' ') return '(?:\\s|\\\\[nrt]|%20|%0[9ad]|\\+)+';
  if (char === '\\') return '(?:\\\\|%5c|&#92;)+';
  const code = char.codePointAt(0) as number;
  const hex = code.toString(16);
  const ways = [
    literally(char),
    `\\\\${literally(char)}`,
    `\\\\u0*${hex}`,
    [...Buffer.from(char)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join(''),
    `&#x0*${hex};`,
    `&#0*${code};`,
    ...(NAMED[char] === undefined ? [] : [`&${NAMED[char]};`]),
  ];
  return `(?:${ways.join('|')})`;
}

/** Finds a text also where some of its characters are escaped, or its white space was changed. */
export function anyWritingOf(text: string): RegExp {
  const chars = [...text.replace(/\s+/g, ' ').replace(/\\+/g, '\\')];
  return new RegExp(chars.map(writingsOf).join(''), 'giu');
}
