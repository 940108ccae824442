import { chmodSync, cpSync, existsSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { at, hashOf, readStamp, workspaces, writeStamp } from './repository.mjs';
import { lastLines, runQuietly, ScriptError, say } from './run.mjs';

const SHARED = ['tsup.config.ts', 'tsconfig.base.json', 'scripts/lib/build.mjs', 'packages/protocol/src'];

function filesOf(folder, ending) {
  return readdirSync(folder, { recursive: true })
    .map(String)
    .filter((name) => ending.test(name));
}

/** The protocol package is private: no name of it may be left in what is published. */
function assertSelfContained(folder) {
  const leaks = filesOf(folder, /\.(c?js|d\.c?ts)$/).filter((name) =>
    /(from|import|require)\s*\(?['"]@pipelogiq\/protocol/.test(readFileSync(`${folder}/${name}`, 'utf8')),
  );
  if (leaks.length > 0) throw new ScriptError(`@pipelogiq/protocol is not inlined in ${leaks.join(', ')} of ${folder}`);
}

/** A program that runs from `dist` never finds it half written. */
function swap(folder) {
  rmSync(`${folder}.old`, { recursive: true, force: true });
  if (existsSync(folder)) renameSync(folder, `${folder}.old`);
  renameSync(`${folder}.new`, folder);
  rmSync(`${folder}.old`, { recursive: true, force: true });
}

const DASHBOARD = at('packages/dashboard/dist');

/** The dashboard's files, to where the server of this `dist` looks for them. */
const placeDashboard = (dist) => cpSync(DASHBOARD, `${dist}/dashboard`, { recursive: true });

/** The single-page application, made by Vite; the server package serves and publishes it. */
async function buildDashboard() {
  const folder = at('packages/dashboard');
  const env = { ...process.env, OUT_DIR: `${DASHBOARD}.new`, NODE_ENV: 'production' };
  const { code, output } = await runQuietly(process.execPath, [at('node_modules/vite/bin/vite.js'), 'build'], {
    cwd: folder,
    env,
  });
  if (code !== 0) {
    rmSync(`${DASHBOARD}.new`, { recursive: true, force: true });
    throw new ScriptError('Building packages/dashboard failed.', lastLines(output, 40));
  }
  swap(DASHBOARD);
  const server = at('packages/server/dist');
  if (!existsSync(server)) return; // its own build takes the files along
  cpSync(DASHBOARD, `${server}/dashboard.new`, { recursive: true });
  swap(`${server}/dashboard`);
}

/** Builds beside `dist` and swaps. */
async function buildPackage(name, types) {
  const folder = at('packages', name);
  const fresh = `${folder}/dist.new`;
  const env = { ...process.env, TYPES: types ? '1' : '0' };
  const tsup = [at('node_modules/tsup/dist/cli-default.js'), '--config', '../../tsup.config.ts', '--out-dir', 'dist.new'];
  const { code, output } = await runQuietly(process.execPath, tsup, { cwd: folder, env });
  if (code !== 0) {
    rmSync(fresh, { recursive: true, force: true });
    throw new ScriptError(`Building packages/${name} failed.`, lastLines(output, 40));
  }
  assertSelfContained(fresh);
  if (existsSync(`${fresh}/cli.js`)) chmodSync(`${fresh}/cli.js`, 0o755);
  if (name === 'server') placeDashboard(fresh);
  swap(`${folder}/dist`);
}

/** Examples are compiled file by file; their imports of packages stay. */
async function buildExample(folder) {
  const { build } = await import('esbuild');
  const sources = filesOf(at(folder, 'src'), /\.ts$/).map((name) => at(folder, 'src', name));
  rmSync(at(folder, 'dist'), { recursive: true, force: true });
  try {
    await build({
      entryPoints: sources,
      outdir: at(folder, 'dist'),
      outbase: at(folder, 'src'),
      format: 'esm',
      platform: 'node',
      target: 'node20',
      logLevel: 'silent',
      sourcemap: true,
    });
  } catch (error) {
    throw new ScriptError(`Building ${folder} failed.`, error.message);
  }
  for (const asset of filesOf(at(folder, 'src'), /\.(html|css|svg|json)$/))
    cpSync(at(folder, 'src', asset), at(folder, 'dist', asset));
}

function targets() {
  const aPackage = (name) => ({
    name,
    folder: `packages/${name}`,
    sources: [...SHARED, `packages/${name}/src`, `packages/${name}/package.json`],
    build: (types) => buildPackage(name, types),
  });
  const own = ['src', 'public', 'index.html', 'vite.config.ts', 'package.json'].map((path) => `packages/dashboard/${path}`);
  const dashboard = {
    name: 'dashboard',
    folder: 'packages/dashboard',
    sources: ['scripts/lib/build.mjs', 'packages/protocol/src', ...own],
    build: buildDashboard,
  };
  const packages = [aPackage('sdk'), dashboard, aPackage('server')]; // the server takes the dashboard along
  const examples = workspaces()
    .filter((folder) => folder.startsWith('examples/') && existsSync(at(folder, 'src')))
    .map((folder) => ({
      name: folder.slice('examples/'.length),
      folder,
      sources: ['scripts/lib/build.mjs', `${folder}/src`],
      build: () => buildExample(folder),
    }));
  return [...packages, ...examples];
}

const stampOf = (target) => `build-${target.name}`;

function isFresh(target, types) {
  const stamp = existsSync(at(target.folder, 'dist')) ? readStamp(stampOf(target)) : undefined;
  const hash = hashOf(target.sources);
  return stamp === `${hash} with types` || (!types && stamp === hash);
}

/**
 * Builds what is missing or older than its sources; everything when `force` is set. Types are most of the work, and only
 * who packs the packages needs them.
 */
export async function ensureBuilt({ force = false, types = false } = {}) {
  const stale = targets().filter((target) => force || !isFresh(target, types));
  if (stale.length === 0) return;
  say(`Building ${stale.map((target) => target.name).join(', ')}…`);
  for (const target of stale) {
    const hash = hashOf(target.sources); // before: an edit during the build counts for the next one
    await target.build(types);
    writeStamp(stampOf(target), types ? `${hash} with types` : hash);
  }
}
