import type { OneTimeLink, Page } from '@pipelogiq/protocol';
import type { Page as Tab } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type Browser, openBrowser } from './browser.js';
import { aServer, aWorker, expectClean, type Server, signedIn, signInPath, takeErrors } from './support.js';

let browser: Browser;
beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(() => browser?.close());

const PASSWORD = 'correct horse battery';

async function tabOf() {
  const tab = await browser.page();
  onTestFinished(() => tab.context.close());
  return tab;
}

/** The server fails at these addresses, under a request that is told, until it is mended. */
async function breaks(page: Tab, addresses: string): Promise<() => void> {
  let broken = true;
  const json = { type: '', title: 'Broken', status: 500, code: 'internal', detail: 'It broke.', requestId: 'request-7' };
  await page.route(addresses, (route) =>
    broken ? route.fulfill({ status: 500, contentType: 'application/problem+json', json }) : route.continue(),
  );
  return () => {
    broken = false;
  };
}

async function setUp(server: Server) {
  const { path } = await server.call<OneTimeLink>('POST', '/users/setup-link', {});
  const tab = await tabOf();
  await tab.page.goto(`${server.url}/${path}`);
  await tab.page.getByRole('heading', { name: "Make the owner's account" }).waitFor();
  return tab;
}

async function makeOwner(server: Server) {
  const tab = await setUp(server);
  await tab.page.getByLabel('Username').fill('ada');
  await tab.page.getByLabel('Password').fill(PASSWORD);
  await tab.page.getByRole('button', { name: 'Make the account' }).click();
  await tab.page.waitForURL('**/operations');
  return tab;
}

describe('the first run', () => {
  it('makes the owner by the link, whose token leaves the address at once, and leads to a page that teaches', async () => {
    const server = await aServer({ passwordMinLength: 12 });
    const tab = await setUp(server);
    expect(tab.page.url()).toBe(`${server.url}/dashboard/setup`);
    await tab.page.getByText('At least 12 characters, and not the username.').waitFor();
    await expectClean(tab, server);
    await tab.page.getByLabel('Username').fill('ada');
    await tab.page.getByLabel('Password').fill(PASSWORD);
    await tab.page.getByRole('button', { name: 'Make the account' }).click();
    await tab.page.getByRole('heading', { name: 'Run the first pipeline' }).waitFor();
    await tab.page.getByRole('button', { name: 'Account of ada' }).waitFor();
    await expectClean(tab, server);
  });

  it('lets in by another try when it could not be read who was made, and makes nobody twice', async () => {
    const server = await aServer();
    const tab = await setUp(server);
    const { page } = tab;
    let posts = 0;
    page.on('request', (request) => {
      if (request.url().endsWith('/auth/setup')) posts += 1;
    });
    const mend = await breaks(page, '**/auth/state');
    await page.getByLabel('Username').fill('ada');
    await page.getByLabel('Password').fill(PASSWORD);
    await page.getByRole('button', { name: 'Make the account' }).click();
    await page.getByRole('alert').getByText('request-7').waitFor();
    expect(await page.getByRole('button', { name: 'Make the account' }).count()).toBe(0); // its link is used up
    takeErrors(tab, /500/);
    await expectClean(tab, server);
    mend();
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByRole('button', { name: 'Account of ada' }).waitFor();
    expect(posts).toBe(1);
  });

  it.each([
    ['setup', 'There is an owner already'],
    ['invite', 'does not work'],
  ] as const)('says at once that a link to %s was used, and leads to where one signs in', async (kind, why) => {
    const server = await aServer();
    await makeOwner(server);
    const { path } = await server.call<OneTimeLink>('POST', '/users/invitations', { username: 'grace', role: 'viewer' });
    const token = path.split('token=')[1]?.split('&')[0];
    if (kind === 'invite') await server.call('POST', '/auth/invite', { token, username: 'grace', password: PASSWORD });
    const tab = await tabOf();
    await tab.page.goto(`${server.url}/dashboard/${kind}#token=${token}`);
    await tab.page.getByRole('alert').getByText(why).waitFor();
    expect(await tab.page.getByLabel('Password').count()).toBe(0);
    takeErrors(tab, /401|409/);
    await expectClean(tab, server);
    await tab.page.getByRole('link', { name: 'Sign in' }).click();
    await tab.page.getByRole('heading', { name: 'Sign in' }).waitFor();
  });

  it('says how to get in when nobody has an account yet', async () => {
    const server = await aServer();
    const tab = await tabOf();
    await tab.page.goto(`${server.url}/dashboard/`);
    await tab.page.getByRole('heading', { name: 'No owner yet' }).waitFor();
    await expectClean(tab, server);
  });

  it('shows figures as soon as the first pipeline arrives, without a reload', async () => {
    const server = await aServer();
    const { page } = await makeOwner(server);
    await page.getByText('Waiting for the first pipeline').waitFor();
    await page.locator('[data-state-live=live]').first().waitFor();
    await server.call('POST', '/pipelines', { name: 'first', stages: [{ name: 'one', handler: 'one' }] });
    await page.getByRole('region', { name: 'Latest pipelines' }).getByText('first').waitFor();
  });
});

