// Seeds a server in memory and shoots every page: `npm run screenshots`, `npm run screenshots -- operations`.
// Pictures at 1440 go to docs/images, in light and dark; narrower ones to a temporary folder, to be looked at.
import { requireNode } from './lib/node-version.mjs';

requireNode();
import('./lib/run.mjs').then(({ runScript, say }) =>
  runScript(async () => {
    const { prepare } = await import('./lib/prepare.mjs');
    await prepare();
    const { tmpdir } = await import('node:os');
    const { join } = await import('node:path');
    const { at } = await import('./lib/repository.mjs');
    const { shootAll } = await import('../packages/dashboard/screenshots/shoot.mjs');
    const temporary = join(tmpdir(), 'pipelogiq-screenshots');
    await shootAll({ filter: process.argv[2] ?? '', images: at('docs/images'), temporary, say });
    say(`Narrower pictures are in ${temporary}`);
  }),
);
