import fc from 'fast-check';
import { command, type ModelCommand } from './command.js';
import { promote, tick, waitMsOf } from './delivery-rules.js';
import type { Real } from './real.js';
import { ALIVE_GAP_MS, TICK_MS, type World } from './world.js';

const always = () => true;

/** Second by second, as the server looks at its clock. */
function pass(world: World, ms: number): void {
  if (world.isLate) tick(world);
  promote(world); // what a resume or a skip found due
  for (const end = world.now + ms; world.now < end; ) {
    world.now += TICK_MS;
    tick(world);
  }
}

async function advance(world: World, real: Real, ms: number): Promise<void> {
  pass(world, ms);
  await real.advance(ms);
}

const small = fc
  .constantFrom(1_000, 2_000, 4_000, 5_000)
  .map((ms) => command('advance', { ms }, always, (world, real) => advance(world, real, ms)));

/** To the moment at which the next lease, timeout or delay ends, or to the one before it. */
const toNext = fc.record({ short: fc.constantFrom(false, false, true) }).map((choices) =>
  command('advanceToNext', choices, always, async (world, real) => {
    const ends = world.stages.flatMap(({ status, dueAt, leaseEndsAt, deadline, spec, readyAt }) => {
      if (status === 'running') return [Math.min(leaseEndsAt, deadline)];
      if (status === 'pending' || status === 'waiting') return [readyAt + (waitMsOf(spec) ?? Number.NaN)];
      return status === 'scheduled' ? [dueAt] : [];
    });
    const next = Math.min(...ends.filter((end) => end > world.now));
    const ms = Number.isFinite(next) ? next - world.now - (choices.short ? TICK_MS : 0) : TICK_MS;
    if (ms > 0 && ms < 60_000) await advance(world, real, ms);
  }),
);

/** The clock is set, or the machine slept. Some gaps are too short to count as an outage. Others may come before the server notices. */
const jump = fc.constantFrom(3_000, ALIVE_GAP_MS, 6_000, 20_000, -3_000, -20_000).map((ms) =>
  command('jump', { ms }, always, async (world, real) => {
    world.now += ms;
    if (ms > 0) world.isLate = true; // a timer that is overdue stays so when the clock is set back: it counts what passed
    await real.jump(ms);
  }),
);

const restart = fc.constantFrom(0, 0, 4_000, 10_000).map((downMs) =>
  command('restart', { downMs }, always, async (world, real) => {
    await real.restart(downMs);
    world.now += downMs;
    tick(world);
    pass(world, TICK_MS);
    await real.advance(TICK_MS);
  }),
);

export const timeCommands: { weight: number; arbitrary: fc.Arbitrary<ModelCommand> }[] = [
  { weight: 5, arbitrary: small },
  { weight: 5, arbitrary: toNext },
  { weight: 1, arbitrary: jump },
  { weight: 1, arbitrary: restart },
];
