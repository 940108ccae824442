import type { Page as PageOf, Worker } from '@pipelogiq/protocol';
import type { Page, Route } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aChannel, aRule, failingOrder, outward } from './alerts-support.js';
import { type Browser, openBrowser, type WatchedPage } from './browser.js';
import { aSlack } from './slack-double.js';
import { aWorker, type Server, signedIn } from './support.js';

let browser: Browser;
beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(() => browser?.close());

/** What web.dev calls good is below 0.1; half of that. */
const MOST_SHIFT = 0.05;

/** Notes in each document how far its parts moved by themselves, and which. */
const NOTE_SHIFTS = `
  window.moved = [];
  new PerformanceObserver((list) => {
    for (const { value, hadRecentInput, sources } of list.getEntries())
      if (!hadRecentInput) window.moved.push([value, sources.map(({ node }) => node?.outerHTML?.slice(0, 120) ?? node?.textContent).join(' | ')]);
  }).observe({ type: 'layout-shift', buffered: true });`;

/** After the frame in which the latest shift was noted. */
const moved = (page: Page) =>
  page.evaluate<[number, string][]>(
    `new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => resolve(window.moved)))))`,
  );

async function expectSteady(page: Page, what: string): Promise<void> {
  const shifts = await moved(page);
  const sum = shifts.reduce((total, [value]) => total + value, 0);
  expect(sum, `${what}: ${JSON.stringify(shifts)}`).toBeLessThan(MOST_SHIFT);
}

/** A server with something on every page. */
async function furnished(): Promise<{ server: Server; paths: string[] }> {
  const [server, slack] = [await outward(), await aSlack()];
  const { id: channel } = await aChannel(server, slack);
  await aRule(server, [channel]);
  const { id } = await failingOrder(server);
  for (let i = 0; i < 30; i++)
    await server.call('POST', '/pipelines', {
      name: `order-${i}`,
      stages: [{ name: 'one' }, { name: 'two' }],
      keywords: ['shop'],
    });
  const template = { name: 'night', stages: [{ name: 'one' }] };
  const schedule = await server.call<{ id: string }>('POST', '/schedules', { name: 'night', cron: '0 3 * * *', template });
  await server.call('POST', '/observability/marks', { version: '2.4.1' });
  const worker = (await server.call<PageOf<Worker>>('GET', '/workers')).items[0];
  const alerts = ['incidents', 'rules', 'channels', 'silences', 'deliveries'].map((tab) => `alerts?tab=${tab}`);
  const settings = ['account', 'applications', 'keys', 'users', 'audit', 'server'].map((part) => `settings/${part}`);
  const details = ['graph', 'waterfall', 'stages', 'logs', 'context'].map((tab) => `pipelines/${id}?tab=${tab}`);
  const others = [
    'operations',
    'pipelines',
    'insights',
    'workers',
    `workers/${worker?.id}`,
    'schedules',
    `schedules/${schedule.id}`,
  ];
  return { server, paths: [...others, ...details, ...alerts, 'observability', ...settings] };
}

/**
 * Lets a page have its answers only when it was drawn without them, as with a server far away, and nothing at all from elsewhere. The
 * session is answered at once: without it there is no page.
 */
async function slowly({ page, context }: WatchedPage, server: Server): Promise<{ answer(): void; hold(): void }> {
  let open: () => void = () => {};
  let opened = Promise.resolve();
  const hold = () => {
    opened = new Promise((resolve) => {
      open = resolve;
    });
  };
  await context.route(
    (url) => url.origin !== new URL(server.url).origin,
    (route: Route) => route.abort(),
  );
  await page.route(
    ({ pathname }) => !/^\/(dashboard|auth|events)(\/|$)/.test(pathname),
    async (route: Route) => {
      await opened;
      await route.continue().catch(() => undefined); // the page has left
    },
  );
  return { hold, answer: () => open() };
}

describe('no page', () => {
  it('moves what it shows while it loads, or asks for anything elsewhere', async () => {
    const { server, paths } = await furnished();
    const tab = await signedIn(browser, server);
    const { page } = tab;
    await page.addInitScript(NOTE_SHIFTS);
    const { hold, answer } = await slowly(tab, server);
    for (const path of paths) {
      hold();
      await page.goto(`${server.url}/dashboard/${path}`);
      await page.getByRole('navigation', { name: 'Main' }).waitFor();
      await page.locator('main').locator('h1, h2, .shimmer').first().waitFor();
      await moved(page); // what it shows without data is drawn
      answer();
      await page.getByRole('heading', { level: 1 }).waitFor();
      await expect.poll(() => page.locator('main .shimmer').count(), { message: path }).toBe(0);
      await expectSteady(page, path);
    }
    expect(tab.errors).toEqual([]);
    expect(tab.foreign(server.url)).toEqual([]);
  });

  it('moves what it shows while changes arrive', async () => {
    const { server } = await furnished();
    const worker = await aWorker(server, ['late']);
    const tab = await signedIn(browser, server);
    const { page } = tab;
    await page.addInitScript(NOTE_SHIFTS);
    for (const path of ['operations', 'pipelines', 'workers']) {
      await page.goto(`${server.url}/dashboard/${path}`);
      await page.locator('[data-state-live=live]').first().waitFor();
      await expect.poll(() => page.locator('main .shimmer').count()).toBe(0);
      await server.call('POST', '/pipelines', { name: `late-${path}`, stages: [{ name: 'late' }] });
      for (const job of await worker.pull()) await worker.ack(job);
      if (path === 'workers') {
        await server.call('POST', '/workers/bootstrap', { workerName: 'newcomer', supportedHandlers: ['a'], concurrency: 1 });
        await page.getByRole('link', { name: 'newcomer' }).waitFor();
      } else {
        await page
          .getByRole('row', { name: new RegExp(`late-${path}`) })
          .getByText('Completed')
          .waitFor();
      }
      await expectSteady(page, path);
    }
  });
});
