import { describe, expectTypeOf, it } from 'vitest';
import { contextKey } from './context-key.js';
import type { Job } from './job.js';

describe('a key of the context', () => {
  const receipt = contextKey<string>('receipt');
  const totals = contextKey<{ net: number; gross: number }>('totals', { sensitive: true });

  it('gives what is read under it its type', (_: unknown, job = {} as Job) => {
    expectTypeOf(job.context.get(receipt)).toEqualTypeOf<string | undefined>();
    expectTypeOf(job.context.get(totals)).toEqualTypeOf<{ net: number; gross: number } | undefined>();
  });

  it('takes what is of its type alone', (_: unknown, job = {} as Job) => {
    job.context.set(receipt, 'r-1');
    job.context.set(totals, { net: 1, gross: 2 });
    // @ts-expect-error a receipt is a string
    job.context.set(receipt, 1);
    // @ts-expect-error the gross is missing
    job.context.set(totals, { net: 1 });
  });

  it('leaves plain keys as they are', (_: unknown, job = {} as Job) => {
    expectTypeOf(job.context.get<number>('count')).toEqualTypeOf<number | undefined>();
    job.context.set('anything', [1, 'two']);
  });
});
