import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Browser, openBrowser } from './browser.js';
import { aServer, expectClean, type Server, signedIn, takeErrors } from './support.js';

let browser: Browser;
beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(() => browser?.close());

const asks = async ({ url }: Server, key: string, path: string) =>
  (await fetch(`${url}${path}`, { headers: { authorization: `Bearer ${key}` } })).status;

describe('API keys', () => {
  it('makes one with the scopes that were chosen, shows it once, rotates and disables it', async () => {
    const server = await aServer();
    await server.call('POST', '/applications', { name: 'shop' });
    const tab = await signedIn(browser, server, 'settings/keys');
    const { page } = tab;
    await page.getByText('No API key in default yet').waitFor();
    await expectClean(tab, server);

    await page.getByRole('button', { name: 'New key' }).click();
    const form = page.getByRole('dialog', { name: 'New API key' });
    await form.getByRole('button', { name: 'Create' }).click();
    await form.locator('[name=name][aria-invalid=true]').waitFor();
    takeErrors(tab, /422/);
    await expectClean(tab, server);
    await form.getByLabel('Name').fill('reporter');
    await form.getByLabel('produce').uncheck();
    await form.getByLabel('work').uncheck();
    await form.getByLabel('read').check();
    await form.getByLabel('Application').selectOption('shop');
    await form.getByLabel('Expires').selectOption('In 90 days');
    await form.getByRole('button', { name: 'Create' }).click();
    const made = page.getByRole('dialog', { name: 'Key reporter' });
    const first = (await made.locator('code').first().textContent()) ?? '';
    expect(first).toMatch(/^plq_/);
    await made.getByText(`export PIPELOGIQ_API_KEY=${first}`).waitFor();
    await expectClean(tab, server);
    await page.mouse.click(5, 5); // a slip of the hand loses nothing
    await made.getByRole('button', { name: 'Done' }).click();
    await made.waitFor({ state: 'detached' });
    expect(await page.content()).not.toContain(first);
    expect([await asks(server, first, '/pipelines'), await asks(server, first, '/api-keys')]).toEqual([200, 403]);
    const row = page.getByRole('row', { name: /reporter/ });
    expect(await row.getByRole('cell').allTextContents()).toMatchObject([
      expect.stringContaining(first.slice(0, 12)),
      'read',
      'shop',
      'Active',
      expect.any(String),
      'in 89 d',
      expect.any(String),
      '',
    ]);

    await page.getByRole('button', { name: 'Actions for reporter' }).click();
    await page.getByRole('menuitem', { name: 'Rotate…' }).click();
    const question = page.getByRole('dialog', { name: 'Rotate reporter?' });
    await question.getByLabel('The present secret works for').selectOption('A day');
    await question.getByRole('button', { name: 'Rotate' }).click();
    const rotated = page.getByRole('dialog', { name: 'New secret of reporter' });
    const second = (await rotated.locator('code').first().textContent()) ?? '';
    await rotated.getByText('The secret before it works until').waitFor();
    await rotated.getByRole('button', { name: 'Done' }).click();
    await row.getByText('old secret in 23 h').waitFor();
    expect(second).not.toBe(first);
    expect([await asks(server, first, '/pipelines'), await asks(server, second, '/pipelines')]).toEqual([200, 200]);

    await page.getByRole('button', { name: 'Actions for reporter' }).click();
    await page.getByRole('menuitem', { name: 'Disable…' }).click();
    expect(await asks(server, second, '/pipelines')).toBe(200); // it asks first
    await page.getByRole('dialog').getByRole('button', { name: 'Disable' }).click();
    await row.getByText('Disabled').waitFor();
    expect([await asks(server, first, '/pipelines'), await asks(server, second, '/pipelines')]).toEqual([401, 401]);
    expect(await page.getByRole('button', { name: 'Actions for reporter' }).count()).toBe(0);
    await expectClean(tab, server);
  });
});
