import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { LogFiles } from './log-files.js';
import { type Category, createLogger } from './logging.js';

const DAY_MS = 86_400_000;
const KEPT = { job: 30, scheduler: 14, runner: 14, security: 365, errors: 90, debug: 1 };

function aLog() {
  const folder = mkdtempSync(join(tmpdir(), 'pipelogiq-log-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const state = { now: Date.UTC(2030, 0, 1, 12), errors: [] as unknown[] };
  const now = () => state.now;
  const onError = (error: unknown) => void state.errors.push(error);
  const files = new LogFiles({ path: join(folder, 'logs', 'server.json'), keepDays: KEPT, now, onError });
  onTestFinished(() => files.close());
  const log = createLogger({ level: 'trace', service: 's', clock: { now }, destination: files });
  return { log, files, state, folder: join(folder, 'logs') };
}

it('keeps lines of each category for its own days, though nothing more is written of it', () => {
  const { log, files, state, folder } = aLog();
  const begun = state.now;
  for (const category of Object.keys(KEPT) as Category[]) log.info({ category }, category);
  const left = () =>
    readdirSync(folder)
      .filter((name) => name.endsWith('-2030-01-01.json'))
      .map((name) => name.split('-')[1]);
  expect(left().sort()).toEqual(Object.keys(KEPT).sort());
  for (const [days, kept] of [
    [1, ['debug', 'errors', 'job', 'runner', 'scheduler', 'security']],
    [2, ['errors', 'job', 'runner', 'scheduler', 'security']],
    [14, ['errors', 'job', 'runner', 'scheduler', 'security']],
    [15, ['errors', 'job', 'security']],
    [31, ['errors', 'security']],
    [91, ['security']],
    [366, []],
  ] as const) {
    state.now = begun + days * DAY_MS;
    files.prune();
    expect([days, left().sort()]).toEqual([days, kept]);
  }
  expect(state.errors).toEqual([]);
});

it('puts a line where its category says, by the level where nobody said, and unknown ones to those of the scheduler', () => {
  const { log, folder } = aLog();
  log.info({ category: 'job' }, 'one');
  log.debug({}, 'two');
  log.error({}, 'three');
  log.child({ category: 'runner' }).warn({}, 'four');
  // @ts-expect-error: none of the categories that docs/operations.md has, whoever writes the line
  log.info({ category: '../../etc' }, 'five');
  const messages = Object.fromEntries(
    readdirSync(folder).map((name) => [name.split('-')[1], JSON.parse(readFileSync(join(folder, name), 'utf8')).message]),
  );
  expect(messages).toEqual({ job: 'one', debug: 'two', errors: 'three', runner: 'four', scheduler: 'five' });
});

it('has nothing to delete before anything was written', () => {
  const { files, state } = aLog();
  files.prune();
  expect(state.errors).toEqual([]);
});
