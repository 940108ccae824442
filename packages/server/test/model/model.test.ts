import fc from 'fast-check';
import { expect, inject, it } from 'vitest';
import { executed, type ModelCommand } from './command.js';
import { create, operatorCommands } from './operator-commands.js';
import { aReal } from './real.js';
import { settleCommands } from './settle-commands.js';
import { timeCommands } from './time-commands.js';
import { bootstrapWorkers, workerCommands } from './worker-commands.js';
import { TICK_MS, World } from './world.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** How much the model test does in this project; absent: what `npm test` has time for. */
    model?: { runs: number; commands: number };
  }
}

/**
 * Random commands of producers, workers, operators and time over the API of a real server, held to a small model of the design
 * after every one of them. A failure prints how to see it again. MODEL_RUNS and MODEL_COMMANDS make it longer (commands drawn for a
 * run, on average; those that would find nothing to do are left out), MODEL_STATS=1 tells how often each command ran.
 */
const number = (name: string): number | undefined => {
  const value = process.env[name];
  return value === undefined || value === '' ? undefined : Number(value);
};

const START = Date.UTC(2030, 0, 1);
const store = inject('store');
const size = inject('model') ?? { runs: 30, commands: 40 };
const runs = number('MODEL_RUNS') ?? size.runs;
const commands = number('MODEL_COMMANDS') ?? size.commands;
const seed = number('MODEL_SEED') ?? Math.floor(Math.random() * 2 ** 31);
const path = process.env.MODEL_PATH;
const replayPath = process.env.MODEL_REPLAY;

const weighted = [...operatorCommands, ...workerCommands, ...settleCommands, ...timeCommands];
/** As often as their weights say. */
const arbitraries = weighted.flatMap(({ weight, arbitrary }) => Array.from({ length: weight }, () => arbitrary));
/** Any length up to twice the mean. */
const sequences = fc.commands(arbitraries, {
  maxCommands: 2 * commands,
  size: 'max',
  ...(replayPath !== undefined && { replayPath }),
});

async function run(first: ModelCommand, sequence: Iterable<ModelCommand>): Promise<void> {
  const real = await aReal(START);
  try {
    const world = new World(START);
    await real.advance(TICK_MS);
    world.now += TICK_MS;
    world.aliveAt = world.now;
    await bootstrapWorkers(world, real);
    await fc.asyncModelRun(() => ({ model: world, real }), [first, ...sequence]);
  } finally {
    await real.close();
  }
}

function howToRepeat({ counterexamplePath, counterexample }: fc.RunDetails<[ModelCommand, Iterable<ModelCommand>]>): string {
  const replay = /replayPath="([^"]*)"/.exec(String(counterexample?.[1]))?.[1] ?? '';
  const project = store === 'postgres' ? 'server:postgres' : 'server';
  const choices = `MODEL_SEED=${seed} MODEL_PATH=${counterexamplePath} MODEL_REPLAY='${replay}' MODEL_COMMANDS=${commands}`;
  return `To see it again: ${choices} npx vitest run --config vitest.workspace.ts --project ${project} test/model`;
}

const A_RUN_MS = 10_000; // far more than it takes: a failure has to be shrunk too
const SHRINKING_MS = 120_000;

it(`does what the model says, command by command (${runs} runs of ${commands} commands)`, {
  timeout: 2 * SHRINKING_MS + runs * A_RUN_MS,
}, async () => {
  const details = await fc.check(fc.asyncProperty(create, sequences, run), {
    numRuns: runs,
    seed,
    unbiased: true,
    interruptAfterTimeLimit: SHRINKING_MS + runs * A_RUN_MS,
    markInterruptAsFailure: true,
    ...(path !== undefined && path !== '' && { path }),
  });
  if (details.failed)
    throw new Error(`${howToRepeat(details)}\n${fc.defaultReportMessage(details)}`, { cause: details.errorInstance });
  expect(executed.get('pull') ?? 0, 'pulls').toBeGreaterThan(0);
  if (process.env.MODEL_STATS) console.log(Object.fromEntries([...executed].sort((a, b) => b[1] - a[1])));
});
