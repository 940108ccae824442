import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Browser, openBrowser } from './browser.js';
import { aFolder } from './folder.js';
import { aServer, expectClean, signedIn } from './support.js';

let browser: Browser;
beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(() => browser?.close());

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
