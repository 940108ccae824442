// Builds all packages and examples anew.
import { requireNode } from './lib/node-version.mjs';

requireNode();
const [{ ensureBuilt }, { ensureInstalled }, { withLock }, { runScript }] = await Promise.all([
  import('./lib/build.mjs'),
  import('./lib/install.mjs'),
  import('./lib/lock.mjs'),
  import('./lib/run.mjs'),
]);
await runScript(() =>
  withLock(async () => {
    await ensureInstalled();
    await ensureBuilt({ force: true });
  }),
);
