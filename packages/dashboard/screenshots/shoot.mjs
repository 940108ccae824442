import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { chromium as playwright } from 'playwright-core';
import { chromiumPath } from './chromium.mjs';
import { PAGES } from './pages.mjs';
import { NOW, seeded } from './seed.mjs';
import { smallPng } from './small-png.mjs';

const THEMES = ['light', 'dark'];
/** Pictures of the first width are of the documentation, and those of a phone that a page asks for; the others are to look at. */
const WIDTHS = [1440, 390, 1024];
const PHONE = 390;
/** The port of a server that is started without a word, which pictures show. */
const PORT = 8080;

async function open(browser, theme, width, storageState) {
  const context = await browser.newContext({
    viewport: { width, height: 900 },
    colorScheme: theme,
    reducedMotion: 'reduce',
    timezoneId: 'UTC',
    locale: 'en-GB',
    storageState,
  });
  const page = await context.newPage();
  await page.clock.setFixedTime(NOW);
  return page;
}

/** Signs in once: each session more would stand in the picture of the account. Returns what a browser keeps of it. */
async function signIn(browser, url, { token }) {
  const page = await open(browser, THEMES[0], WIDTHS[0]);
  await page.goto(`${url}/dashboard/sign-in#token=${token}`);
  await page.waitForURL(/operations/);
  const kept = await page.context().storageState();
  await page.context().close();
  return kept;
}

/** Reads that match get this page's own answer; all else is the server's. */
const answered = ({ asked, answer }) => [
  ({ pathname, search }) => asked.test(pathname + search) && !pathname.includes('/dashboard/'),
  answer,
];

/** All that was changed is painted, the stream of events is there, and the pointer is over nothing. */
async function drawn(page, { isStranger }) {
  if (!isStranger) await page.locator('[data-state-live=live]').first().waitFor({ state: 'attached' });
  await page.mouse.move(0, 0);
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
}

async function shoot(page, { url, seed }, entry) {
  const { path, prepare, application = 'default', height, isLoading = false } = entry;
  await seed.settle();
  if (entry.asked) await page.route(...answered(entry));
  await page.addInitScript((chosen) => localStorage.setItem('pipelogiq.application', chosen), application);
  await page.goto(`${url}/dashboard/${typeof path === 'function' ? path(seed) : path}`);
  await page.locator('h1').first().waitFor();
  if (isLoading) await page.locator('main .shimmer').first().waitFor();
  else if (!entry.asked) await page.waitForFunction(() => document.querySelectorAll('main .shimmer').length === 0);
  await prepare?.(page, seed);
  await drawn(page, entry);
  const clip = height && { x: 0, y: 0, width: page.viewportSize().width, height };
  // A whole page is shot in a window that is made as high first, which tears what is fixed in it: a dialog.
  const png = await page.screenshot(clip ? { clip } : { fullPage: true });
  return smallPng(png);
}

/** Where a picture goes, and under which name. */
function placeOf({ name, phone }, theme, width, { images, temporary }) {
  if (width === WIDTHS[0]) return join(images, `${name}-${theme}.png`);
  if (width === PHONE && phone) return join(images, `${name}-phone-${theme}.png`);
  return join(temporary, `${name}-${theme}-${width}.png`);
}

/**
 * Shoots every page whose name contains `filter`, in both themes at all widths: into `images` what the documentation shows, into
 * `temporary` the rest. `say` is told of each.
 */
export async function shootAll({ filter = '', images, temporary, say }) {
  for (const folder of [images, temporary]) mkdirSync(folder, { recursive: true });
  const seed = await seeded();
  const { url } = await seed.controlPlane.listen({ port: PORT });
  const browser = await playwright.launch({
    executablePath: await chromiumPath(),
    args: ['--no-sandbox', '--disable-gpu'],
  });
  try {
    const session = await signIn(browser, url, await seed.call('POST', '/auth/links', {}));
    for (const width of WIDTHS)
      for (const theme of THEMES)
        for (const entry of PAGES.filter(({ name }) => name.includes(filter))) {
          const page = await open(browser, theme, width, entry.isStranger ? undefined : session);
          const place = placeOf(entry, theme, width, { images, temporary });
          writeFileSync(place, await shoot(page, { url, seed }, entry));
          say(basename(place));
          await page.context().close();
        }
  } finally {
    await browser.close();
    await seed.controlPlane.close();
  }
}
