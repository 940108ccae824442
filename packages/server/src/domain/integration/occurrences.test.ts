import fc from 'fast-check';
import { expect, it } from 'vitest';
import { begunAtEnd, eachEnd } from './occurrences.js';

/** Of two letters, so that much of it repeats. */
const aText = (maxLength: number) => fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 1, maxLength });
const aForm = fc.oneof(aText(5), aText(40));
/** One that the form is likely to be in. */
const aCase = aForm.chain((form) =>
  fc.tuple(fc.constant(form), fc.array(fc.oneof(fc.constant(form), aText(20)), { maxLength: 6 })),
);

it('finds every occurrence, and no other', () => {
  fc.assert(
    fc.property(aCase, ([form, pieces]) => {
      const text = pieces.join('');
      const ends: number[] = [];
      eachEnd(text, form, (end) => ends.push(end));
      const expected = [...text].flatMap((_, at) => (text.startsWith(form, at) ? [at + form.length] : []));
      expect(ends).toEqual(expected);
    }),
    { numRuns: 1_000 },
  );
});

it('finds the longest beginning at the end', () => {
  fc.assert(
    fc.property(aCase, fc.nat(), ([form, pieces], at) => {
      const text = pieces.join('') + form.slice(0, at % form.length);
      const lengths = Array.from({ length: form.length }, (_, length) => length);
      expect(begunAtEnd(text, form)).toBe(Math.max(...lengths.filter((length) => text.endsWith(form.slice(0, length)))));
    }),
    { numRuns: 1_000 },
  );
});
