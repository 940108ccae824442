import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatTraceparent, parseTraceparent } from '../src/index.js';

const hex = (digits: number) => fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: digits, maxLength: digits });
const isZero = (id: string) => /^0+$/.test(id);
const id = (digits: number) => hex(digits).filter((value) => !isZero(value));
const context = fc.record({ traceId: id(32), spanId: id(16), flags: fc.integer({ min: 0, max: 3 }) });
const laterVersion = fc.integer({ min: 1, max: 254 }).map((version) => version.toString(16).padStart(2, '0'));

describe('traceparent', () => {
  it('comes back as it was after formatting and parsing', () => {
    fc.assert(
      fc.property(context, (parent) => {
        expect(parseTraceparent(formatTraceparent(parent))).toEqual(parent);
      }),
    );
  });

  it('is formatted as version 00 with lower-case hex of 32, 16 and 2 digits', () => {
    fc.assert(
      fc.property(context, (parent) => {
        expect(formatTraceparent(parent)).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-0[0-3]$/);
      }),
    );
  });

  it('keeps only the two flags defined today, in parsing and in formatting', () => {
    fc.assert(
      fc.property(id(32), id(16), fc.integer({ min: 0, max: 255 }), (traceId, spanId, flags) => {
        const known = { traceId, spanId, flags: flags & 3 };
        expect(parseTraceparent(`00-${traceId}-${spanId}-${flags.toString(16).padStart(2, '0')}`)).toEqual(known);
        expect(formatTraceparent({ traceId, spanId, flags })).toBe(formatTraceparent(known));
      }),
    );
  });

  it('of a later version is understood by its first four fields and sent on as version 00', () => {
    const rest = fc.option(
      fc.string().map((text) => `-${text}`),
      { nil: '' },
    );
    fc.assert(
      fc.property(context, laterVersion, rest, (parent, version, more) => {
        const parsed = parseTraceparent(`${version}${formatTraceparent(parent).slice(2)}${more}`);
        expect(parsed).toEqual(parent);
        expect(parsed && formatTraceparent(parsed)).toBe(formatTraceparent(parent));
      }),
    );
  });

  it('of a later version is refused when more follows without a dash', () => {
    const glued = fc.string({ minLength: 1 }).filter((text) => !text.startsWith('-') && text.trim() !== '');
    fc.assert(
      fc.property(context, laterVersion, glued, (parent, version, more) => {
        expect(parseTraceparent(`${version}${formatTraceparent(parent).slice(2)}${more}`)).toBeUndefined();
      }),
    );
  });

  it('of version 00 is refused with a fifth field', () => {
    fc.assert(
      fc.property(context, fc.string(), (parent, more) => {
        expect(parseTraceparent(`${formatTraceparent(parent)}-${more}`)).toBeUndefined();
      }),
    );
  });

  it('of version ff is refused', () => {
    fc.assert(
      fc.property(context, (parent) => {
        expect(parseTraceparent(`ff${formatTraceparent(parent).slice(2)}`)).toBeUndefined();
      }),
    );
  });

  it('is refused with a trace id or span id of zeros', () => {
    fc.assert(
      fc.property(context, ({ traceId, spanId, flags }) => {
        expect(parseTraceparent(formatTraceparent({ traceId: '0'.repeat(32), spanId, flags }))).toBeUndefined();
        expect(parseTraceparent(formatTraceparent({ traceId, spanId: '0'.repeat(16), flags }))).toBeUndefined();
      }),
    );
  });

  it('is refused in upper case', () => {
    fc.assert(
      fc.property(context, (parent) => {
        const upper = formatTraceparent(parent).toUpperCase();
        fc.pre(/[A-F]/.test(upper));
        expect(parseTraceparent(upper)).toBeUndefined();
      }),
    );
  });

  it('is refused with any one character missing, and with a line break after it', () => {
    fc.assert(
      fc.property(context, fc.nat(54), (parent, at) => {
        const header = formatTraceparent(parent);
        expect(parseTraceparent(header.slice(0, at) + header.slice(at + 1))).toBeUndefined();
        expect(parseTraceparent(`${header}\n`)).toBeUndefined();
        expect(parseTraceparent(`cc${header.slice(2)}\n`)).toBeUndefined();
      }),
    );
  });

  it('never throws and never gives an invalid context, whatever the header holds', () => {
    const almost = fc
      .tuple(hex(2), hex(32), hex(16), hex(2), fc.string())
      .map(([v, t, s, f, more]) => `${v}-${t}-${s}-${f}${more}`);
    fc.assert(
      fc.property(fc.oneof(fc.string(), almost, fc.constant(undefined), fc.constant(null)), (header) => {
        const parsed = parseTraceparent(header);
        if (!parsed) return;
        expect(parsed.traceId).toMatch(/^(?!0+$)[0-9a-f]{32}$/);
        expect(parsed.spanId).toMatch(/^(?!0+$)[0-9a-f]{16}$/);
        expect([0, 1, 2, 3]).toContain(parsed.flags);
      }),
    );
  });

  it('may stand between spaces and tabs, which HTTP allows around a header value', () => {
    const blank = fc.string({ unit: fc.constantFrom(' ', '\t'), maxLength: 3 });
    fc.assert(
      fc.property(context, blank, blank, (parent, before, after) => {
        expect(parseTraceparent(before + formatTraceparent(parent) + after)).toEqual(parent);
      }),
    );
  });

  it('of a megabyte of blanks is refused without ado', () => {
    // A RegExp that trims the end takes minutes here, which the test's time limit shows.
    expect(parseTraceparent(`0${' '.repeat(1_000_000)}0`)).toBeUndefined();
  });
});
