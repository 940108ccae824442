// Installs and builds when needed. Every command of the repository does it first, so that each works in a fresh clone.
import { requireNode } from './lib/node-version.mjs';

requireNode();
import('./lib/run.mjs').then(({ runScript }) =>
  runScript(async () => {
    const { prepare } = await import('./lib/prepare.mjs');
    await prepare();
  }),
);
