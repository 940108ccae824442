import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { extname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** One file of the dashboard's build, with what was compressed of it beforehand. */
export interface Asset {
  type: string;
  etag: string;
  bytes: Bytes;
  gzip?: Bytes;
  brotli?: Bytes;
}

export interface Dashboard {
  /** By path below the folder, with forward slashes; `index.html` is not among them. */
  assets: ReadonlyMap<string, Asset>;
  /** The page that starts the application. */
  index: string;
}

type Bytes = Uint8Array<ArrayBuffer>;

const TYPES: { [ending: string]: string } = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
  '.json': 'application/json',
};

export const isBuilt = (folder: string): boolean => existsSync(join(folder, 'index.html'));

/** Beside the built server; beside its `dist` where the sources run. */
const FOLDERS = ['./dashboard/', '../../../dist/dashboard/'].map((path) => fileURLToPath(new URL(path, import.meta.url)));

/** Where the build is; undefined when nobody made it, or a bundler left it behind. */
export const dashboardFolder = (): string | undefined => FOLDERS.find(isBuilt);

async function readAsset(folder: string, name: string, names: ReadonlySet<string>): Promise<[string, Asset]> {
  const read = (path: string) => readFile(join(folder, path)) as Promise<Bytes>;
  const bytes = await read(name);
  const asset: Asset = {
    type: TYPES[extname(name)] ?? 'application/octet-stream',
    etag: `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`,
    bytes,
    ...(names.has(`${name}.gz`) && { gzip: await read(`${name}.gz`) }),
    ...(names.has(`${name}.br`) && { brotli: await read(`${name}.br`) }),
  };
  return [name.split(sep).join('/'), asset];
}

/**
 * Reads a whole build into memory: a megabyte or two, from which every later request is answered. What is not in the map is
 * nothing that can be asked for, whatever a path says.
 */
export async function readDashboard(folder: string): Promise<Dashboard> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const names = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name).slice(folder.length));
  const all = new Set(names.map((name) => (name.startsWith(sep) ? name.slice(1) : name)));
  const served = [...all].filter((name) => name !== 'index.html' && !/\.(gz|br)$/.test(name));
  return {
    assets: new Map(await Promise.all(served.map((name) => readAsset(folder, name, all)))),
    index: await readFile(join(folder, 'index.html'), 'utf8'),
  };
}
