import { type ControlPlane, createControlPlane } from '@pipelogiq/server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Browser, openBrowser, violations } from './browser.js';

let browser: Browser;
let controlPlane: ControlPlane;
let url: string;

beforeAll(async () => {
  browser = await openBrowser();
  controlPlane = await createControlPlane({ database: ':memory:', logLevel: 'silent', env: {} });
  ({ url } = await controlPlane.listen({ port: 0 }));
});

afterAll(async () => {
  await browser?.close();
  await controlPlane?.close();
});

describe('who is not signed in', () => {
  it.each(['light', 'dark'] as const)('gets a page without faults in %s, and nothing from elsewhere', async (theme) => {
    const { page, foreign } = await browser.page({ theme });
    await page.goto(`${url}/dashboard/setup`);
    await page.getByRole('heading', { name: "Make the owner's account" }).waitFor();
    expect(await page.evaluate('document.documentElement.dataset.theme')).toBe(theme);
    expect(await violations(page)).toEqual([]);
    expect(foreign(url)).toEqual([]);
  });
});
