import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { onTestFinished } from 'vitest';
import { withLock } from '../../scripts/lib/lock.mjs';
import { workspaces } from '../../scripts/lib/repository.mjs';

const root = realpathSync(join(import.meta.dirname, '../..'));
const FILES = ['package.json', 'package-lock.json', 'tsconfig.base.json', 'tsup.config.ts', 'scripts'];

/** Links what is installed, but for the links between the packages and the stamps of builds: those are the clone's own. */
function linkInstalled(from: string, to: string): void {
  mkdirSync(to);
  for (const name of readdirSync(from)) {
    if (/^\.?(@?pipelogiq)$/.test(name)) cpSync(join(from, name), join(to, name), { recursive: true, verbatimSymlinks: true });
    else symlinkSync(realpathSync(join(from, name)), join(to, name));
  }
}

function copyRepository(from: string): string {
  const to = realpathSync(mkdtempSync(join(tmpdir(), 'pipelogiq-demo-')));
  const own = (path: string) => !/[\\/](node_modules|test|dist\.\w+)$|\.map$/.test(path);
  for (const path of [...FILES, ...workspaces()]) cpSync(join(from, path), join(to, path), { recursive: true, filter: own });
  for (const path of ['.', ...workspaces()]) {
    const installed = readdirSync(join(from, path)).includes('node_modules');
    if (installed) linkInstalled(join(from, path, 'node_modules'), join(to, path, 'node_modules'));
  }
  return to;
}

let built = '';

/**
 * For `beforeAll`: a copy of this repository that nobody edits or rebuilds while the tests of a file run. Its `npm start` has
 * nothing to install and nothing to build.
 */
export async function buildClone(): Promise<() => void> {
  built = await withLock(async () => copyRepository(root));
  await promisify(execFile)(process.execPath, [join(built, 'scripts/prepare.mjs')]);
  return () => rmSync(built, { recursive: true });
}

/** A repository of the test's own, removed after it: the demo keeps all that it writes in the repository's folder. */
export function aClone(): string {
  const clone = copyRepository(built);
  onTestFinished(() => rmSync(clone, { recursive: true, force: true, maxRetries: 5 }));
  return clone;
}
