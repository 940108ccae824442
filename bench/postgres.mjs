// The benchmark on PostgreSQL: see README.md. One JSON line a figure on stdout, progress and a table on stderr.
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { parseArgs } from 'node:util';
import { figuresOf, ratioFigures } from './figures.mjs';
import { measureScenario } from './measure.mjs';
import { openerOf } from './postgres/contenders.mjs';
import { startPostgres } from './postgres/instance.mjs';
import { SCENARIOS } from './postgres/scenarios.mjs';
import { leadToEnd, PRODUCT_CLI, temporaryFolder } from './processes.mjs';
import { say, startReport } from './report.mjs';

const USAGE = `usage: node bench/postgres.mjs [options]
  --smoke            tiny sizes: asserts only that every figure comes out
  --only <names>     these scenarios alone, comma-separated: ${SCENARIOS.map(({ name }) => name).join(', ')}
  --contenders <names>  these contenders alone
  --rounds <n>       rounds of each contender (default 5)
  --json             no table
  --dir <folder>     where the databases are made (default: the system's temporary folder)`;

const FULL = { drain: 20_000, claims: 2_000, drained: 100_000, rounds: 5 };
const SMOKE = { drain: 300, claims: 80, drained: 1_000, rounds: 1 };

function readOptions(args) {
  const { values } = parseArgs({
    args,
    options: {
      smoke: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
      only: { type: 'string' },
      contenders: { type: 'string' },
      rounds: { type: 'string' },
      dir: { type: 'string', default: tmpdir() },
    },
  });
  const sizes = values.smoke ? SMOKE : FULL;
  const rounds = values.rounds === undefined ? sizes.rounds : Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error(`--rounds takes a whole number above 0, not "${values.rounds}"`);
  const only = values.only?.split(',') ?? SCENARIOS.map(({ name }) => name);
  const unknown = only.find((wanted) => !SCENARIOS.some(({ name }) => name === wanted));
  if (unknown) throw new Error(`there is no scenario "${unknown}"`);
  const allowed = values.contenders?.split(',');
  const scenarios = SCENARIOS.filter(({ name }) => only.includes(name)).map((scenario) => ({
    ...scenario,
    contenders: scenario.contenders.filter(({ name }) => !allowed || allowed.includes(name)),
  }));
  return { ...values, scenarios, sizes: { ...sizes, rounds } };
}

async function main() {
  const options = readOptions(process.argv.slice(2));
  if (options.help) return say(USAGE);
  const { sizes } = options;
  if (!existsSync(PRODUCT_CLI)) throw new Error('the server is not built: run `npm run build` first');
  const base = await temporaryFolder(options.dir);
  const postgres = await startPostgres(options.dir).catch((error) => {
    if (options.smoke && /There is no PostgreSQL/.test(error)) return undefined;
    throw error;
  });
  if (!postgres) return say('skipped: there is no PostgreSQL here');
  say(`PostgreSQL ${postgres.version}`);

  const report = startReport(options);
  const open = openerOf({ postgres, base, drained: sizes.drained });
  for (const scenario of options.scenarios) {
    say(`${scenario.name}: ${scenario.what}`);
    const size = sizes[scenario.name];
    const results = await measureScenario({ scenario, size, rounds: sizes.rounds, warm: !options.smoke, open });
    report.add([...figuresOf(scenario, results), ...ratioFigures(scenario, results)]);
  }
  report.end();
}

await leadToEnd('bench:postgres', main);
