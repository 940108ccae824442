import { describe, expectTypeOf, it } from 'vitest';
import { z } from 'zod';
import { declareHandler, defineHandler } from '../handler.js';
import { typed } from '../standard-schema.js';
import type { PipelineBuilder } from './builder.js';
import { definePipeline } from './definition.js';
import type { Reference } from './reference.js';

const charge = declareHandler('charge', {
  input: z.object({ orderId: z.string(), amount: z.number().default(0), tags: z.array(z.string()).optional() }),
  output: z.object({
    receipt: z.string(),
    paidAt: z.date(),
    total: z.number().optional(),
    lines: z.array(z.object({ sku: z.string() })),
    point: z.tuple([z.number(), z.number()]),
  }),
});
const pack = declareHandler('pack', { input: typed<{ receipt: string; count?: number; skus?: string[]; at?: string }>() });
const plot = declareHandler('plot', { input: typed<{ point: [number, number] }>() });
const loose = declareHandler('loose');
declare const p: PipelineBuilder;

describe('the input of a stage', () => {
  it('is what the contract takes', () => {
    p.stage('a', charge, { orderId: '1' });
    p.stage('a', charge, { orderId: '1', amount: 2, tags: ['x'] }, { maxAttempts: 1 });
    // @ts-expect-error an order id is a string
    p.stage('a', charge, { orderId: 1 });
    // @ts-expect-error the order id is missing
    p.stage('a', charge, {});
    // @ts-expect-error the input is missing
    p.stage('a', charge);
    // @ts-expect-error there is no such field
    p.stage('a', charge, { orderId: '1', colour: 'red' });
    // @ts-expect-error there is no such option
    p.stage('a', charge, { orderId: '1' }, { maxAttemps: 1 });
  });

  it('is free where the contract or the name says nothing', () => {
    p.stage('a', loose);
    p.stage('a', loose, { any: ['thing'] });
    p.stage('a', 'by-name');
    p.stage('a', 'by-name', 42, { priority: 1 });
  });

  it('takes handlers with code as well as contracts', () => {
    const greet = defineHandler('greet', {}, (input: { name: string }) => ({ text: input.name }));
    expectTypeOf(p.stage('a', greet, { name: 'Ada' }).output('text')).toEqualTypeOf<Reference<string>>();
    // @ts-expect-error a name is a string
    p.stage('a', greet, { name: 1 });
  });
});

describe('an event stage', () => {
  it('has the output that its maker says, or one that fits anywhere', () => {
    expectTypeOf(p.event<{ by: string }>('approve').output('by')).toEqualTypeOf<Reference<string>>();
    p.stage('a', charge, { orderId: p.event('approve').output('anything') });
  });

  it('takes no options of workers', () => {
    p.event('approve', { timeoutMs: 1, delayMs: 1, runNextIfFailed: true });
    // @ts-expect-error nobody tries it again
    p.event('approve', { maxAttempts: 3 });
  });
});

describe('references to outputs', () => {
  const paid = p.stage('charge', charge, { orderId: '1' });

  it('have the type of the stored value at their path', () => {
    expectTypeOf(paid.output('receipt')).toEqualTypeOf<Reference<string>>();
    expectTypeOf(paid.output('paidAt')).toEqualTypeOf<Reference<string>>();
    expectTypeOf(paid.output('total')).toEqualTypeOf<Reference<number>>();
    expectTypeOf(paid.output('lines', 0, 'sku')).toEqualTypeOf<Reference<string>>();
    expectTypeOf(paid.output('lines')).toEqualTypeOf<Reference<{ sku: string }[]>>();
  });

  it('stand where a value of their type may stand', () => {
    p.stage('pack', pack, { receipt: paid.output('receipt'), count: paid.output('total'), at: paid.output('paidAt') });
    p.stage('pack', pack, { receipt: 'r', skus: [paid.output('lines', 0, 'sku'), 'fixed'] });
    p.stage('plot', plot, { point: paid.output('point') });
    p.stage('pack', pack, paid.output()); // the whole input at once
  });

  it('stand nowhere else', () => {
    // @ts-expect-error a total is no receipt
    p.stage('pack', pack, { receipt: paid.output('total') });
    // @ts-expect-error a list is no string
    p.stage('pack', pack, { receipt: paid.output('lines') });
    // @ts-expect-error there is no such key
    paid.output('recipt');
    // @ts-expect-error a list has indexes, not keys
    paid.output('lines', 'length');
  });

  it('fit anywhere when the output is not known', () => {
    const unknown = p.stage('a', 'by-name');
    p.stage('pack', pack, { receipt: unknown.output('any', 0, 'path'), count: unknown.output() });
    p.stage('pack', pack, { receipt: p.stage('b', loose).output('x') });
  });
});

describe('a definition', () => {
  const order = definePipeline('order', { input: z.object({ id: z.string(), n: z.string().transform(Number) }) }, (_, input) => {
    expectTypeOf(input).toEqualTypeOf<{ id: string; n: number }>();
  });

  it('is given what its schema takes', () => {
    expectTypeOf(order.build).parameter(0).toEqualTypeOf<{ id: string; n: string }>();
    order.with({ id: '1', n: '2' }, { keywords: ['x'] });
    // @ts-expect-error n is a string before the schema
    order.with({ id: '1', n: 2 });
    // @ts-expect-error the input is missing
    order.with();
  });

  it('takes the type from its function when there is no schema', () => {
    const files = definePipeline('files', {}, (_, input: string[]) => void input);
    files.with(['a']);
    // @ts-expect-error a list of strings
    files.with([1]);
    definePipeline('none', {}, () => {}).with();
  });
});
