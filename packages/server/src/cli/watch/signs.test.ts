import { expect, it } from 'vitest';
import type { Screen } from './screen.js';
import { withSigns } from './signs.js';

/** Timers that the test fires. */
function hand() {
  const set: { fn: () => void; delayMs: number }[] = [];
  return {
    delays: () => set.map(({ delayMs }) => delayMs),
    fire: () => set.shift()?.fn(),
    setTimer(fn: () => void, delayMs: number) {
      const timer = { fn, delayMs };
      set.push(timer);
      return { cancel: () => void (set.includes(timer) && set.splice(set.indexOf(timer), 1)) };
    },
  };
}

it('gives signs of life ever more seldom while nothing happens, from the beginning after each thing that does, and none at the end', () => {
  const clock = hand();
  const said: string[] = [];
  const ignore = () => {};
  const screen: Screen = {
    state: ignore,
    event: ignore,
    log: ignore,
    note: (words) => said.push(words),
    silence: () => said.push('silence'),
    end: ignore,
    close: ignore,
  };
  const lively = withSigns(screen, clock);
  lively.note('begun');
  const waits: number[] = [];
  for (let signs = 0; signs < 6; signs++) {
    waits.push(...clock.delays());
    clock.fire();
  }
  expect(waits).toEqual([5_000, 10_000, 20_000, 40_000, 60_000, 60_000]);
  expect(said).toEqual(['begun', ...Array(6).fill('silence')]);
  lively.note('more');
  expect(clock.delays()).toEqual([5_000]);
  lively.close();
  expect(clock.delays()).toEqual([]);
});
