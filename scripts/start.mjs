// Installs and builds when needed, then runs the demo: `npm start`, `npm start -- --once`, `npm start -- --port 9000`.
import { requireNode } from './lib/node-version.mjs';

requireNode();
const { runScript } = await import('./lib/run.mjs');

await runScript(async () => {
  const { prepare } = await import('./lib/prepare.mjs');
  await prepare();
  const { runDemo } = await import('./demo/main.mjs');
  return runDemo(process.argv.slice(2));
});
