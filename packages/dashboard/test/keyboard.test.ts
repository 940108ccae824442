import type { InvitationCreated } from '@pipelogiq/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Browser, openBrowser, type WatchedPage } from './browser.js';
import { aServer, expectClean, signedIn } from './support.js';

let browser: Browser;
beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(() => browser?.close());

const focused = ({ page }: WatchedPage): Promise<string> =>
  page.evaluate(`(() => {
    const at = document.activeElement;
    if (!at || at === document.body) return 'nothing';
    const label = at.getAttribute('aria-label') ?? at.labels?.[0]?.textContent ?? at.textContent ?? '';
    return at.tagName.toLowerCase() + ' ' + label.trim();
  })()`);

async function opened(tab: WatchedPage, button: string | RegExp, item?: string | RegExp): Promise<void> {
  await tab.page.getByRole('button', { name: button }).first().focus();
  await tab.page.keyboard.press('Enter');
  if (item) {
    await tab.page.getByRole('menuitem', { name: item }).waitFor();
    await tab.page.getByRole('menuitem', { name: item }).focus();
    await tab.page.keyboard.press('Enter');
  }
  await tab.page.getByRole('dialog').waitFor();
}

describe('a dialog', () => {
  // Each seen to fail: the focus was on its cross, and on nothing after it was closed.
  it.each([
    { on: 'settings/keys', button: 'New key', first: 'input Name', back: 'button New key' },
    { on: 'settings/keys', button: /^Actions for/, item: /Rotate/, first: /^(input|select)/, back: /^button Actions for/ },
    { on: 'settings/keys', button: /^Actions for/, item: /Disable/, first: 'button Cancel', back: /^button Actions for/ },
    { on: 'settings/users', button: 'Invite', first: /^input/, back: 'button Invite' },
    { on: 'schedules', button: 'New schedule', first: /^input/, back: 'button New schedule' },
    { on: 'alerts?tab=rules', button: 'New rule', first: /^input/, back: 'button New rule' },
    { on: 'alerts?tab=silences', button: 'New silence', first: /^(input|select)/, back: 'button New silence' },
    { on: 'alerts?tab=channels', button: 'New channel', first: /^button Telegram/, back: 'button New channel' },
    { on: 'pipelines/1', button: 'Cancel', first: /^(input|textarea) Reason/, back: 'button Cancel' },
    { on: 'pipelines/1', button: 'Copy as code', first: 'section command', back: 'button Copy as code' },
  ])('on $on by $button $item begins at $first, and gives the focus back', async ({ on, button, item, first, back }) => {
    const server = await aServer();
    await server.call('POST', '/pipelines', { name: 'order', stages: [{ name: 'charge' }] });
    await server.call('POST', '/api-keys', { name: 'deploy', scopes: ['read'] });
    const tab = await signedIn(browser, server, on);
    await opened(tab, button, item);
    const is = (wanted: string | RegExp) =>
      expect
        .poll(() => focused(tab), { timeout: 10_000 })
        .toEqual(typeof wanted === 'string' ? wanted : expect.stringMatching(wanted));
    await is(first);
    await tab.page.keyboard.press('Escape');
    await tab.page.getByRole('dialog').waitFor({ state: 'detached' });
    await is(back);
    await expectClean(tab, server);
  });

  // Each seen to fail: it went to the page.
  it.each([
    { on: 'settings/keys', button: 'New key', name: 'k', submit: 'Create', back: 'button New key' },
    { on: 'settings/users', button: 'Invite', submit: 'Make the link', back: 'button Invite' },
  ])(
    'on $on after which comes another gives the focus back to what opened the first',
    async ({ on, button, name, submit, back }) => {
      const tab = await signedIn(browser, await aServer(), on);
      await opened(tab, button);
      if (name) await tab.page.getByLabel('Name').fill(name);
      await tab.page.getByRole('dialog').getByRole('button', { name: submit }).press('Enter');
      await tab.page.getByText('It is shown this once').waitFor();
      await tab.page.keyboard.press('Escape');
      await tab.page.getByRole('dialog').waitFor({ state: 'detached' });
      await expect.poll(() => focused(tab), { timeout: 10_000 }).toBe(back);
    },
  );

  it('that asks in two steps goes on at the first field of the second', async () => {
    const tab = await signedIn(browser, await aServer(), 'alerts?tab=channels');
    await opened(tab, 'New channel');
    await tab.page
      .getByRole('dialog')
      .getByRole('button', { name: /^Telegram/ })
      .press('Enter');
    await expect.poll(() => focused(tab), { timeout: 10_000 }).toBe('input Name');
  });

  // Seen to fail: it went back to the button of the menu, behind which the new page was.
  it('that leads to another page leaves the focus there', async () => {
    const { page } = await signedIn(browser, await aServer(), 'operations', { width: 390, height: 844 });
    await page.getByRole('button', { name: 'Menu' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').getByRole('link', { name: 'Workers' }).press('Enter');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.waitForURL('**/workers');
    await page.waitForFunction(`document.activeElement.tagName === 'MAIN'`);
  });

  it('whose control is gone when it closes gives the focus to the page', async () => {
    const server = await aServer();
    const { token } = await server.call<InvitationCreated>('POST', '/users/invitations', { role: 'viewer' });
    await server.call('POST', '/auth/invite', { token, username: 'grace', password: 'a long password of mine' });
    const tab = await signedIn(browser, server, 'settings/users');
    await opened(tab, /^Actions for grace/, /Delete/);
    await tab.page.getByRole('dialog').getByRole('button', { name: 'Delete' }).press('Enter');
    await tab.page.getByRole('dialog').waitFor({ state: 'detached' });
    await expect.poll(() => focused(tab), { timeout: 10_000 }).toMatch(/^main/);
  });
});

// Seen to fail: it went to what stands behind the tab of the page.
it('the first Tab on a page of the settings goes to the link that skips the navigation', async () => {
  const server = await aServer();
  const tab = await signedIn(browser, server, 'settings/keys');
  await tab.page.getByRole('button', { name: 'New key' }).waitFor();
  await tab.page.keyboard.press('Tab');
  expect(await focused(tab)).toBe('button Skip to the page');
});

// Seen to fail: it was behind the right edge.
it('the tab of a page of the settings is in sight on a phone', async () => {
  const { page } = await signedIn(browser, await aServer(), 'settings/server', { width: 320, height: 700 });
  const nav = page.getByRole('navigation', { name: 'Settings' });
  const edges = (of: { boundingBox(): Promise<{ x: number; width: number } | null> }) =>
    of.boundingBox().then((box) => (box ? { left: box.x, right: box.x + box.width } : { left: 0, right: 0 }));
  await expect
    .poll(async () => {
      const [tab, all] = await Promise.all([edges(nav.getByRole('link', { name: 'Server' })), edges(nav)]);
      return tab.right > tab.left && tab.left >= all.left - 1 && tab.right <= all.right + 1;
    })
    .toBe(true);
});
