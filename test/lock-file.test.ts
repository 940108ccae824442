import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { missingFrom } from '../scripts/complete-lock.mjs';

it('locks the packages of every platform, without which npm ci refuses to install (else: node scripts/complete-lock.mjs)', () => {
  const lock = JSON.parse(readFileSync(join(import.meta.dirname, '../package-lock.json'), 'utf8'));
  expect(missingFrom(lock).map(({ name }: { name: string }) => name)).toEqual([]);
  delete lock.packages['node_modules/@esbuild/darwin-arm64'];
  expect(missingFrom(lock)).toEqual([expect.objectContaining({ name: '@esbuild/darwin-arm64' })]);
});