describe('signing in', () => {
  it('leads back to where one was going, and tells nothing of why a password is wrong', async () => {
    const server = await aServer();
    await makeOwner(server);
    const tab = await tabOf();
    await tab.page.goto(`${server.url}/dashboard/operations?range=7d`);
    await tab.page.getByRole('heading', { name: 'Sign in' }).waitFor();
    await expectClean(tab, server);
    await tab.page.getByLabel('Username').fill('ada');
    await tab.page.getByLabel('Password').fill('not this one');
    await tab.page.getByRole('button', { name: 'Sign in' }).click();
    await tab.page.getByRole('alert').waitFor();
    takeErrors(tab, /401/);
    await tab.page.getByLabel('Password').fill(PASSWORD);
    await tab.page.getByRole('button', { name: 'Sign in' }).click();
    await tab.page.waitForURL('**/operations?range=7d');
    await tab.page.getByRole('heading', { name: 'Operations', level: 1 }).waitFor();
  });

  // Seen to fail: the page stood as it was, and the token in the address.
  it('works by a link that is put into the tab that shows the page already, also after one that is dead', async () => {
    const server = await aServer();
    const path = await signInPath(server);
    const { page } = await tabOf();
    await page.goto(`${server.url}/dashboard/sign-in`);
    await page.getByLabel('Username').waitFor();
    await page.goto(`${server.url}/dashboard/sign-in#token=dead`);
    await page.getByText('does not work').waitFor();
    expect(page.url()).not.toContain('dead');
    await page.goto(`${server.url}/${path}`);
    await page.waitForURL('**/operations');
  });

  it('works once by a link', async () => {
    const server = await aServer();
    const path = await signInPath(server);
    const first = await tabOf();
    await first.page.goto(`${server.url}/${path}`);
    await first.page.waitForURL('**/operations');
    const second = await tabOf();
    await second.page.goto(`${server.url}/${path}`);
    await second.page.getByRole('alert').waitFor();
    expect(second.page.url()).toBe(`${server.url}/dashboard/sign-in`);
    takeErrors(second, /401|40\d/);
  });

  it('is asked for again when the session has ended, and what was open comes back', async () => {
    const server = await aServer();
    const tab = await makeOwner(server);
    await tab.page.goto(`${server.url}/dashboard/settings/account`);
    await tab.page.getByRole('region', { name: 'Sessions' }).getByText('This one').waitFor();
    await tab.context.clearCookies();
    await tab.page.getByRole('link', { name: 'Operations' }).click();
    await tab.page.getByRole('heading', { name: 'Sign in' }).waitFor();
    await tab.page.getByLabel('Username').fill('ada');
    await tab.page.getByLabel('Password').fill(PASSWORD);
    await tab.page.getByRole('button', { name: 'Sign in' }).click();
    await tab.page.waitForURL('**/operations');
    takeErrors(tab, /401/);
  });

  // Seen to fail: the link that had made the owner was tried once more as one that signs in, and the page of who was gone broke.
  it('ends by signing out, in the tab in which the account was made too', async () => {
    const server = await aServer();
    const tab = await makeOwner(server);
    await tab.page.getByRole('button', { name: 'Account of ada' }).click();
    await tab.page.getByRole('menuitem', { name: 'Sign out' }).click();
    await tab.page.waitForURL('**/sign-in');
    await tab.page.getByLabel('Username').fill('ada');
    expect(await tab.page.getByRole('alert').count()).toBe(0);
    await expectClean(tab, server);
  });

  // Seen to fail: the page of the link and the first page sent each other for ever, and the tab answered nothing any more.
  it('ends by signing out, in the tab that a link had signed in too', async () => {
    const server = await aServer();
    const tab = await tabOf();
    await tab.page.goto(`${server.url}/${await signInPath(server)}`);
    await tab.page.waitForURL('**/operations');
    await tab.page.getByRole('button', { name: /^Account of/ }).click();
    await tab.page.getByRole('menuitem', { name: 'Sign out' }).click();
    await tab.page.waitForURL('**/sign-in');
    await tab.page.getByLabel('Username').fill('owner');
    await expectClean(tab, server);
  });

  it('ends by signing out', async () => {
    const server = await aServer();
    const { page } = await signedIn(browser, server);
    await page.getByRole('button', { name: /^Account of/ }).click();
    await page.getByRole('menuitem', { name: 'Sign out' }).click();
    await page.waitForURL('**/sign-in');
    await page.goto(`${server.url}/dashboard/operations`);
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  });
});

