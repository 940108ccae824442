import { expectTypeOf, it } from 'vitest';
import type { Jsonify } from './jsonify.js';

it('is the type of a value after a trip through JSON', () => {
  expectTypeOf<Jsonify<{ at: Date; n: number; note: string | null }>>().toEqualTypeOf<{
    at: string;
    n: number;
    note: string | null;
  }>();
  expectTypeOf<Jsonify<{ items: { at: Date }[] }>>().toEqualTypeOf<{ items: { at: string }[] }>();
});

it('keeps tuples, literals and unions', () => {
  expectTypeOf<Jsonify<[number, Date][]>>().toEqualTypeOf<[number, string][]>();
  expectTypeOf<Jsonify<{ kind: 'a'; v: 1 } | { kind: 'b' }>>().toEqualTypeOf<{ kind: 'a'; v: 1 } | { kind: 'b' }>();
  expectTypeOf<Jsonify<readonly string[]>>().toEqualTypeOf<readonly string[]>();
});

it('drops what JSON drops', () => {
  expectTypeOf<Jsonify<{ a: 1; f: () => void; s: symbol; u: undefined }>>().toEqualTypeOf<{ a: 1 }>();
  expectTypeOf<Jsonify<{ a?: string }>>().toEqualTypeOf<{ a?: string }>();
  expectTypeOf<Jsonify<(string | undefined)[]>>().toEqualTypeOf<(string | null)[]>();
});

it('knows nothing about what is not known', () => {
  expectTypeOf<Jsonify<unknown>>().toBeUnknown();
});
