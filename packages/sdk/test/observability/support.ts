import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type ObservabilityOptions, startObservability } from '../../src/observability/index.js';

export type Line = Record<string, unknown> & { message: string; level: string };

/** Observability on a free port, with its lines in a file instead of on the console. Variables of the process do not count. */
export async function aProcess(options: ObservabilityOptions = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'pipelogiq-observability-'));
  onTestFinished(() => rmSync(folder, { recursive: true })); // also when it does not start; last, for hooks run backwards
  const logs = { console: false, file: join(folder, 'worker.json') };
  const observability = await startObservability({
    env: {},
    ...options,
    metrics: options.metrics === false ? false : { port: 0, ...(options.metrics as object) },
    logs: options.logs === false ? false : { ...logs, ...(options.logs as object) },
  });
  onTestFinished(() => observability.shutdown());
  const lines = (): Line[] =>
    readdirSync(folder).flatMap((name) =>
      readFileSync(join(folder, name), 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Line),
    );
  const get = (path: string, init: RequestInit = {}) => fetch(`${observability.url}${path}`, init);
  const metrics = async () => (await get('/metrics')).text();
  const page = async (path: string) => {
    const answer = await get(path);
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
  };
  return { observability, lines, get, page, metrics };
}
