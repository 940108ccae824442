import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

/** As somebody's own folder after `npm install @pipelogiq/sdk`. */
export function aFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'pipelogiq-first-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  symlinkSync(fileURLToPath(new URL('../../../node_modules', import.meta.url)), join(folder, 'node_modules'));
  return folder;
}
