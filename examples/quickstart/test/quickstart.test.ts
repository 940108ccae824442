import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createControlPlane } from '@pipelogiq/server';
import { expect, it, vi } from 'vitest';

const file = fileURLToPath(new URL('../quickstart.mjs', import.meta.url));

it('has no more than 30 lines', async () => {
  const lines = (await readFile(file, 'utf8')).trimEnd().split('\n');
  expect(lines.length).toBeLessThanOrEqual(30);
});

it('is valid JavaScript as it stands', async () => {
  await promisify(execFile)(process.execPath, ['--check', file]);
});

it('runs against a control plane and prints what its README says', async () => {
  const controlPlane = await createControlPlane({ database: ':memory:', port: 0, logLevel: 'warn' });
  const { url } = await controlPlane.listen();
  vi.stubEnv('PIPELOGIQ_URL', url);
  vi.stubEnv('PIPELOGIQ_API_KEY', controlPlane.connection().apiKey);
  const printed = new Promise<string>((resolve) => {
    vi.spyOn(console, 'log').mockImplementation((line: string) => resolve(line));
  });
  try {
    await import('../quickstart.mjs');
    expect(await printed).toMatch(/^completed: HELLO, WORLD – signed by a worker \(trace [0-9a-f]{32}\)$/);
  } finally {
    vi.unstubAllEnvs();
    vi.restoreAllMocks();
    await controlPlane.close();
  }
});
