import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

export type LogLine = { [field: string]: unknown };

/** Where a server of the test may write its log, and what it wrote. */
export function aLogFile(): { logFile: string; lines(): LogLine[]; text(): string; names(): string[] } {
  const folder = mkdtempSync(join(tmpdir(), 'pipelogiq-log-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const text = () =>
    readdirSync(folder)
      .map((name) => readFileSync(join(folder, name), 'utf8'))
      .join('');
  const lines = () =>
    text()
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as LogLine);
  return { logFile: join(folder, 'server.json'), lines, text, names: () => readdirSync(folder).sort() };
}
