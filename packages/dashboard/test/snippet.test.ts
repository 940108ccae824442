import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { type Browser, openBrowser } from './browser.js';
import { aFolder } from './folder.js';
import { aServer, expectClean, signedIn } from './support.js';

let browser: Browser;
beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(() => browser?.close());

/** As it is shown, beside the SDK; with a key in the environment, as most people will have it. */
async function pasted(page: Page, label: string, { url, key }: { url: string; key: string }) {
  const folder = aFolder();
  const code = await page.getByRole('region', { name: label, exact: true }).textContent();
  writeFileSync(join(folder, 'pasted.mjs'), code ?? '');
  const env = { ...process.env, PIPELOGIQ_URL: url, PIPELOGIQ_API_KEY: key };
  const program = execFile(process.execPath, ['pasted.mjs'], { cwd: folder, env });
  let said = '';
  program.stderr?.on('data', (chunk) => (said += chunk));
  onTestFinished(() => void program.kill('SIGKILL'));
  const ended = once(program, 'close').then(([code, signal]) => ({ code, signal, said }));
  return { program, ended };
}

const WELL = { code: 0, signal: null, said: '' };

it('the program of the page of workers shows up there', async () => {
  const server = await aServer();
  const { key } = await server.call<{ key: string }>('POST', '/api-keys', { name: 'worker', scopes: ['work'] });
  const { page } = await signedIn(browser, server, 'workers');
  const worker = await pasted(page, 'worker', { url: server.url, key });
  const isThere = page.getByRole('link', { name: 'worker-1' }).waitFor();
  expect(await Promise.race([isThere, worker.ended])).toBeUndefined();
  worker.program.kill('SIGTERM');
  expect(await worker.ended).toEqual(WELL);
});

it('the program of the page of schedules makes one', async () => {
  const server = await aServer();
  const { key } = await server.call<{ key: string }>('POST', '/api-keys', { name: 'operator', scopes: ['operate', 'produce'] });
  const { page } = await signedIn(browser, server, 'schedules');
  const made = await pasted(page, 'schedule', { url: server.url, key });
  expect(await made.ended).toEqual(WELL);
  await page.getByRole('link', { name: 'nightly report' }).waitFor();
});

it('runs as it was pasted, and the page that showed it shows what it did', async () => {
  const server = await aServer();
  const tab = await signedIn(browser, server);
  const { page } = tab;
  await page.getByRole('button', { name: 'Put an API key in' }).click();
  const program = page.getByRole('region', { name: 'program' });
  await program.getByText('plq_').waitFor();
  const folder = aFolder();
  writeFileSync(join(folder, 'first.mjs'), (await program.textContent()) ?? '');
  const { PIPELOGIQ_URL: _url, PIPELOGIQ_API_KEY: _key, ...env } = process.env;
  const { stdout } = await promisify(execFile)(process.execPath, ['first.mjs'], { cwd: folder, env });
  expect(stdout).toBe('HELLO, WORLD – signed by a worker\n');
  await page.getByRole('region', { name: 'Latest pipelines' }).getByText('Completed').waitFor();
  await expectClean(tab, server);
});
