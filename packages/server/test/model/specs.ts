import fc from 'fast-check';
import type { Spec } from './world.js';

const options = fc.record({
  handler: fc.constantFrom('a', 'a', 'b'),
  priority: fc.option(fc.constantFrom(-5, 0, 5), { nil: undefined, freq: 2 }),
  delayMs: fc.option(fc.constantFrom(0, 2_000), { nil: undefined, freq: 3 }),
  timeoutMs: fc.option(fc.constantFrom(3_000, 7_000), { nil: undefined, freq: 3 }),
  maxAttempts: fc.constantFrom(1, 2, 3, 5),
  backoffMs: fc.constantFrom(0, 1_000, 3_000),
  runNextIfFailed: fc.boolean(),
  failIfOutputEmpty: fc.constantFrom(false, false, true),
  pendingTimeoutMs: fc.option(fc.constantFrom(4_000, 9_000), { nil: undefined, freq: 4 }),
  isEvent: fc.constantFrom(false, false, false, false, true),
});

/**
 * A small graph without cycles: each stage waits for some of those before it, or the last one for all the others, which start together.
 * Names begin with the prefix, from a number on.
 */
export const specs = (prefix: string, length: { minLength: number; maxLength: number }): fc.Arbitrary<Graph> => {
  const stages = fc.array(fc.record({ options, on: fc.array(fc.nat({ max: 9 }), { maxLength: 2 }) }), { ...length, size: 'max' });
  return fc.record({ stages, isJoin: fc.boolean() }).map(({ stages: picks, isJoin }) => {
    const dependencies = (at: number, on: readonly number[]): number[] => {
      if (isJoin) return at === picks.length - 1 ? [...Array(at).keys()] : [];
      return at === 0 ? [] : [...new Set(on.map((pick) => pick % at))];
    };
    const graph: Graph = (from = 0) =>
      picks.map(({ options: { priority, delayMs, timeoutMs, pendingTimeoutMs, isEvent, ...own }, on }, at) => ({
        name: `${prefix}${from + at}`,
        dependsOn: dependencies(at, on).map((index) => `${prefix}${from + index}`),
        ...own,
        ...(isEvent && { waitFor: 'event' as const }),
        ...(pendingTimeoutMs !== undefined && !isEvent && { pendingTimeoutMs }),
        ...(priority !== undefined && !isEvent && { priority }),
        ...(delayMs !== undefined && { delayMs }),
        ...(timeoutMs !== undefined && { timeoutMs }),
      }));
    return Object.assign(graph, { toJSON: () => graph() });
  });
};

export type Graph = (from?: number) => Spec[];

export function toWire({ backoffMs, ...spec }: Spec): object {
  if (!spec.waitFor) return { ...spec, backoff: { type: 'fixed', delayMs: backoffMs, jitter: false } };
  const { handler, maxAttempts, ...event } = spec;
  return event;
}
