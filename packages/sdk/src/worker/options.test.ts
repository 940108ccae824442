import { describe, expect, it } from 'vitest';
import { ConfigurationError } from '../errors.js';
import { declareHandler, defineHandler } from '../handler.js';
import { resolveOptions, type WorkerOptions } from './options.js';

const echo = defineHandler('echo', {}, (input: unknown) => input);

describe('worker options', () => {
  it('have defaults, also where undefined was given', () => {
    const { concurrency, prefetch, drainTimeoutMs, waitMs, signals, pool } = resolveOptions({
      handlers: [echo],
      concurrency: undefined,
    } as unknown as WorkerOptions);
    expect({ concurrency, prefetch, drainTimeoutMs, waitMs, signals, pool }).toEqual({
      concurrency: 10,
      prefetch: 0,
      drainTimeoutMs: 30_000,
      waitMs: 30_000,
      signals: true,
      pool: 'default',
    });
  });

  it.each([
    ['an unknown one', { concurency: 3 }, 'Did you mean "concurrency"?'],
    ['a number that makes no sense', { concurrency: 0 }, '"concurrency" must be a whole number from 1'],
    ['a wait above the limit', { waitMs: 60_000 }, '"waitMs" must be'],
    ['no handlers', { handlers: [] }, 'at least one handler'],
    ['a contract without code', { handlers: [declareHandler('echo')] }, 'Handler "echo" has no code'],
    ['two handlers of one name', { handlers: [echo, echo] }, 'Two handlers are named "echo"'],
  ])('refuse %s', (_name, options, message) => {
    const resolve = () => resolveOptions({ handlers: [echo], ...options } as unknown as WorkerOptions);
    expect(resolve).toThrow(ConfigurationError);
    expect(resolve).toThrow(message);
  });

  it('register the worker with its handlers and what else was given', () => {
    const { registration } = resolveOptions({ handlers: [echo], name: 'billing', instanceId: 'b-0', version: '2' });
    expect(registration).toMatchObject({ workerName: 'billing', instanceId: 'b-0', supportedHandlers: ['echo'], version: '2' });
    expect(registration).not.toHaveProperty('environment');
  });
});
