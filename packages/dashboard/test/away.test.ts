import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type Browser, openBrowser } from './browser.js';
import { aServer, signedIn, takeErrors } from './support.js';

let browser: Browser;
beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(() => browser?.close());

const NO_ANSWER =
  /ERR_(CONNECTION|INCOMPLETE|EMPTY|INTERNET)\w*|Failed to load resource|Failed to fetch dynamically imported|PageUnreachable: The server cannot be reached/;

function aFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'pipelogiq-dashboard-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'test.db');
}

describe('while the server is away', () => {
  it('pages keep what they know, say of the rest that it could not be read, and have all of it when the server is back', async () => {
    const database = aFile();
    const server = await aServer({ database });
    const { id } = await server.call<{ id: string }>('POST', '/pipelines', { name: 'order', stages: [{ name: 'one' }] });
    const tab = await signedIn(browser, server, 'pipelines');
    const { page } = tab;
    await page.getByRole('link', { name: /^order/ }).click();
    await page.getByRole('button', { name: /one Pending/ }).waitFor(); // all of it is read
    await page.goBack();
    await page.getByRole('link', { name: /^order/ }).waitFor();
    await page.locator('[data-state-live=live]').first().waitFor();
    await server.controlPlane.close();
    await page
      .getByText(/^(Reconnecting|Offline)$/)
      .first()
      .waitFor();

    await page.getByRole('link', { name: /^order/ }).click(); // read before: it stands
    await page.getByRole('heading', { name: `order ${id}` }).waitFor();
    await page.getByRole('tab', { name: 'Logs' }).click(); // never read
    const failed = page.getByRole('alert').filter({ hasText: 'This could not be loaded' });
    await failed.getByText('The server cannot be reached').waitFor();
    await failed.getByRole('button', { name: 'Try again' }).click();
    await failed.waitFor();
    await page.getByRole('link', { name: 'Workers' }).click(); // not even its program
    const unread = page.getByRole('alert').filter({ hasText: 'This page could not be loaded' });
    await unread.getByRole('button', { name: 'Try again' }).click();
    await unread.getByText('The server cannot be reached').waitFor();
    expect(await page.locator('main table').count()).toBe(0);
    await page.goBack();
    await page.getByRole('heading', { name: `order ${id}` }).waitFor();
    await failed.waitFor();

    const back = await aServer({ database }, Number(new URL(server.url).port));
    await page.locator('[data-state-live=live]').first().waitFor();
    await failed.waitFor({ state: 'detached' });
    await back.call('POST', `/pipelines/${id}/cancel`);
    await page.getByText('Cancelled', { exact: true }).first().waitFor();
    await page.getByRole('link', { name: 'Workers' }).click();
    await page.getByText('No worker is online').waitFor();
    takeErrors(tab, NO_ANSWER);
  });
});
