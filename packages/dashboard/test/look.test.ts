import type { Overview, PipelineCreated } from '@pipelogiq/protocol';
import { defineHandler, Pipelogiq } from '@pipelogiq/sdk';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type Browser, openBrowser } from './browser.js';
import { aServer, expectClean, type Server, signedIn } from './support.js';

const WIDTHS = [1440, 1024, 390] as const;
const DAY = 86_400_000;

let browser: Browser;
beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(() => browser?.close());

/** Texts in a table, and words in fields, that do not fit where they stand; and the page, when it is wider than the window. */
const cut = (page: Page): Promise<string[]> =>
  page.evaluate<string[]>(`(() => {
    const canvas = document.createElement('canvas').getContext('2d');
    const wordsOf = (field) => (field.matches('select') ? field.selectedOptions[0].text : field.value || field.placeholder);
    const isWider = (field) => {
      const { font, paddingLeft, paddingRight } = getComputedStyle(field);
      canvas.font = font;
      return canvas.measureText(wordsOf(field)).width > field.clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight) + 1;
    };
    const isNarrow = (field) => {
      const copy = field.cloneNode();
      copy.style.width = 'max-content';
      field.after(copy);
      const { offsetWidth } = copy;
      copy.remove();
      return offsetWidth > field.offsetWidth;
    };
    const dates = [...document.querySelectorAll('main input[type=datetime-local]')];
    const fields = [...document.querySelectorAll('main input:not([type=checkbox]), main select')];
    const cells = [...document.querySelectorAll('main th, main td, main td *, main dt, main dd')].filter(
      (cell) => cell.clientWidth > 1 && getComputedStyle(cell).overflowX === 'hidden' && !cell.closest('.sr-only'),
    );
    return [
      ...(document.documentElement.scrollWidth > innerWidth ? ['the page'] : []),
      ...dates.filter(isNarrow).map(({ id }) => 'date ' + id),
      ...fields.filter(isWider).map(wordsOf),
      ...cells.filter(({ scrollWidth, clientWidth }) => scrollWidth > clientWidth).map(({ textContent }) => textContent),
    ];
  })()`);

/** What has long words to show: keys, rules, silences, entries of the audit trail, failures. */
async function aFullServer(): Promise<Server> {
  const server = await aServer();
  const { call } = server;
  await call('POST', '/api-keys', { name: 'nightly-reports', scopes: ['produce', 'read', 'operate'] });
  await call('POST', '/alerts/rules/recommended', { channels: [] });
  await call('POST', '/alerts/silences', {
    match: { pipeline: 'refund-of-orders', severity: 'warning', environment: 'production' },
    comment: 'The supplier moves its servers to another house',
    endsAt: new Date(Date.now() + DAY).toISOString(),
  });
  await call('POST', '/schedules', {
    name: 'month end',
    cron: '0 0 L * *',
    template: { name: 'month-end-report', stages: [{ name: 'render-report' }] },
  });
  await call('POST', '/observability/config', {
    type: 'opentelemetry',
    config: { traceLinkTemplate: `https://traces.example.com/a/path/that/is/longer/than/a/phone/is/wide/$${'{traceId}'}` },
  });
  await call('POST', '/pipelines', { name: 'order-of-many-things', stages: [{ name: 'reserve-stock' }] });
  return server;
}

describe('words', () => {
  it.each(WIDTHS)('are whole at %i pixels, where they stand in tables and fields', async (width) => {
    const server = await aFullServer();
    const { page } = await signedIn(browser, server, 'operations', { width });
    for (const path of [
      'operations',
      'pipelines',
      'pipelines?name=order',
      'workers',
      'schedules',
      'alerts',
      'alerts?tab=rules',
      'alerts?tab=silences',
      'observability',
      'settings/keys',
      'settings/users',
      'settings/audit',
      'settings/server',
    ]) {
      await page.goto(`${server.url}/dashboard/${path}`);
      await page.getByRole('heading', { level: 1 }).waitFor();
      await expect.poll(() => page.locator('main .shimmer').count()).toBe(0);
      expect(await cut(page), path).toEqual([]);
    }
  });

  it('that had to be cut are told whole to whoever points at them', async () => {
    const server = await aServer();
    const name = `order-${'very-'.repeat(36)}long`;
    const { id } = await server.call<PipelineCreated>('POST', '/pipelines', { name, stages: [{ name: 'one' }] });
    const { page } = await signedIn(browser, server, 'pipelines');
    const cell = page.getByRole('cell', { name: `${name} ${id}`, exact: true });
    await cell.hover();
    expect(await cell.getAttribute('title')).toBe(`${name} ${id}`);
  });
});

it('tells how long things are kept, as the server was told', async () => {
  const server = await aServer({ retentionDays: 7, auditRetentionMs: 90 * DAY, insightHoursMs: 10 * DAY });
  const tab = await signedIn(browser, server, 'settings/server');
  const rows = tab.page.getByLabel('Retention').locator('> div');
  const row = async (what: string) => (await rows.filter({ hasText: what }).locator('dd').first().textContent()) ?? '';
  await rows.first().waitFor();
  expect(await row('Finished pipelines')).toBe('7 days');
  expect(await row('Audit trail')).toBe('90 days');
  expect(await row('Live events')).toBe('1 hour');
  expect(await row('Insights by the hour')).toBe('10 days');
  expect(await rows.count()).toBe(10);
  await expectClean(tab, server);
});

