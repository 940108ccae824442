import type { Invitation, Page as PageOf, User } from '@pipelogiq/protocol';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type Browser, openBrowser } from './browser.js';
import { aServer, expectClean, type Server, signedIn, takeErrors } from './support.js';
import { asViewer } from './viewer.js';

let browser: Browser;
beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(() => browser?.close());

const PASSWORD = 'a horse of another colour';
const userNamed = async ({ call }: Server, username: string) =>
  (await call<PageOf<User>>('GET', '/users')).items.find((user) => user.username === username);

describe('users', () => {
  it('invites a viewer by a link, who chooses a password, looks and may do nothing', async () => {
    const server = await aServer({ passwordCost: 14 });
    const tab = await signedIn(browser, server, 'settings/users');
    const { page } = tab;
    await page.getByRole('button', { name: 'Invite' }).click();
    const form = page.getByRole('dialog', { name: 'Invite somebody' });
    await form.getByLabel('Username').fill('grace');
    await expectClean(tab, server);
    await form.getByRole('button', { name: 'Make the link' }).click();
    const made = page.getByRole('dialog', { name: 'Invitation' });
    const link = (await made.locator('code').first().textContent()) ?? '';
    await expectClean(tab, server);
    await made.getByRole('button', { name: 'Done' }).click();
    await page.getByRole('region', { name: 'Open invitations' }).getByText('grace').waitFor();
    await expectClean(tab, server);

    const other = await browser.page();
    onTestFinished(() => other.context.close());
    await other.page.goto(link);
    await other.page.getByRole('heading', { name: 'Accept the invitation' }).waitFor();
    expect(await other.page.getByLabel('Username').inputValue()).toBe('grace'); // who was invited
    await other.page.getByLabel('Password').fill(PASSWORD);
    await other.page.getByRole('button', { name: 'Make the account' }).click();
    await other.page.getByRole('navigation', { name: 'Main' }).waitFor();
    for (const [path, words] of [
      ['keys', 'Only admins may see API keys'],
      ['users', 'Only admins of all applications may see users'],
    ] as const) {
      await other.page.goto(`${server.url}/dashboard/settings/${path}`);
      await other.page.getByText(words).waitFor();
    }
    const tabs = other.page.getByRole('navigation', { name: 'Settings' });
    expect(await tabs.getByRole('link').allTextContents()).not.toContain('API keys');
    expect(await other.page.getByRole('button', { name: /Invite|New key/ }).count()).toBe(0);
    await expectClean(other, server);

    await page.reload();
    await page.getByRole('row', { name: /grace.*Viewer of all/ }).waitFor();
    expect(await page.getByRole('region', { name: 'Open invitations' }).count()).toBe(0);
  });

  it('changes roles, makes a sign-in link, disables, enables and deletes', async () => {
    const server = await aServer({ passwordCost: 14 });
    await server.call('POST', '/applications', { name: 'shop' });
    const vera = await asViewer(browser, server, 'settings/account');
    const tab = await signedIn(browser, server, 'settings/users');
    const { page } = tab;
    const act = async (item: string) => {
      await page.getByRole('button', { name: 'Actions for vera' }).click();
      await page.getByRole('menuitem', { name: item }).click();
    };

    await act('Change roles…');
    const roles = page.getByRole('dialog', { name: 'Roles of vera' });
    await roles.getByLabel('Role for all applications').selectOption('');
    await roles.getByLabel('Add an application').selectOption('shop');
    await roles.getByLabel('Role in shop').selectOption('operator');
    await expectClean(tab, server);
    await roles.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('row', { name: /vera.*Operator in shop/ }).waitFor();
    expect(await userNamed(server, 'vera')).toMatchObject({
      role: null,
      applications: [{ application: 'shop', role: 'operator' }],
    });

    await act('Sign-in link…');
    await page.getByRole('dialog').getByRole('button', { name: 'Make the link' }).click();
    const link = page.getByRole('dialog', { name: 'Sign-in link of vera' });
    expect(await link.locator('code').first().textContent()).toMatch(`${server.url}/dashboard/sign-in#token=`);
    await link.getByRole('button', { name: 'Done' }).click();

    await act('Disable…');
    await page.getByRole('dialog').getByRole('button', { name: 'Disable' }).click();
    await page.getByRole('row', { name: /vera.*Disabled/ }).waitFor();
    await vera.page.reload();
    await vera.page.getByRole('heading', { name: 'Sign in' }).waitFor();
    await act('Enable');
    await page.getByRole('row', { name: /vera.*Active/ }).waitFor();

    await act('Delete…');
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('row', { name: /vera/ }).waitFor({ state: 'detached' });
    expect(await userNamed(server, 'vera')).toBeUndefined();
    await expectClean(tab, server);
  });

  it('keeps the last owner, in words of the server, and revokes an invitation', async () => {
    const server = await aServer();
    await server.call('POST', '/users/invitations', { role: 'viewer' });
    const tab = await signedIn(browser, server, 'settings/users');
    const { page } = tab;
    await page.getByRole('button', { name: /^Actions for/ }).click();
    await page.getByRole('menuitem', { name: 'Delete…' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('alert').getByText('This is the last owner').waitFor();
    takeErrors(tab, /409/);
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('button', { name: 'Revoke the invitation' }).click();
    await page.getByRole('region', { name: 'Open invitations' }).waitFor({ state: 'detached' });
    expect((await server.call<PageOf<Invitation>>('GET', '/users/invitations')).items).toEqual([]);
  });
});
