import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createControlPlane } from '@pipelogiq/server';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type Browser, openBrowser } from './browser.js';
import { aServer, callsOf, expectClean, type Server, signedIn, takeErrors } from './support.js';

let browser: Browser;
beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(() => browser?.close());

describe('the shell', () => {
  it('is walked by keyboard: first the way past the navigation, then all of it', async () => {
    const server = await aServer();
    const { page } = await signedIn(browser, server);
    await page.keyboard.press('Tab');
    expect(await page.locator(':focus').textContent()).toBe('Skip to the page');
    await page.keyboard.press('Enter');
    expect(await page.evaluate('document.activeElement.tagName')).toBe('MAIN');
    await page.getByRole('link', { name: 'Settings' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Account', level: 2 }).waitFor();
  });

  it('shows charts in a browser whose language is no language tag, as on a machine with the locale C', async () => {
    const server = await aServer();
    await server.call('POST', '/pipelines', { name: 'order', stages: [{ name: 'charge', handler: 'charge-card' }] });
    const tab = await signedIn(browser, server);
    await tab.context.addInitScript("Object.defineProperty(Navigator.prototype, 'language', { get: () => 'en-US@posix' })");
    await tab.page.reload();
    await tab.page.getByRole('region', { name: 'Handlers' }).getByText('charge-card').waitFor();
    expect(await tab.page.evaluate('navigator.language')).toBe('en');
    await expectClean(tab, server);
  });

  it('keeps the theme that was chosen', async () => {
    const server = await aServer();
    const { page } = await signedIn(browser, server, 'operations', { theme: 'light' });
    await page.getByRole('button', { name: /^Account of/ }).click();
    await page.getByRole('menuitem', { name: 'Dark' }).click();
    await page.locator('html[data-theme=dark]').waitFor({ state: 'attached' });
    await page.reload();
    await page.getByRole('heading', { name: 'Operations' }).first().waitFor();
    expect(await page.evaluate('document.documentElement.dataset.theme')).toBe('dark');
  });

  it('acts in the application that was chosen', async () => {
    const server = await aServer();
    await server.call('POST', '/applications', { name: 'shop' });
    await server.call('POST', '/pipelines', { name: 'of-default', stages: [{ name: 'one', handler: 'one' }] });
    const { page } = await signedIn(browser, server);
    await page.getByRole('region', { name: 'Latest pipelines' }).getByText('of-default').waitFor();
    await page.getByRole('button', { name: 'Application default' }).click();
    await page.getByRole('menuitem', { name: 'shop' }).click();
    await page.getByText('Waiting for the first pipeline of shop').waitFor();
    await page.reload();
    await page.getByText('Waiting for the first pipeline of shop').waitFor();
  });

  it('has its navigation in a drawer on a phone, and nothing wider than the screen', async () => {
    const server = await aServer();
    await server.call('POST', '/pipelines', { name: 'order', stages: [{ name: 'charge', handler: 'charge-card' }] });
    const tab = await signedIn(browser, server, 'operations', { width: 390, height: 844 });
    const { page } = tab;
    await page.getByRole('region', { name: 'Handlers' }).getByText('charge-card').waitFor();
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390);
    await expectClean(tab, server);
    await page.getByRole('button', { name: 'Menu' }).click();
    await expectClean(tab, server);
    await page.getByRole('link', { name: 'Settings' }).click();
    await page.getByRole('heading', { name: 'Account', level: 2 }).waitFor();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390);
  });

  it('says when the server is away, keeps what it knows, and catches up when it is back', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'pipelogiq-dashboard-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const server = await aServer({ database: join(folder, 'test.db') });
    await server.call('POST', '/pipelines', { name: 'before', stages: [{ name: 'one', handler: 'one' }] });
    const tab = await signedIn(browser, server);
    const { page } = tab;
    const latest = page.getByRole('region', { name: 'Latest pipelines' });
    await page.locator('[data-state-live=live]').first().waitFor();
    await latest.getByText('before').waitFor();
    await server.controlPlane.close();
    await page
      .getByText(/^(Reconnecting|Offline)$/)
      .first()
      .waitFor();
    await latest.getByText('before').waitFor();
    const back = await aServer({ database: join(folder, 'test.db') }, Number(new URL(server.url).port));
    await back.call('POST', '/pipelines', { name: 'meanwhile', stages: [{ name: 'one', handler: 'one' }] });
    await page.locator('[data-state-live=live]').first().waitFor();
    await latest.getByText('meanwhile').waitFor();
    takeErrors(
      tab,
      /ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_EMPTY_RESPONSE|ERR_CONNECTION_RESET|Failed to load resource/,
    );
  });

  it('says so where nothing is', async () => {
    const server = await aServer();
    const tab = await signedIn(browser, server, 'settings/account');
    await tab.page.goto(`${server.url}/dashboard/settings/no-such-page`);
    await tab.page.getByRole('heading', { name: 'Not found', level: 1 }).waitFor();
    const title = tab.page.getByText('There is no such page');
    await title.waitFor();
    const middleOf = (part: typeof title) =>
      part.evaluate((element) => {
        const { left, right } = element.getBoundingClientRect();
        return Math.round((left + right) / 2);
      });
    expect(await middleOf(tab.page.getByRole('link', { name: 'To Operations' }))).toBe(await middleOf(title));
    await expectClean(tab, server);
    await tab.page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Workers' }).click();
    await tab.page.getByRole('heading', { name: 'Workers', level: 1 }).waitFor();
    await tab.page.goto(`${server.url}/dashboard/no/such/page`);
    await title.waitFor();
  });
});

/** As a service mounts it: the prefix is cut off, and kept beside. */
async function mounted(prefix: string): Promise<Server> {
  const controlPlane = await createControlPlane({ database: ':memory:', logLevel: 'silent', env: {} });
  onTestFinished(() => controlPlane.close());
  const server = createServer((req: IncomingMessage & { originalUrl?: string }, res) => {
    const path = req.url ?? '/';
    if (!path.startsWith(`${prefix}/`)) {
      res.writeHead(404).end();
      return;
    }
    req.originalUrl = path;
    req.url = path.slice(prefix.length);
    controlPlane.handler(req, res);
  });
  onTestFinished(() => void server.close());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    controlPlane,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${prefix}`,
    call: callsOf(controlPlane),
  };
}

describe('under a prefix of another service', () => {
  it('works as at the root: deep links, calls, events', async () => {
    const server = await mounted('/internal/pipelogiq');
    const tab = await signedIn(browser, server, 'settings/account');
    await tab.page.getByRole('region', { name: 'Sessions' }).getByText('This one').waitFor();
    await tab.page.getByRole('link', { name: 'Operations' }).click();
    await tab.page.locator('[data-state-live=live]').first().waitFor();
    await server.call('POST', '/pipelines', { name: 'inside', stages: [{ name: 'one', handler: 'one' }] });
    await tab.page.getByRole('region', { name: 'Latest pipelines' }).getByText('inside').waitFor();
    expect(tab.page.url()).toBe(`${server.url}/dashboard/operations`);
    await expectClean(tab, server); // no request left the prefix
  });
});