it('says by a word and a shape that a job waits too long', async () => {
  const server = await aServer();
  await server.call('POST', '/pipelines', { name: 'order', stages: [{ name: 'nobody' }] });
  const tab = await signedIn(browser, server, 'pipelines');
  const { page } = tab;
  const told = await server.call<Overview>('GET', '/observability/overview');
  told.stages.oldestReadyAt = new Date(Date.now() - 300_000).toISOString();
  await page.route('**/observability/overview', (route) => route.fulfill({ json: told }));
  await page.goto(`${server.url}/dashboard/operations`);
  const depth = page.locator('dl > div', { hasText: 'Queue depth' });
  await depth.getByText('waits long').waitFor();
  expect(await depth.locator('svg').count()).toBe(1);
  await expectClean(tab, server);
  await page.unrouteAll({ behavior: 'wait' }); // none is answered after the tab was closed
});

it.each([1440, 1024])('keeps the buttons of a pipeline free at %i pixels while a stage is open', async (width) => {
  const server = await aServer();
  const { id } = await server.call<PipelineCreated>('POST', '/pipelines', {
    name: 'order',
    stages: ['a', 'b', 'c'].map((name) => ({ name })),
  });
  const { page } = await signedIn(browser, server, `pipelines/${id}`, { width });
  await page.getByRole('button', { name: /^b Not started/ }).click();
  await page.getByRole('complementary', { name: 'Stage b' }).waitFor();
  for (const name of ['Copy as code', 'Pause', 'Cancel'])
    await page.getByRole('button', { name, exact: true }).click({ trial: true });
  if (width === 1440) {
    await page.getByRole('button', { name: /^c Not started/ }).click(); // all of the graph is in sight beside the panel
    await page.getByRole('complementary', { name: 'Stage c' }).waitFor();
  }
  await page.getByRole('tab', { name: 'Context' }).click();
});

it('parts what a stage logged in one delivery from what it logged in the next', async () => {
  const server = await aServer();
  let tries = 0;
  const charge = defineHandler('charge', {}, async (_, job) => {
    tries += 1;
    job.log.info(`try ${tries}`);
    if (tries === 1) throw new Error('The bank is closed');
  });
  const pipelogiq = new Pipelogiq({ url: server.url, apiKey: server.controlPlane.connection().apiKey });
  const worker = pipelogiq.worker({ handlers: [charge] });
  const working = worker.run();
  onTestFinished(async () => {
    worker.stop();
    await working;
    await pipelogiq.close();
  });
  const { id } = await server.call<PipelineCreated>('POST', '/pipelines', {
    name: 'order',
    stages: [{ name: 'charge', maxAttempts: 2, backoff: { type: 'fixed', delayMs: 1 } }],
  });
  await server.call('GET', `/pipelines/${id}/wait`);
  const tab = await signedIn(browser, server, `pipelines/${id}?tab=logs`);
  const lines = tab.page.getByRole('region', { name: 'Logs' }).getByRole('listitem');
  await expect
    .poll(async () => (await lines.allInnerTexts()).map((line) => line.match(/delivery \d|try \d/)?.[0]))
    .toEqual(['delivery 1', 'try 1', 'delivery 2', 'try 2']);
  await expectClean(tab, server);
  await tab.page.setViewportSize({ width: 390, height: 844 });
  const message = lines.filter({ hasText: 'try 2' }).locator('span').last();
  await expect.poll(async () => (await message.boundingBox())?.width ?? 0).toBeGreaterThan(250); // not a word a line
});

it('asks for what a silence matches by choices, and a threshold where one is needed', async () => {
  const server = await aServer();
  const tab = await signedIn(browser, server, 'alerts?tab=silences');
  const { page } = tab;
  await page.getByRole('button', { name: 'New silence' }).click();
  const form = page.getByRole('dialog', { name: 'New silence' });
  await form.getByLabel('Label').selectOption('event');
  await form.getByLabel('Event is').selectOption({ label: 'Worker silent' });
  await form.getByLabel('Why').fill('a house moves');
  await expectClean(tab, server);
  await form.getByRole('button', { name: 'Silence', exact: true }).click();
  await page.getByRole('cell', { name: 'event = worker_heartbeat_lost', exact: true }).waitFor();

  await page.goto(`${server.url}/dashboard/alerts?tab=rules`);
  await page.getByRole('button', { name: 'New rule' }).click();
  const rule = page.getByRole('dialog', { name: 'New rule' });
  const threshold = rule.locator('label', { hasText: /^Threshold(optional)?$/ });
  await rule.getByLabel('Pipeline failed').uncheck();
  await rule.getByLabel('Slower than before').check();
  await threshold.filter({ hasText: 'optional' }).waitFor();
  await rule.getByLabel('Slower than before').uncheck();
  await rule.getByLabel('Threshold crossed').check();
  await threshold.filter({ hasText: 'optional' }).waitFor({ state: 'detached' });
  expect(await rule.locator('[name="condition.threshold"]').getAttribute('aria-required')).toBe('true');
  await expectClean(tab, server);
});
