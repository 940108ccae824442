import type { OneTimeLink } from '@pipelogiq/protocol';
import { expect, onTestFinished } from 'vitest';
import type { Browser, WatchedPage } from './browser.js';
import { type Server, signInPath } from './support.js';

/** A tab of somebody who may look and do nothing, at `path` of the dashboard. */
export async function asViewer(browser: Browser, server: Server, path: string): Promise<WatchedPage> {
  const { token } = await server.call<OneTimeLink>('POST', '/users/invitations', { role: 'viewer' });
  const response = await fetch(`${server.url}/auth/invite`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token, username: 'vera', password: 'nothing to do here' }),
  });
  expect(response.status).toBe(201);
  const tab = await browser.page();
  onTestFinished(() => tab.context.close());
  await tab.page.goto(`${server.url}/${await signInPath(server, 'vera')}`);
  await tab.page.getByRole('navigation', { name: 'Main' }).waitFor();
  await tab.page.goto(`${server.url}/dashboard/${path}`);
  await tab.page.getByRole('heading', { level: 1 }).waitFor();
  return tab;
}
