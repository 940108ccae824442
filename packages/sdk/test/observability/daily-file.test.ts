import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { DailyFile } from '../../src/observability/log/daily-file.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pipelogiq-logs-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const at = (day: string) => Date.parse(`${day}T10:00:00Z`);
const failNot = (error: unknown) => {
  throw error;
};

it('begins a file a day, appends to one that is there, and deletes old ones of its own', () => {
  writeFileSync(join(folder, 'worker-2026-01-30.json'), 'before\n');
  writeFileSync(join(folder, 'worker-2025-12-01.json'), 'old\n');
  writeFileSync(join(folder, 'other-2025-12-01.json'), 'not ours\n');
  writeFileSync(join(folder, 'worker-notes.json'), 'not ours\n');
  const file = new DailyFile(join(folder, 'worker.json'), 30, failNot);
  file.write('one\n', at('2026-01-30'));
  file.write('two\n', at('2026-01-31'));
  file.close();
  expect(readdirSync(folder).sort()).toEqual([
    'other-2025-12-01.json',
    'worker-2026-01-30.json',
    'worker-2026-01-31.json',
    'worker-notes.json',
  ]);
  expect(readFileSync(join(folder, 'worker-2026-01-30.json'), 'utf8')).toBe('before\none\n');
  expect(statSync(join(folder, 'worker-2026-01-31.json')).mode & 0o007).toBe(0);
});

it('reports a disk that refuses once, and goes on when it works again', () => {
  const errors: unknown[] = [];
  writeFileSync(join(folder, 'logs'), 'a file where the folder should be');
  const file = new DailyFile(join(folder, 'logs', 'worker.json'), 30, (error) => errors.push(error));
  file.write('lost\n', at('2026-01-30'));
  file.write('lost\n', at('2026-01-30'));
  expect(errors).toHaveLength(1);
  rmSync(join(folder, 'logs'));
  file.write('kept\n', at('2026-01-30'));
  file.close();
  expect(readFileSync(join(folder, 'logs', 'worker-2026-01-30.json'), 'utf8')).toBe('kept\n');
});
