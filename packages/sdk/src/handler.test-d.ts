import { describe, expectTypeOf, it } from 'vitest';
import { z } from 'zod';
import { type AnyHandler, declareHandler, defineHandler } from './handler.js';
import type { Job, OutputOf } from './job.js';
import { typed } from './standard-schema.js';

const ChargeInput = z.object({ orderId: z.string(), at: z.string().transform((text) => new Date(text)) });
const Receipt = z.object({ receipt: z.string(), paidAt: z.date().default(() => new Date(0)) });

describe('the types of a handler', () => {
  const charge = declareHandler('charge-card', { input: ChargeInput, output: Receipt });

  it('keeps the literal name', () => {
    expectTypeOf(charge.name).toEqualTypeOf<'charge-card'>();
  });

  it('gives the code what the input schema makes, and the job the raw input', () => {
    charge.handle((input, job) => {
      expectTypeOf(input).toEqualTypeOf<{ orderId: string; at: Date }>();
      expectTypeOf(job.input).toEqualTypeOf<{ orderId: string; at: string }>();
      return { receipt: 'r' };
    });
  });

  it('lets the code return what the output schema takes, before defaults', () => {
    charge.handle(async () => ({ receipt: 'r' }));
    // @ts-expect-error a receipt is a string
    charge.handle(async () => ({ receipt: 1 }));
    // @ts-expect-error the receipt is missing
    charge.handle(() => ({}));
  });

  it('shows other stages the stored output', () => {
    expectTypeOf<OutputOf<typeof charge>>().toEqualTypeOf<{ receipt: string; paidAt: string }>();
    expectTypeOf<OutputOf<'charge-card'>>().toBeUnknown();
    const read = (job: Job) => job.outputOf(charge);
    expectTypeOf(read).returns.toEqualTypeOf<{ receipt: string; paidAt: string }>();
    const readAll = (job: Job) => job.outputsOf(charge);
    expectTypeOf(readAll).returns.toEqualTypeOf<{ receipt: string; paidAt: string }[]>();
  });

  it('takes its types from the code when there is no schema', () => {
    const greet = defineHandler('greet', {}, async (input: { name: string }) => ({ text: input.name, at: new Date() }));
    expectTypeOf(greet.run).parameter(0).toEqualTypeOf<{ name: string }>();
    expectTypeOf<OutputOf<typeof greet>>().toEqualTypeOf<{ text: string; at: string }>();
  });

  it('holds the code of defineHandler to the schemas', () => {
    defineHandler('charge', { input: ChargeInput, output: Receipt }, (input) => {
      expectTypeOf(input).toEqualTypeOf<{ orderId: string; at: Date }>();
      return { receipt: input.orderId };
    });
    // @ts-expect-error a receipt is a string
    defineHandler('charge', { output: Receipt }, () => ({ receipt: 1 }));
  });

  it('gives types without a schema library', () => {
    const resize = declareHandler('resize', { input: typed<{ file: string }>(), output: typed<{ bytes: number }>() });
    resize.handle((input) => ({ bytes: input.file.length }));
    // @ts-expect-error bytes is a number
    resize.handle(() => ({ bytes: 'many' }));
  });

  it('fits handlers of all types into one list', () => {
    const handlers: AnyHandler[] = [
      charge.handle(() => ({ receipt: 'r' })),
      defineHandler('greet', {}, (input: { name: string }) => input.name),
      defineHandler('nothing', {}, () => {}),
    ];
    expectTypeOf(handlers).items.toEqualTypeOf<AnyHandler>();
  });
});
