// Builds all packages and examples anew, with their types.
import { requireNode } from './lib/node-version.mjs';

requireNode();
const { runScript } = await import('./lib/run.mjs');
const { prepare } = await import('./lib/prepare.mjs');
await runScript(() => prepare({ force: true, types: true }));
