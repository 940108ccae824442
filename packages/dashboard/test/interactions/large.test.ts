import type { PipelineCreated } from '@pipelogiq/protocol';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type Browser, openBrowser } from '../browser.js';
import { aServer, expectClean, signedIn } from '../support.js';

const PIPELINES = 100_000;
/** What a person feels as at once. */
const AT_ONCE_MS = 100;
const TIMES = 7;
/** What else the machine does only adds: one round that holds shows what the page can do. */
const ROUNDS = 5;

let browser: Browser;

beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(() => browser?.close());

const median = (values: number[]) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

/**
 * From an input to the frame that shows what it did, in ms, by the browser's own measure: the longest event of each time, the median of
 * a round, the best of the rounds until one holds. `time` counts on over the rounds.
 */
async function felt(page: Page, act: (time: number) => Promise<void>): Promise<number> {
  await page.evaluate(`
    window.felt = 0;
    window.observer ??= new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) window.felt = Math.max(window.felt, entry.duration);
    });
    window.observer.observe({ type: 'event', durationThreshold: 16 });
  `);
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS && best >= AT_ONCE_MS; round++) {
    const found: number[] = [];
    for (let time = round * TIMES; time < (round + 1) * TIMES; time++) {
      await page.evaluate('window.felt = 0');
      await act(time);
      // Entries come a frame after what they measure; without one, all took less than 16 ms.
      await page.evaluate(
        'new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 50))))',
      );
      found.push(Math.max(await page.evaluate<number>('window.felt'), 8));
    }
    best = Math.min(best, median(found));
  }
  return best;
}

function expectAtOnce(figures: { [what: string]: number }): void {
  const text = Object.entries(figures).map(([what, ms]) => `${what} ${ms} ms`);
  process.stdout.write(`felt, median of ${TIMES}: ${text.join(', ')}\n`);
  for (const [what, ms] of Object.entries(figures)) expect(ms, what).toBeLessThan(AT_ONCE_MS);
}

describe('what is large', () => {
  it('lists a hundred thousand pipelines, and answers typing, paging and choosing at once', { timeout: 400_000 }, async () => {
    const server = await aServer();
    for (let made = 0; made < PIPELINES; made += 1_000) {
      const pipelines = Array.from({ length: 1_000 }, (_, i) => ({
        name: `load-${(made + i) % 97}`,
        keywords: [`k${(made + i) % 13}`],
        stages: [{ name: 's' }],
      }));
      await server.call('POST', '/pipelines/batch', { pipelines });
    }
    const tab = await signedIn(browser, server, 'pipelines');
    const { page } = tab;
    await page
      .getByRole('link', { name: /^load-/ })
      .first()
      .waitFor();
    const search = page.getByRole('searchbox', { name: 'Search' });
    await search.focus();
    const typing = await felt(page, async (time) => {
      await page.keyboard.press('load-1k'.charAt(time % TIMES));
    });
    // The list follows what is typed after a moment: what is paged must be the whole list, not what was typed before.
    const typed = await search.inputValue();
    await page.waitForURL((url) => url.searchParams.get('search')?.includes(typed) === true);
    await search.fill('');
    await page.waitForURL((url) => !url.searchParams.has('search'));
    await page
      .getByRole('link', { name: /^load-/ })
      .first()
      .waitFor();
    const paging = await felt(page, async (time) => {
      await page.getByRole('button', { name: 'Older' }).click();
      await page.getByText(`Page ${time + 2}`, { exact: true }).waitFor();
    });
    const choosing = await felt(page, async (time) => {
      await page
        .getByRole('checkbox')
        .nth(time + 1)
        .click();
    });
    expectAtOnce({ typing, paging, choosing });
    await expectClean(tab, server);
  });

  it('shows five hundred stages, and answers panning and opening at once', { timeout: 300_000 }, async () => {
    const server = await aServer();
    const stages = Array.from({ length: 500 }, (_, i) => ({
      name: `stage-${i}`,
      dependsOn:
        i < 10 ? [] : [0, 3, 7].map((k) => `stage-${i - 10 - ((i * 7 + k) % 10)}`).filter((name) => !name.includes('--')),
    }));
    const { id } = await server.call<PipelineCreated>('POST', '/pipelines', { name: 'wide', stages });
    const tab = await signedIn(browser, server, `pipelines/${id}`);
    const { page } = tab;
    onTestFinished(() => page.close());
    const graph = page.getByRole('region', { name: 'Graph of the stages' });
    await graph.locator('[data-stage]').first().waitFor();
    expect(await graph.locator('[data-stage]').count()).toBeLessThan(150); // only those in sight
    const box = await graph.boundingBox();
    if (!box) throw new Error('the graph has no box');
    const panning = await felt(page, async (time) => {
      const [x, y] = [box.x + box.width - 200, box.y + box.height - 12];
      await page.mouse.move(x, y);
      await page.mouse.down();
      await page.mouse.move(x + (time % 2 === 0 ? -150 : 150), y - 40, { steps: 6 });
      await page.mouse.up();
    });
    const inSight: string[] = [];
    for (const stage of await graph.locator('[data-stage]').all()) {
      const at = await stage.boundingBox(); // left of the panel, and whole
      const isWhole =
        at && at.x > box.x && at.x + at.width < box.x + box.width - 600 && at.y > box.y && at.y + at.height < box.y + box.height;
      if (isWhole) inSight.push((await stage.getAttribute('data-stage')) ?? '');
    }
    expect(inSight.length).toBeGreaterThan(1);
    const opening = await felt(page, async (time) => {
      await graph.locator(`[data-stage="${inSight[time % inSight.length]}"]`).click();
      await page.getByRole('complementary').getByRole('heading', { level: 2 }).waitFor();
    });
    expectAtOnce({ panning, opening });
    await expectClean(tab, server);
  });
});
