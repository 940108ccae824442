// Runs in a package's folder. `node ../../scripts/prepack.mjs` copies what npm publishes beside the code; `--undo` removes it again.
import { copyFileSync, rmSync } from 'node:fs';
import { basename } from 'node:path';
import { at } from './lib/repository.mjs';

for (const name of ['README.md', 'LICENSE']) {
  const copy = at('packages', basename(process.cwd()), name);
  if (process.argv.includes('--undo')) rmSync(copy, { force: true });
  else copyFileSync(at(name), copy);
}
