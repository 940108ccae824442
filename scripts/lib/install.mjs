import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { at, hashOf, readStamp, workspaces, writeStamp } from './repository.mjs';
import { lastLines, runQuietly, ScriptError, say } from './run.mjs';

const COMPILER_HINT =
  'better-sqlite3 could not be installed: its file for this platform comes from github.com, or is compiled with python3, make and g++ (Debian, Ubuntu: apt-get install python3 make g++; macOS: xcode-select --install) and headers from nodejs.org.';

/** Dependencies as wanted, and the ABI that better-sqlite3 was compiled for. */
const wanted = () =>
  hashOf(['package.json', 'package-lock.json', ...workspaces().map((folder) => `${folder}/package.json`)]) +
  process.versions.modules;

/** Whether what npm last installed is what the lock file asks for, so that an `npm install` by hand is not repeated. */
function installedAsLocked() {
  const installed = at('node_modules/.package-lock.json');
  if (!existsSync(installed)) return false;
  const have = JSON.parse(readFileSync(installed, 'utf8')).packages;
  const want = JSON.parse(readFileSync(at('package-lock.json'), 'utf8')).packages;
  const missing = workspaces().filter((folder) => !want[folder]);
  const stale = Object.entries(want).filter(
    ([path, entry]) => path.includes('node_modules/') && !entry.link && !entry.optional && have[path]?.version !== entry.version,
  );
  return missing.length === 0 && stale.length === 0;
}

async function sqliteLoads() {
  const probe = "new (require('better-sqlite3'))(':memory:').close()";
  return (await runQuietly(process.execPath, ['-e', probe], { cwd: at('packages/server') })).code === 0;
}

async function install() {
  say('Installing dependencies (about 2 minutes the first time)…');
  const { code, output } = await runQuietly('npm', ['ci', '--no-audit', '--no-fund'], { cwd: at() });
  if (code === 0) return;
  mkdirSync(at('.pipelogiq'), { recursive: true });
  writeFileSync(at('.pipelogiq/install.log'), output);
  if (/better-sqlite3/.test(output) && /gyp|prebuild-install/.test(output))
    throw new ScriptError(`${COMPILER_HINT} Details: .pipelogiq/install.log`);
  throw new ScriptError('npm ci failed; all of its output is in .pipelogiq/install.log', lastLines(output, 20));
}

/** Installs when node_modules is missing or is not what package.json and package-lock.json ask for. */
export async function ensureInstalled() {
  if (readStamp('install') === wanted()) return;
  if (!(installedAsLocked() && (await sqliteLoads()))) {
    await install();
    if (!(await sqliteLoads())) throw new ScriptError(COMPILER_HINT);
  }
  writeStamp('install', wanted());
}
