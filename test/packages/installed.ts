import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

export const root = join(import.meta.dirname, '../..');
const execute = promisify(execFile);

/** Runs a program to its end; its whole output is in the error when it fails. */
export async function run(command: string, args: string[], cwd: string, env: NodeJS.ProcessEnv = process.env): Promise<string> {
  const { PIPELOGIQ_URL: _url, PIPELOGIQ_API_KEY: _key, NODE_ENV: _mode, VITEST: _vitest, ...clean } = env;
  const { stdout } = await execute(command, args, { cwd, env: clean, maxBuffer: 64 * 1024 * 1024 }).catch((error) => {
    throw new Error(`${command} ${args.join(' ')} failed:\n${error.stdout ?? ''}${error.stderr ?? error.message}`);
  });
  return stdout;
}

export interface Packed {
  tarball: string;
  files: string[];
}

/** `npm pack` as a release does it. */
async function pack(name: 'sdk' | 'server', into: string): Promise<Packed> {
  const output = await run('npm', ['pack', '--json', '--pack-destination', into], join(root, 'packages', name));
  const [result] = JSON.parse(output.slice(output.indexOf('['))) as { filename: string; files: { path: string }[] }[];
  if (!result) throw new Error(`npm pack said ${output}`);
  return { tarball: join(into, result.filename), files: result.files.map((file) => file.path) };
}

/** An empty folder with both packages installed from their tarballs, as a user has them. */
export async function installedFolder(): Promise<{ folder: string; packed: Record<'sdk' | 'server', Packed> }> {
  const folder = mkdtempSync(join(tmpdir(), 'pipelogiq-packages-'));
  const packed = { sdk: await pack('sdk', folder), server: await pack('server', folder) };
  await install(folder, [packed.sdk, packed.server]);
  cpSync(join(root, 'node_modules/better-sqlite3/build'), join(folder, 'node_modules/better-sqlite3/build'), { recursive: true });
  return { folder, packed };
}

/** An empty folder with one package alone: what only the other brings along is not there. */
export async function folderWith(packed: Packed): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'pipelogiq-package-'));
  await install(folder, [packed]);
  return folder;
}

async function install(folder: string, packages: readonly Packed[]): Promise<void> {
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'user', private: true, version: '1.0.0' }));
  // Without scripts: compiling better-sqlite3 takes more than a minute, and the repository has the same version compiled.
  const options = ['--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline'];
  await run('npm', ['install', ...options, ...packages.map(({ tarball }) => tarball)], folder);
  linkTypes(folder);
}

/** A TypeScript user has Node's types; the repository's are the same. */
function linkTypes(folder: string): void {
  mkdirSync(join(folder, 'node_modules/@types'), { recursive: true });
  for (const name of ['@types/node', 'undici-types']) {
    const path = join(folder, 'node_modules', name);
    if (!existsSync(path)) symlinkSync(join(root, 'node_modules', name), path);
  }
}

export function filesUnder(folder: string): string[] {
  return readdirSync(folder, { recursive: true }).map((name) => join(folder, String(name)));
}
