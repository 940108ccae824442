import { readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';
import { remove, removeAtExit } from './processes.js';

const SERVER = fileURLToPath(new URL('../../../packages/server', import.meta.url));
const PROTOCOL = fileURLToPath(new URL('../../../packages/protocol/src/index.ts', import.meta.url));
/** Inside the package, so that what stays outside of the bundle is found; in node_modules, so that nobody takes it for source. */
const FOLDER = `${SERVER}/node_modules/.pipelogiq-mutants`;

/** A protection taken out of a file of the server's sources. */
export interface Removal {
  /** Path under packages/server/src. */
  file: string;
  find: string;
  replace: string;
}

/** A server without some protection: what shows that a test would notice its absence. */
export interface Mutant {
  cli: string;
  remove(): void;
}

/**
 * Builds the server's command from its sources, with each `find` replaced.
 *
 * @throws Error when a `find` is not there exactly once: the protection has moved, and the control must follow it
 */
export async function buildMutant(name: string, removals: readonly Removal[]): Promise<Mutant> {
  const outfile = `${FOLDER}/${name}-${process.pid}-${Math.random().toString(36).slice(2)}.mjs`;
  await mkdir(dirname(outfile), { recursive: true });
  removeAtExit(outfile);
  const removed = new Set<Removal>();
  await build({
    entryPoints: [`${SERVER}/src/cli/main.ts`],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    packages: 'external',
    alias: { '@pipelogiq/protocol': PROTOCOL },
    logLevel: 'silent',
    plugins: [without(removals, removed)],
  });
  for (const removal of removals) {
    if (!removed.has(removal)) throw new Error(`${removal.file} is no part of the server`);
  }
  return { cli: outfile, remove: () => remove(outfile) };
}

function without(removals: readonly Removal[], removed: Set<Removal>): Plugin {
  return {
    name: 'without-protection',
    setup({ onLoad }) {
      onLoad({ filter: /packages\/server\/src\/.*\.ts$/ }, ({ path }) => {
        const here = removals.filter(({ file }) => resolve(SERVER, 'src', file) === path);
        if (here.length === 0) return undefined;
        let contents = readFileSync(path, 'utf8');
        for (const removal of here) {
          const parts = contents.split(removal.find);
          if (parts.length !== 2) {
            throw new Error(`${relative(SERVER, path)} has ${parts.length - 1} times what is to be taken out: ${removal.find}`);
          }
          contents = parts.join(removal.replace);
          removed.add(removal);
        }
        return { contents, loader: 'ts' };
      });
    },
  };
}
