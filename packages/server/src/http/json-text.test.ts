import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DomainError } from '../domain/errors.js';
import { deeperThan, parseJson } from './json-text.js';

const depthOf = (value: unknown): number =>
  typeof value === 'object' && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depthOf)) : 0;

function refused(text: string): DomainError {
  try {
    parseJson(text, 100);
  } catch (error) {
    return error as DomainError;
  }
  throw new Error(`accepted ${text}`);
}

describe('deeperThan', () => {
  test('counts exactly the nesting that JSON.parse would find', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 8 }), fc.nat(9), (value, max) => {
        expect(deeperThan(JSON.stringify(value), max)).toBe(depthOf(value) > max);
      }),
    );
  });

  test('does not look inside strings, however they escape', () => {
    expect(deeperThan(JSON.stringify({ a: '[[[[\\"[[[["', '\\': '\\\\"{{{' }), 1)).toBe(false);
  });

  test('refuses a million open brackets without recursing', () => {
    expect(deeperThan('['.repeat(1_000_000), 100)).toBe(true);
  });

  test('reads a text of nothing but quotes and backslashes in linear time', () => {
    expect(deeperThan(`"${'\\'.repeat(2_000_000)}`, 100)).toBe(false);
    expect(deeperThan(`"${'\\"'.repeat(1_000_000)}`, 100)).toBe(false);
  });
});

describe('parseJson', () => {
  test.each([
    ['', 'position 0 (line 1, column 1)'],
    ['{"a":1,}', 'position 7 (line 1, column 8)'],
    ['{\n  "a": tru\n}', 'position 9 (line 2, column 8)'],
    ['nope', 'position 0 (line 1, column 1)'],
    ['[1,2,\nx]', 'position 6 (line 2, column 1)'],
    ['[[[}', 'position 3 (line 1, column 4)'],
    ['{"a": undefined}', 'position 6 (line 1, column 7)'],
    ['[[], {}, "]", 1e5, ?]', 'position 19 (line 1, column 20)'],
    ['[1,2', 'position 4 (line 1, column 5)'],
    ['{"a":01}', 'position 6 (line 1, column 7)'],
  ])('names the position where %j breaks', (text, position) => {
    const error = refused(text);
    expect(error.code).toBe('invalid_json');
    expect(error.message).toContain(position);
  });

  test('takes every JSON value as JSON.parse does', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value);
        fc.pre(!text.includes('__proto__'));
        expect(JSON.stringify(parseJson(text, 1_000))).toBe(text);
      }),
    );
  });

  test('never throws anything but a refusal, and always with a position inside the text', () => {
    const brokenJson = fc
      .tuple(fc.jsonValue(), fc.nat(200), fc.constantFrom('', ',', '}', 'x', '"', '\\', '\u0000'))
      .map(([value, at, junk]) => {
        const text = JSON.stringify(value);
        return text.slice(0, at) + junk + text.slice(at + 1);
      });
    fc.assert(
      fc.property(brokenJson, (text) => {
        try {
          parseJson(text, 100);
        } catch (error) {
          expect(error).toBeInstanceOf(DomainError);
          const [, position] = /position (\d+)/.exec((error as Error).message) ?? [];
          expect(Number(position)).toBeLessThanOrEqual(text.length);
        }
      }),
    );
  });

  test.each([
    '{"__proto__": {"admin": true}, "a": 1}',
    '{"\\u005f_proto__": {"admin": true}, "a": 1}',
    '{"__pr\\u006Fto__": {"admin": true}, "a": 1}',
  ])('drops the key of %s', (text) => {
    const value = parseJson(text, 100) as { admin?: boolean };
    expect(value).toEqual({ a: 1 });
    expect(Object.keys(value)).toEqual(['a']);
    expect(value.admin).toBeUndefined();
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
  });

  test('drops __proto__ at every depth, in arrays too', () => {
    const value = parseJson('{"a":[{"b":{"__proto__":{"x":1},"c":2}}]}', 100);
    expect(JSON.stringify(value)).toBe('{"a":[{"b":{"c":2}}]}');
  });

  test('lets __proto__ stand in a string', () => {
    expect(parseJson('{"a":"__proto__"}', 100)).toEqual({ a: '__proto__' });
  });
});
