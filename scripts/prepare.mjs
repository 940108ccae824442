// Installs and builds when needed. Every command of the repository does it first, so that each works in a fresh clone.
import { requireNode } from './lib/node-version.mjs';

requireNode();
const { runScript } = await import('./lib/run.mjs');
const { prepare } = await import('./lib/prepare.mjs');
await runScript(() => prepare());
