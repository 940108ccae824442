import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { escapeAngles, escapeXml, fit, fitting, jsonBytesOf, lineOf, linesOf } from './texts.js';

const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.array(fc.constantFrom('&', '<', '😀', 'é', '"', 'x', '\n')).map((all) => all.join('')),
);

describe('a fitted text', () => {
  it('is never longer than it may be, as the provider counts', () => {
    fc.assert(
      fc.property(text, fc.integer({ min: 0, max: 30 }), (value, most) => {
        expect(fit(value, most, escapeAngles).length).toBeLessThanOrEqual(most);
        expect(jsonBytesOf(fit(value, most, undefined, jsonBytesOf))).toBeLessThanOrEqual(most);
      }),
    );
  });

  it('is whole when it has room, to the last character', () => {
    expect(fit('a&b', 7, escapeAngles)).toBe('a&amp;b');
    expect(fit('a&b', 6, escapeAngles)).toBe('a…');
    expect(fit('ab😀', 4)).toBe('ab😀');
    expect(fit('ab😀', 3)).toBe('ab…');
    expect(fit('a'.repeat(5), 0)).toBe('');
  });

  it('is escaped once, and parted from what is around it', () => {
    expect(fit('<&amp;>"\'', 99, escapeXml)).toBe('&lt;&amp;amp;&gt;&quot;&apos;');
    expect(fitting(['a', 'bb', 'ccc', 'd'], 5)).toBe('a\nbb');
  });
});

describe('a clean text', () => {
  it('has no control characters, no halves of characters, and lines of one kind', () => {
    expect(linesOf(' a\r\nb\rc\u2028d\te\u0000\u001b\u0085\ufffe ')).toBe('a\nb\nc\nd\te');
    expect(linesOf('\ud800x\udc00😀')).toBe('\ufffdx\ufffd😀');
    expect(lineOf('a\r\n  b\tc')).toBe('a b c');
  });
});
