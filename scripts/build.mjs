// Builds all packages and examples anew, with their types.
import { requireNode } from './lib/node-version.mjs';

requireNode();
import('./lib/run.mjs').then(({ runScript }) =>
  runScript(async () => {
    const { prepare } = await import('./lib/prepare.mjs');
    await prepare({ force: true, types: true });
  }),
);
