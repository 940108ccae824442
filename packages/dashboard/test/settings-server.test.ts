import type { AuditEvent, Page as PageOf } from '@pipelogiq/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Browser, openBrowser } from './browser.js';
import { aServer, expectClean, signedIn, takeErrors } from './support.js';
import { asViewer } from './viewer.js';

let browser: Browser;
beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(() => browser?.close());

describe('settings', () => {
  it('make an application, which can be chosen at once', async () => {
    const server = await aServer();
    const tab = await signedIn(browser, server, 'settings/applications');
    const { page } = tab;
    await page.getByRole('row', { name: /default.*Shown/ }).waitFor();
    await page.getByRole('button', { name: 'New application' }).click();
    const form = page.getByRole('dialog', { name: 'New application' });
    await form.getByLabel('Name').fill('default');
    await form.getByRole('button', { name: 'Create' }).click();
    await form.getByRole('alert').getByText('There is an application "default" already.').waitFor();
    takeErrors(tab, /409/);
    await form.getByLabel('Name').fill('shop');
    await form.getByRole('button', { name: 'Create' }).click();
    await page.getByRole('button', { name: 'Show shop' }).click();
    await page.getByRole('button', { name: 'Application shop' }).waitFor();
    await expectClean(tab, server);
  });

  it('tell who did what, a page at a time', async () => {
    const server = await aServer();
    for (let i = 0; i < 55; i += 1) await server.call('POST', '/applications', { name: `app-${i}` });
    const { items } = await server.call<PageOf<AuditEvent>>('GET', '/audit-events?limit=1');
    const tab = await signedIn(browser, server, 'settings/audit');
    const { page } = tab;
    await page.getByRole('row', { name: new RegExp(`application ${items[0]?.target.id}\\b`) }).waitFor();
    await expectClean(tab, server);
    await page.getByRole('button', { name: 'application.create' }).first().click();
    const entry = page.getByRole('dialog', { name: 'application.create' });
    await entry.getByText('"app-54"').waitFor();
    await entry.getByText(items[0]?.requestId ?? 'none').waitFor();
    await expectClean(tab, server);
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Older' }).click();
    await page.getByText('Page 2').waitFor();
    await page.getByRole('row', { name: new RegExp(`application ${items[0]?.target.id}\\b`) }).waitFor({ state: 'detached' });
  });

  it('show the entries that are asked for, and keep the question in the address', async () => {
    const server = await aServer();
    await server.call('POST', '/applications', { name: 'shop' });
    const { id } = await server.call<{ id: string }>('POST', '/api-keys', { name: 'k', scopes: ['read'] });
    const tab = await signedIn(browser, server, 'settings/audit');
    const { page } = tab;
    const rows = page.getByRole('region', { name: 'Audit trail' }).locator('tbody tr');
    await page.getByRole('searchbox', { name: 'Action' }).fill('api_key');
    await expect.poll(() => rows.allInnerTexts()).toEqual([expect.stringContaining('api_key.create')]);
    await page.getByRole('searchbox', { name: 'By' }).fill('local');
    await page.getByRole('searchbox', { name: 'Target' }).fill(`api_key ${id}`);
    await page.getByRole('combobox', { name: 'Time' }).selectOption('1h');
    await expect.poll(() => new URL(page.url()).searchParams.get('target')).toBe(`api_key ${id}`);
    await expect.poll(() => rows.count()).toBe(1);
    await page.reload();
    await expect.poll(() => rows.allInnerTexts()).toEqual([expect.stringContaining('api_key.create')]);
    await page.getByRole('combobox', { name: 'Result' }).selectOption('refused');
    await page.getByText('No entry matches').waitFor();
    await expectClean(tab, server);
  });

  it('say how each part of the server does, and change what it logs', async () => {
    const server = await aServer();
    const tab = await signedIn(browser, server, 'settings/server');
    const { page } = tab;
    const parts = page.getByRole('list', { name: 'Components' });
    await parts.getByRole('listitem').filter({ hasText: 'Database' }).getByText('Healthy').waitFor();
    await page.getByLabel('Log level').selectOption('error');
    await page.getByText('The server logs error and above, until it stops').waitFor();
    expect(await server.call('GET', '/log-level')).toEqual({ level: 'error' });
    await expectClean(tab, server);
  });

  it('show a viewer the server alone', async () => {
    const server = await aServer({ passwordCost: 14 });
    const tab = await asViewer(browser, server, 'settings/server');
    const { page } = tab;
    await page.getByRole('list', { name: 'Components' }).waitFor();
    expect(await page.getByRole('navigation', { name: 'Settings' }).getByRole('link').allTextContents()).toEqual([
      'Account',
      'Server',
    ]);
    expect(await page.getByLabel('Log level').count()).toBe(0);
    for (const [path, words] of [
      ['applications', 'Only admins may see applications'],
      ['audit', 'Only admins may see the audit trail'],
    ] as const) {
      await page.goto(`${server.url}/dashboard/settings/${path}`);
      await page.getByText(words).waitFor();
    }
    await expectClean(tab, server);
  });
});
