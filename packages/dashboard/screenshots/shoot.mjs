import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { chromium as playwright } from 'playwright-core';
import { chromiumPath } from './chromium.mjs';
import { PAGES } from './pages.mjs';
import { seeded } from './seed.mjs';
import { smallPng } from './small-png.mjs';

const THEMES = ['light', 'dark'];
/** Pictures of the first width are of the documentation; the others are to look at. */
const WIDTHS = [1440, 1024, 390];

async function signedIn(browser, { url, token }, theme, width) {
  const context = await browser.newContext({
    viewport: { width, height: 900 },
    colorScheme: theme,
    reducedMotion: 'reduce',
    timezoneId: 'UTC',
    locale: 'en-GB',
  });
  const page = await context.newPage();
  await page.goto(`${url}/dashboard/sign-in#token=${token}`);
  await page.waitForURL(/operations/);
  return page;
}

async function shoot(page, { url, seed, folder }, { name, path, prepare, application = 'default', height }) {
  await seed.settle();
  await page.evaluate((chosen) => localStorage.setItem('pipelogiq.application', chosen), application);
  await page.goto(`${url}/dashboard/${typeof path === 'function' ? path(seed) : path}`);
  await page.locator('h1').first().waitFor();
  await page.waitForFunction(() => document.querySelectorAll('main .shimmer').length === 0);
  await prepare?.(page, seed);
  const clip = height && { x: 0, y: 0, width: page.viewportSize().width, height };
  const png = await page.screenshot({ fullPage: true, ...(clip && { clip }) });
  writeFileSync(join(folder, name), smallPng(png));
}

/**
 * Shoots every page whose name contains `filter`, in both themes at all widths: into `images` what the documentation shows, into
 * `temporary` the rest. `say` is told of each.
 */
export async function shootAll({ filter = '', images, temporary, say }) {
  for (const folder of [images, temporary]) mkdirSync(folder, { recursive: true });
  const seed = await seeded();
  const { url } = await seed.controlPlane.listen({ port: 0 });
  const browser = await playwright.launch({
    executablePath: await chromiumPath(),
    args: ['--no-sandbox', '--disable-gpu'],
  });
  try {
    for (const theme of THEMES)
      for (const width of WIDTHS) {
        const { token } = await seed.call('POST', '/auth/links', {});
        const page = await signedIn(browser, { url, token }, theme, width);
        for (const entry of PAGES.filter(({ name }) => name.includes(filter))) {
          const isKept = width === WIDTHS[0];
          const name = isKept ? `${entry.name}-${theme}.png` : `${entry.name}-${theme}-${width}.png`;
          await shoot(page, { url, seed, folder: isKept ? images : temporary }, { ...entry, name });
          say(name);
        }
        await page.context().close();
      }
  } finally {
    await browser.close();
    await seed.controlPlane.close();
  }
}
