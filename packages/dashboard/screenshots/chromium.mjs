import { randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { createBrotliDecompress } from 'node:zlib';

const CACHE = fileURLToPath(new URL('../../../node_modules/.pipelogiq', import.meta.url));
const require = createRequire(import.meta.url);
const PACKAGE = join(dirname(require.resolve('@sparticuz/chromium')), '../..');

/**
 * The Chromium from npm, unpacked once beside what else `npm install` made. The package itself unpacks into the temporary folder, leaves
 * it there, and hands out a file that another process is still writing; here it gets its name when it is whole.
 */
export async function chromiumPath() {
  const { version } = JSON.parse(readFileSync(join(PACKAGE, 'package.json'), 'utf8'));
  const path = join(CACHE, `chromium-${version}`);
  if (existsSync(path)) return path;
  mkdirSync(CACHE, { recursive: true });
  const unpacking = `${path}.${randomUUID()}`;
  try {
    const packed = createReadStream(join(PACKAGE, 'bin/chromium.br'));
    await pipeline(packed, createBrotliDecompress(), createWriteStream(unpacking, { mode: 0o755 }));
    // Never in place of one that another process has unpacked meanwhile: its browser could not start children of a file that is gone.
    if (!existsSync(path)) renameSync(unpacking, path);
  } finally {
    rmSync(unpacking, { force: true });
  }
  return path;
}
