import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatTraceparent, parseTraceparent, parseTracestate } from '../src/index.js';

const chars = (from: number, to: number, ...without: string[]) =>
  Array.from({ length: to - from + 1 }, (_, index) => String.fromCharCode(from + index)).filter(
    (char) => !without.includes(char),
  );
const LETTERS = chars(0x61, 0x7a);
const DIGITS = chars(0x30, 0x39);
const KEY_CHARS = [...LETTERS, ...DIGITS, '_', '-', '*', '/', '@'];
const VALUE_CHARS = chars(0x20, 0x7e, ',', '=');

const text = (alphabet: string[], maxLength: number) => fc.string({ unit: fc.constantFrom(...alphabet), maxLength });
const key = fc.tuple(fc.constantFrom(...LETTERS, ...DIGITS), text(KEY_CHARS, 255)).map(([first, rest]) => first + rest);
const value = fc.tuple(text(VALUE_CHARS, 255), fc.constantFrom(...VALUE_CHARS.slice(1))).map(([most, last]) => most + last);
const members = (minLength: number, maxLength: number) =>
  fc
    .uniqueArray(fc.tuple(key, value), { minLength, maxLength, selector: ([name]) => name })
    .map((list) => list.map(([name, content]) => `${name}=${content}`));
const context = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7', flags: 1 };

describe('tracestate', () => {
  it('of up to 32 valid members is relayed as it came', () => {
    fc.assert(
      fc.property(members(1, 32), (list) => {
        expect(parseTracestate(list.join(','))).toBe(list.join(','));
      }),
    );
  });

  it('of more than 32 members is dropped whole', () => {
    const list = Array.from({ length: 33 }, (_, index) => `k${index}=v`);
    expect(parseTracestate(list.slice(1).join(','))).toBe(list.slice(1).join(','));
    expect(parseTracestate(list.join(','))).toBeUndefined();
  });

  it('with blanks around members and empty members is the same list without them', () => {
    const blank = fc.constantFrom('', ' ', '\t', ' \t ');
    fc.assert(
      fc.property(members(1, 5), blank, blank, (list, before, after) => {
        const spaced = list.map((member) => `${before}${member}${after}`).join(`,${before},`);
        expect(parseTracestate(spaced)).toBe(list.join(','));
      }),
    );
  });

  it('with a key twice is dropped whole', () => {
    fc.assert(
      fc.property(members(1, 5), (list) => {
        expect(parseTracestate([...list, ...list].join(','))).toBeUndefined();
      }),
    );
  });

  const bad: [string, string][] = [
    ['an upper-case key', 'Vendor=1'],
    ['a key that begins with a sign', '_vendor=1'],
    ['a key of 257 characters', `${'k'.repeat(257)}=1`],
    ['a key that begins with an at sign', '@vendor=1'],
    ['a no-break space before its key', '\u00a0vendor=1'],
    ['no equals sign', 'vendor'],
    ['no key', '=1'],
    ['an empty value', 'vendor='],
    ['a value of 257 characters', `vendor=${'v'.repeat(257)}`],
    ['an equals sign in a value', 'vendor=a=b'],
    ['a control character in a value', 'vendor=a\u0001b'],
    ['a letter beyond ASCII in a value', 'vendor=ä'],
    ['a line break in a value', 'vendor=a\nb'],
  ];
  it.each(bad)('with %s is dropped whole', (_what, member) => {
    expect(parseTracestate(member)).toBeUndefined();
    expect(parseTracestate(`first=1,${member},last=2`)).toBeUndefined();
  });

  it('that is dropped, or anything else, never changes what the traceparent beside it means', () => {
    fc.assert(
      fc.property(fc.string(), (garbage) => {
        expect(() => parseTracestate(garbage)).not.toThrow();
        expect(parseTraceparent(formatTraceparent(context))).toEqual(context);
      }),
    );
  });

  it('that is absent or holds no member is none', () => {
    for (const none of [undefined, null, '', ' ', ',', ' , ,']) expect(parseTracestate(none)).toBeUndefined();
  });

  it('stays what it is when it is relayed twice', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          members(1, 4).map((list) => list.join(' , ')),
        ),
        (header) => {
          const once = parseTracestate(header);
          expect(parseTracestate(once)).toBe(once);
        },
      ),
    );
  });
});
