// Installs and builds when needed, then runs the demo: `npm start`, `npm start -- --once`, `npm start -- --port 9000`.
import { requireNode } from './lib/node-version.mjs';

requireNode();
// Here and in the scripts beside: no top-level await. Node 12 (Ubuntu 22.04) refuses it with a stack before the check can speak.
import('./lib/run.mjs').then(({ runScript }) =>
  runScript(async () => {
    const { prepare } = await import('./lib/prepare.mjs');
    await prepare();
    const { runDemo } = await import('./demo/main.mjs');
    return runDemo(process.argv.slice(2));
  }),
);
