import { tmpdir } from 'node:os';
import { parseArgs } from 'node:util';

export const USAGE = `usage: node bench/run.mjs [options]
  --smoke            tiny sizes: asserts only that every figure comes out
  --large            compares empty tables with 5,000,000 finished and 100,000 delayed stages; adds the scenario operate
  --finished <n>     so many finished ones in place of 5,000,000
  --only <names>     these scenarios alone, comma-separated: commit, create-batch, create-one, drain, chain, insights,
                     idle, operate
  --target <kinds>   reference, product or both (default)
  --rounds <n>       rounds of each contender (default 5)
  --json             no table
  --dir <folder>     where the databases are made (default: the system's temporary folder)`;

/** Pipelines (idle: creates) a round. */
const FULL = {
  'create-batch': 40_000,
  'create-one': 6_000,
  drain: 40_000,
  chain: 10_000,
  insights: 20_000,
  idle: 300,
  operate: 100,
  commit: 2_000,
  rounds: 5,
};
const SMOKE = {
  'create-batch': 500,
  'create-one': 200,
  drain: 500,
  chain: 100,
  insights: 500,
  idle: 12,
  operate: 10,
  commit: 50,
  rounds: 1,
};
const LARGE = { ...FULL, rounds: 5, finished: 5_000_000, delayed: 100_000 };
const LARGE_SMOKE = { ...SMOKE, finished: 2_000, delayed: 200 };

export function readOptions(argv) {
  const { values } = parseArgs({
    args: argv,
    options: {
      smoke: { type: 'boolean', default: false },
      large: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
      only: { type: 'string' },
      target: { type: 'string', default: 'both' },
      rounds: { type: 'string' },
      finished: { type: 'string' },
      dir: { type: 'string', default: tmpdir() },
    },
  });
  const sizes = values.large ? (values.smoke ? LARGE_SMOKE : LARGE) : values.smoke ? SMOKE : FULL;
  const counted = (name) => {
    const count = values[name] === undefined ? sizes[name] : Number(values[name]);
    if (values[name] !== undefined && !(Number.isInteger(count) && count >= 1))
      throw new Error(`--${name} takes a whole number above 0, not "${values[name]}"`);
    return count;
  };
  if (values.finished !== undefined && !values.large) throw new Error('--finished goes with --large');
  if (!['reference', 'product', 'both'].includes(values.target)) throw new Error(`there is no target "${values.target}"`);
  return {
    ...values,
    sizes: { ...sizes, rounds: counted('rounds'), finished: counted('finished') },
    only: values.only?.split(','),
  };
}
