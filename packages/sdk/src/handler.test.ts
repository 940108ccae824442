import { expect, it } from 'vitest';
import { z } from 'zod';
import { declareHandler, defineHandler } from './handler.js';
import type { Job } from './job.js';

it('keeps name, schemas, defaults and retry rules, and adds the code', async () => {
  const input = z.object({ n: z.number() });
  const contract = declareHandler('double', { input, defaults: { maxAttempts: 5 }, retryOn: ['busy'], noRetryOn: ['gone'] });
  const handler = contract.handle(({ n }) => 2 * n);
  expect(handler).toMatchObject({ name: 'double', input, defaults: { maxAttempts: 5 }, retryOn: ['busy'], noRetryOn: ['gone'] });
  expect(await handler.run({ n: 21 }, {} as Job<{ n: number }>)).toBe(42);
});

it('makes contract and code in one', () => {
  const handler = defineHandler('greet', {}, (input: { name: string }) => `Hello ${input.name}`);
  expect(handler).toMatchObject({ name: 'greet', input: undefined, output: undefined, defaults: {} });
  expect(handler.run({ name: 'Ada' }, {} as Job<{ name: string }>)).toBe('Hello Ada');
});
