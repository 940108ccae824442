// Installs and builds when needed, then runs vitest. Arguments are vitest's: `npm test -- packages/sdk`, `npm test -- -t lease`.
import { requireNode } from './lib/node-version.mjs';

requireNode();
import('./lib/run.mjs').then(({ runHere, runScript }) =>
  runScript(async () => {
    const { prepare } = await import('./lib/prepare.mjs');
    const { at } = await import('./lib/repository.mjs');
    await prepare();
    const args = process.argv.slice(2);
    const projects = args.some((arg) => arg.startsWith('--project')) ? [] : ['--project', '!slow:*'];
    // Vitest's own summary is for people; CI counts from the JSON.
    const report = process.env.TEST_REPORT
      ? ['--reporter=default', '--reporter=json', `--outputFile.json=${process.env.TEST_REPORT}`]
      : [];
    const vitest = ['node_modules/vitest/vitest.mjs', 'run', '--config', 'vitest.workspace.ts'];
    return runHere(process.execPath, [...vitest, ...projects, ...report, ...args], { cwd: at() });
  }),
);
