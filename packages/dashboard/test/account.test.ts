import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Browser, openBrowser } from './browser.js';
import { aServer, expectClean, signedIn, takeErrors } from './support.js';

let browser: Browser;
beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(() => browser?.close());

it('sets a password, in words of the server where it is too short, and ends other sessions by it', async () => {
  const server = await aServer();
  const other = await signedIn(browser, server, 'settings/account');
  const tab = await signedIn(browser, server, 'settings/account');
  const { page } = tab;
  const sessions = page.getByRole('region', { name: 'Sessions' });
  await sessions.getByRole('button', { name: /^End the session/ }).waitFor();
  await expectClean(tab, server);
  await page.getByText('At least 10 characters, and not the username.').waitFor();
  await page.getByLabel('New password').fill('short');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('alert').getByText('must have 10 or more characters').waitFor();
  takeErrors(tab, /422/);
  await page.getByLabel('New password').fill('correct horse battery');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByLabel('Present password').waitFor();
  await sessions.getByRole('button', { name: /^End the session/ }).waitFor({ state: 'detached' });
  await other.page.getByRole('link', { name: 'Operations' }).click();
  await other.page.getByRole('heading', { name: 'Sign in' }).waitFor();
  expect(tab.errors).toEqual([]);
});

it('ends a session elsewhere, whose page asks to sign in again', async () => {
  const server = await aServer();
  const other = await signedIn(browser, server, 'settings/account');
  const { page } = await signedIn(browser, server, 'settings/account');
  await page.getByRole('button', { name: /^End the session/ }).click();
  await page.getByText('The session has ended.').waitFor();
  await page.getByRole('button', { name: /^End the session/ }).waitFor({ state: 'detached' });
  await other.page.reload();
  await other.page.getByRole('heading', { name: 'Sign in' }).waitFor();
});
