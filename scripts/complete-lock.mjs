// Adds to package-lock.json the optional packages of other platforms that npm left out, as it does when it cannot see them
// (npm/cli#4828, mirrors that carry one platform only). `npm ci` refuses a lock file without them. Run it after `npm install`.
import { readFileSync, writeFileSync } from 'node:fs';
import { at } from './lib/repository.mjs';

const SYSTEMS = ['aix', 'android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'openharmony', 'sunos', 'win32'];
const PROCESSORS = ['arm', 'arm64', 'ia32', 'loong64', 'mips64el', 'ppc64', 'riscv64', 's390x', 'wasm32', 'x64'];

/** `@rollup/rollup-linux-arm-musleabihf` → its place in the words npm uses. Without it npm would install the package everywhere. */
function platformOf(name) {
  const words = name.split('/').at(-1).split('-');
  const os = words.filter((word) => SYSTEMS.includes(word));
  const cpu = words.filter((word) => PROCESSORS.includes(word));
  if (cpu[0] === 'wasm32') return { cpu: ['wasm32'] }; // runs anywhere, so it names no system
  if (os.length !== 1 || cpu.length !== 1)
    throw new Error(`cannot tell the platform of ${name}: add it to package-lock.json by hand`);
  const libc =
    os[0] === 'linux' && words.map((word) => (/^musl/.test(word) ? 'musl' : /^gnu/.test(word) ? 'glibc' : '')).filter(Boolean);
  return { os, cpu, ...(libc && libc.length > 0 ? { libc } : {}) };
}

/** Whether a package that lies at `path` finds `name` in a node_modules above it. */
function resolves(packages, path, name) {
  for (let folder = path; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')))) {
    if (packages[folder ? `${folder}/node_modules/${name}` : `node_modules/${name}`]) return true;
    if (!folder) return false;
  }
}

/** Names and versions that are asked for and not locked. */
export function missingFrom({ packages }) {
  return Object.entries(packages).flatMap(([path, entry]) =>
    Object.entries(entry.optionalDependencies ?? {})
      .filter(([name]) => !resolves(packages, path, name))
      .map(([name, version]) => ({ name, version, dev: entry.dev === true })),
  );
}

function complete(lock) {
  for (const { name, version, dev } of missingFrom(lock)) {
    lock.packages[`node_modules/${name}`] = { version, ...(dev && { dev }), optional: true, ...platformOf(name) };
  }
  lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => a.localeCompare(b, 'en')));
  return lock;
}

if (process.argv[1] === import.meta.filename) {
  const path = at('package-lock.json');
  const before = readFileSync(path, 'utf8');
  const after = `${JSON.stringify(complete(JSON.parse(before)), null, 2)}\n`;
  if (after !== before) writeFileSync(path, after);
}