describe('operations', () => {
  it('follow a pipeline while it runs', async () => {
    const server = await aServer();
    await server.call('POST', '/pipelines', { name: 'order', stages: [{ name: 'charge', handler: 'charge-card' }] });
    const tab = await signedIn(browser, server);
    const { page } = tab;
    const handlers = page.getByRole('region', { name: 'Handlers' });
    await handlers.getByRole('row', { name: /charge-card 0 1/ }).waitFor();
    const worker = await aWorker(server, ['charge-card']);
    const [job] = await worker.pull();
    await handlers.getByRole('row', { name: /charge-card 1 0/ }).waitFor();
    if (!job) throw new Error('nothing to run');
    await worker.ack(job);
    await page.getByRole('region', { name: 'Latest pipelines' }).getByText('Completed').waitFor();
    await expectClean(tab, server);
  });

  it('say how many workers more there are than an hour ago, also while some drain', async () => {
    const server = await aServer();
    await server.call('POST', '/pipelines', { name: 'order', stages: [{ name: 'charge' }] });
    await aWorker(server, ['a']);
    await aWorker(server, ['b']);
    const tab = await signedIn(browser, server);
    await tab.page.getByText('+2 in an hour', { exact: true }).waitFor();
    const { items } = await server.call<Page<{ id: string }>>('GET', '/workers');
    await server.call('POST', `/workers/${items[0]?.id}/drain`);
    await tab.page.getByText('1 draining').waitFor();
    await tab.page.getByText('+2 in an hour', { exact: true }).waitFor();
  });

  it('show why figures are missing, and get them by another try', async () => {
    const server = await aServer();
    await server.call('POST', '/pipelines', { name: 'order', stages: [{ name: 'charge', handler: 'charge-card' }] });
    const tab = await signedIn(browser, server, 'settings/account');
    const mend = await breaks(tab.page, '**/observability/insights?*');
    await tab.page.getByRole('link', { name: 'Operations' }).click();
    const alert = tab.page.getByRole('alert');
    await alert.getByText('request-7').waitFor();
    // Seen to fail: the figures above went on loading.
    expect(await tab.page.getByText('could not be loaded', { exact: true }).count()).toBe(4);
    expect(await tab.page.locator('main .shimmer').count()).toBe(0);
    await tab.page.getByRole('region', { name: 'Handlers' }).getByText('charge-card').waitFor(); // the rest is there
    mend();
    await alert.getByRole('button', { name: 'Try again' }).click();
    await alert.waitFor({ state: 'detached' });
    takeErrors(tab, /500/);
  });
});
