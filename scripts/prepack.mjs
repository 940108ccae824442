// Runs in a package's folder before npm packs it: builds it with its types, and copies what npm publishes beside the code.
// `--undo` removes the copies again.
import { copyFileSync, existsSync, rmSync } from 'node:fs';
import { basename } from 'node:path';
import { prepare } from './lib/prepare.mjs';
import { at } from './lib/repository.mjs';
import { runScript } from './lib/run.mjs';

const copies = ['README.md', 'LICENSE'].map((name) => ({ from: at(name), to: at('packages', basename(process.cwd()), name) }));

await runScript(async () => {
  if (process.argv.includes('--undo')) {
    for (const { to } of copies) rmSync(to, { force: true });
    return;
  }
  await prepare({ types: true });
  for (const { from, to } of copies) if (existsSync(from)) copyFileSync(from, to);
});
