import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type Browser, openBrowser } from './browser.js';
import { aServer, aWorker, signedIn } from './support.js';

let browser: Browser;
beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(() => browser?.close());

/** Notes what each canvas has for text, since it was cleared last. */
const NOTE_TEXTS = `(() => {
  const own = CanvasRenderingContext2D.prototype;
  const { fillText, clearRect } = own;
  own.fillText = function (text, ...rest) {
    (this.canvas.texts ??= []).push(text);
    return fillText.call(this, text, ...rest);
  };
  own.clearRect = function (...rest) {
    this.canvas.texts = [];
    return clearRect.call(this, ...rest);
  };
})()`;

/** Labels of the axis of values of a chart, from zero up; those of times have a colon. */
const labelsOf = (page: Page, chart: string) =>
  page.evaluate<string[]>(`(() => {
    const { texts = [] } = document.querySelector('[role=img][aria-label^="${chart}"] canvas') ?? {};
    return texts.filter((text) => !text.includes(':'));
  })()`);

/** How many points of a chart's canvas have the colour of a tone. */
const painted = (page: Page, chart: string, tone: string) =>
  page.evaluate<number>(`(() => {
    const canvas = document.querySelector('[role=img][aria-label^="${chart}"] canvas');
    const probe = document.createElement('canvas').getContext('2d');
    probe.fillStyle = getComputedStyle(document.documentElement).getPropertyValue('--${tone}').trim();
    probe.fillRect(0, 0, 1, 1);
    const colour = probe.getImageData(0, 0, 1, 1).data;
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    let found = 0;
    for (let at = 0; at < data.length; at += 4)
      if (data[at + 3] > 100 && [0, 1, 2].every((part) => Math.abs(data[at + part] - colour[part]) < 30)) found += 1;
    return found;
  })()`);

/** Pages of a server on which one stage ran, once. */
async function afterOneStage() {
  const server = await aServer({ insightFoldEveryMs: 100 });
  const worker = await aWorker(server, ['charge-card']);
  await server.call('POST', '/pipelines', { name: 'order', stages: [{ name: 'charge', handler: 'charge-card' }] });
  for (const job of await worker.pull()) await worker.ack(job);
  const tab = await signedIn(browser, server, 'settings/account');
  onTestFinished(() => tab.context.close());
  await tab.page.addInitScript(NOTE_TEXTS);
  return { ...tab, at: (path: string) => tab.page.goto(`${server.url}/dashboard/${path}`) };
}

describe('a chart', () => {
  it('of counts names whole numbers, each once', async () => {
    const { page, at } = await afterOneStage();
    for (const path of ['operations', 'insights?range=24h']) {
      await at(path);
      await page.locator('[role=img][aria-label^="Stages that ended over time: 1 completed"] canvas').waitFor();
      await expect.poll(() => labelsOf(page, 'Stages that ended'), { message: path }).toEqual(['0', '1']);
    }
  });

  it('shows a point where one period alone has a value', async () => {
    const { page, at } = await afterOneStage();
    await at('insights?range=24h');
    for (const chart of ['Run time of stages', 'Time that stages waited'])
      await expect.poll(() => painted(page, chart, 'warn'), { message: chart }).toBeGreaterThan(8); // p99, drawn over the others
  });
});
