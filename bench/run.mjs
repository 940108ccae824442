// The benchmark: see README.md. One JSON line a figure on stdout, progress and a table on stderr.
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { measureCommitCost } from './commit-cost.mjs';
import { figuresOf } from './figures.mjs';
import { measureScenario } from './measure.mjs';
import { readOptions, USAGE } from './options.mjs';
import { preload } from './preload.mjs';
import { leadToEnd, PRODUCT_CLI, startServer, temporaryFolder } from './processes.mjs';
import { say, startReport } from './report.mjs';
import { chooseScenarios, SERVER_ENV } from './scenarios.mjs';

async function main() {
  const options = readOptions(process.argv.slice(2));
  if (options.help) return say(USAGE);
  const { sizes } = options;
  const scenarios = chooseScenarios(options);
  const usesProduct = scenarios.some(({ contenders }) => contenders.some(({ server }) => server.startsWith('product')));
  if (usesProduct && !existsSync(PRODUCT_CLI)) throw new Error('the server is not built: run `npm run build` first');
  const base = await temporaryFolder(options.dir);

  const report = startReport(options);
  if (!options.only || options.only.includes('commit')) report.add(measureCommitCost({ base, count: sizes.commit }));
  const templates = {};
  if (options.large && scenarios.length > 0) {
    say(`preloading ${sizes.finished} finished and ${sizes.delayed} delayed stages`);
    templates['product-large'] = await preload({ base, ...sizes });
  }
  const open = async ({ server: kind }) => {
    const program = kind.startsWith('product') ? 'product' : kind;
    const server = await startServer({ kind: program, base, template: templates[kind], env: SERVER_ENV[kind] });
    // A full database takes gigabytes: it goes with its server.
    const stop = () => server.stop().then(() => rm(dirname(server.database), { recursive: true }));
    return { ...server, stop };
  };
  for (const scenario of scenarios) {
    say(`${scenario.name}: ${scenario.what}`);
    const results = await measureScenario({
      scenario,
      size: sizes[scenario.name],
      rounds: sizes.rounds,
      warm: !options.smoke,
      open,
    });
    report.add(figuresOf(scenario, results));
  }
  report.end();
}

await leadToEnd('bench', main);
