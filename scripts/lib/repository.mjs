import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');
export const at = (...path) => join(root, ...path);

/** Folders with a package.json, as the workspaces of the root package.json name them. */
export function workspaces() {
  const patterns = JSON.parse(readFileSync(at('package.json'), 'utf8')).workspaces;
  const folders = patterns.flatMap((pattern) => {
    if (!pattern.endsWith('/*')) return [pattern];
    const parent = pattern.slice(0, -2);
    return existsSync(at(parent)) ? readdirSync(at(parent)).map((name) => `${parent}/${name}`) : [];
  });
  return folders.filter((folder) => existsSync(at(folder, 'package.json'))).sort();
}

function filesUnder(path) {
  const entries = readdirSync(at(path), { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  return entries.flatMap((entry) => (entry.isDirectory() ? filesUnder(`${path}/${entry.name}`) : [`${path}/${entry.name}`]));
}

/** SHA-256 over names and contents of files and folders; what is missing counts as such. Tests are left out. */
export function hashOf(paths) {
  const hash = createHash('sha256');
  for (const path of paths) {
    const files = !existsSync(at(path)) ? [] : /\.[a-z]+$/.test(path) ? [path] : filesUnder(path);
    for (const file of files.filter((name) => !name.endsWith('.test.ts')))
      hash
        .update(`${file}\0`)
        .update(readFileSync(at(file)))
        .update('\0');
  }
  return hash.digest('hex');
}

/** Stamps live in node_modules: whoever deletes it starts afresh. */
const stampPath = (name) => at('node_modules/.pipelogiq', `${name}.stamp`);

export const readStamp = (name) => (existsSync(stampPath(name)) ? readFileSync(stampPath(name), 'utf8') : undefined);

export function writeStamp(name, value) {
  mkdirSync(at('node_modules/.pipelogiq'), { recursive: true });
  // Not in place: another copy of the repository may share the file by a hard link.
  writeFileSync(`${stampPath(name)}.new`, value);
  renameSync(`${stampPath(name)}.new`, stampPath(name));
}
