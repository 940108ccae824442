import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { DailyFile } from './daily-file.js';

const DAY_MS = 86_400_000;

function aFile(name = 'server.json') {
  const folder = mkdtempSync(join(tmpdir(), 'pipelogiq-log-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const state = { now: Date.UTC(2030, 0, 31, 12), errors: [] as unknown[] };
  const path = join(folder, 'logs', name);
  const onError = (error: unknown) => void state.errors.push(error);
  const file = new DailyFile({ path, keepDays: 2, now: () => state.now, onError });
  onTestFinished(() => file.close());
  return {
    file,
    state,
    folder: join(folder, 'logs'),
    read: (day: string) => readFileSync(join(folder, 'logs', `server-${day}.json`), 'utf8'),
  };
}

it('begins a file each day, appends to one that is there, and deletes those past their days', () => {
  const { file, state, folder, read } = aFile();
  file.write('one\n');
  writeFileSync(join(folder, 'server-2030-01-28.json'), 'old');
  writeFileSync(join(folder, 'server-notes.json'), 'of somebody else');
  file.close();
  file.write('two\n');
  expect(read('2030-01-31')).toBe('one\ntwo\n');
  expect(statSync(join(folder, 'server-2030-01-31.json')).mode & 0o777).toBe(0o640);
  state.now += DAY_MS;
  file.write('three\n');
  state.now -= DAY_MS; // the clock is put right
  file.write('four\n');
  expect(readdirSync(folder).sort()).toEqual(['server-2030-01-31.json', 'server-2030-02-01.json', 'server-notes.json']);
  expect(read('2030-02-01')).toBe('three\nfour\n');
});

it('loses lines when the disk refuses them, says so once, and goes on when it can', () => {
  const { file, state, folder, read } = aFile();
  writeFileSync(folder, 'in the way');
  file.write('lost\n');
  file.write('lost too\n');
  expect(state.errors).toHaveLength(1);
  rmSync(folder);
  file.write('kept\n');
  expect(read('2030-01-31')).toBe('kept\n');
});
