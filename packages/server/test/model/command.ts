import type fc from 'fast-check';
import { check } from './checks.js';
import type { Real } from './real.js';
import type { World } from './world.js';

export type ModelCommand = fc.AsyncCommand<World, Real>;

/** How often each command was really run, over all runs of this process. */
export const executed = new Map<string, number>();

/**
 * A command of the model test. Choices are numbers that `run` maps to what there is at that moment; `applies` keeps commands out
 * that would find nothing. After it the whole world is compared.
 */
export function command(
  name: string,
  choices: object,
  applies: (world: World) => boolean,
  run: (world: World, real: Real) => Promise<void>,
): ModelCommand {
  return {
    check: (world) => applies(world),
    run: async (world, real) => {
      executed.set(name, (executed.get(name) ?? 0) + 1);
      await run(world, real);
      await check(world, real);
    },
    toString: () => `${name}(${JSON.stringify(choices)})`,
  };
}

/** Which of those there are; the same number means another one as the world grows. */
export const pick = <T>(items: readonly T[], choice: number): T => {
  const item = items[choice % items.length];
  if (item === undefined) throw new Error('there is nothing to pick from');
  return item;
};

export const have = (select: (world: World) => readonly unknown[]) => (world: World) => select(world).length > 0;
