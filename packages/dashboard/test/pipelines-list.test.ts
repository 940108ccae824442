import type { Page, Pipeline, PipelineCreated, Stage } from '@pipelogiq/protocol';
import type { Locator, Route } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Browser, openBrowser } from './browser.js';
import { aServer, aWorker, expectClean, type Server, signedIn } from './support.js';

let browser: Browser;

beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(() => browser?.close());

const create = ({ call }: Server, name: string, more: object = {}) =>
  call<PipelineCreated>('POST', '/pipelines', { name, stages: [{ name: 'one', handler: 'one', maxAttempts: 1 }], ...more });

/** So many that one delivery failed for good. */
async function failed(server: Server, names: string[]): Promise<void> {
  for (const name of names) await create(server, name);
  const worker = await aWorker(server, ['one']);
  for (let left = names.length; left > 0; ) {
    const jobs = await worker.pull();
    for (const job of jobs) await worker.nack(job);
    left -= jobs.length;
  }
}

const expectFigures = (dialog: Locator, figures: string[]) =>
  expect
    .poll(async () => (await dialog.locator('dl > div').allInnerTexts()).map((text) => text.replace(/\s+/g, ' ')))
    .toEqual(figures);

describe('the list of pipelines', () => {
  it('teaches how the first one comes to be, and shows it when it is there', async () => {
    const server = await aServer();
    const tab = await signedIn(browser, server, 'pipelines');
    await tab.page.getByRole('heading', { name: 'Run the first pipeline' }).waitFor();
    await create(server, 'order');
    await tab.page.getByRole('link', { name: /^order/ }).waitFor();
    await expectClean(tab, server);
  });

  it('searches and filters by its address, says when nothing matches, and clears', async () => {
    const server = await aServer();
    await create(server, 'order', { keywords: ['shop'], version: '1.2', context: { orderId: 42 } });
    const { traceId } = await create(server, 'refund');
    const tab = await signedIn(browser, server, 'pipelines');
    const { page } = tab;
    const rows = page.getByRole('region', { name: 'Pipelines' }).locator('tbody tr');
    await expect.poll(() => rows.count()).toBe(2);

    await page.getByRole('searchbox', { name: 'Search' }).fill('sho');
    await expect.poll(() => rows.allInnerTexts()).toEqual([expect.stringContaining('order')]);
    expect(new URL(page.url()).searchParams.get('search')).toBe('sho');
    await page.reload();
    await expect.poll(() => rows.count()).toBe(1);
    expect(await page.getByRole('searchbox', { name: 'Search' }).inputValue()).toBe('sho');

    await page.getByRole('searchbox', { name: 'Search' }).fill(traceId);
    await expect.poll(() => rows.allInnerTexts()).toEqual([expect.stringContaining('refund')]);

    await page.getByRole('combobox', { name: 'Status' }).selectOption('failed');
    await page.getByText('No pipeline matches').waitFor();
    await page.getByRole('button', { name: 'More filters' }).click();
    await expectClean(tab, server);
    await page.getByRole('button', { name: 'Clear filters' }).click();
    await expect.poll(() => rows.count()).toBe(2);
    expect(new URL(page.url()).search).toBe('');

    await page.getByRole('textbox', { name: 'Context value' }).fill('orderId=42');
    await expect.poll(() => rows.allInnerTexts()).toEqual([expect.stringContaining('order')]);
    expect(new URL(page.url()).searchParams.get('context')).toBe('orderId=42');
    await page.reload();
    await expect.poll(() => rows.count()).toBe(1);
    await page.getByRole('textbox', { name: 'Context value' }).fill('orderId');
    await page.getByText('No pipeline matches').waitFor(); // half a condition finds nothing, and not everything
  });

  it('keeps rows where they are while one points at them, and offers what is new', async () => {
    const server = await aServer();
    const { id } = await create(server, 'first');
    const tab = await signedIn(browser, server, 'pipelines');
    const { page } = tab;
    const rows = page.getByRole('region', { name: 'Pipelines' }).locator('tbody tr');
    const top = async () => (await page.locator('[data-row-link]').first().textContent())?.split(' ')[0];
    await create(server, 'second');
    await expect.poll(top).toBe('second'); // nobody looks closely: it comes by itself

    await rows.first().hover();
    await create(server, 'third');
    await server.call('POST', `/pipelines/${id}/cancel`);
    await page.getByRole('button', { name: '1 new' }).waitFor();
    await rows.last().getByText('Cancelled').waitFor(); // where it stands
    expect(await top()).toBe('second');
    await page.getByRole('button', { name: '1 new' }).click();
    await expect.poll(top).toBe('third');
  });

  it('goes through rows and opens one by keyboard, and another by a click anywhere on it', async () => {
    const server = await aServer();
    const { id } = await create(server, 'below');
    const { id: newest } = await create(server, 'above');
    const tab = await signedIn(browser, server, 'pipelines');
    const { page } = tab;
    await page.getByRole('link', { name: /^above/ }).focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: `below ${id}` }).waitFor();
    expect(new URL(page.url()).pathname).toBe(`/dashboard/pipelines/${id}`);
    await page.goBack();
    await page.getByRole('row', { name: /above/ }).getByText('API').click({ force: true }); // the row's link lies over it
    await page.getByRole('heading', { name: `above ${newest}` }).waitFor();
  });

  it('says before an action what it would do, and does nothing until it is told to', async () => {
    const server = await aServer();
    await failed(server, ['a', 'b', 'c']);
    await create(server, 'waits');
    await create(server, 'waits too');
    const statuses = async () => (await server.call<Page<Pipeline>>('GET', '/pipelines')).items.map(({ status }) => status);
    const before = await statuses();
    const { page } = await signedIn(browser, server, 'pipelines');
    const asked: unknown[] = [];
    page.on('request', (request) => {
      if (request.url().endsWith('/pipelines/actions')) asked.push(request.postDataJSON().dryRun);
    });
    await page.getByRole('button', { name: 'Act on all' }).click();
    await page.getByRole('menuitem', { name: 'Cancel…' }).click();
    const dialog = page.getByRole('dialog', { name: 'Cancel' });
    await dialog.getByRole('button', { name: 'Cancel 2 pipelines' }).waitFor();
    await expectFigures(dialog, ['Match the filters 5', 'Would cancel 2', 'Stay as they are 3']);
    await dialog.getByRole('button', { name: 'Keep as they are' }).click();
    await dialog.waitFor({ state: 'detached' });
    expect(asked).toEqual([true]);
    expect(await statuses()).toEqual(before);
  });

  it('says how many failed ones match before it reruns them all', async () => {
    const server = await aServer();
    await failed(server, ['a', 'b', 'c']);
    await create(server, 'waits');
    const tab = await signedIn(browser, server, 'pipelines?status=failed');
    const { page } = tab;
    const rows = page.getByRole('region', { name: 'Pipelines' }).locator('tbody tr');
    await expect.poll(() => rows.count()).toBe(3);
    await page.getByRole('button', { name: 'Act on all that match' }).click();
    await page.getByRole('menuitem', { name: 'Rerun from failed' }).click();
    const dialog = page.getByRole('dialog', { name: 'Rerun from failed' });
    const confirm = dialog.getByRole('button', { name: 'Rerun 3 pipelines' });
    await confirm.waitFor();
    await expectFigures(dialog, ['Match the filters 3', 'Would rerun 3', 'Stay as they are 0']);
    expect((await server.call<{ items: unknown[] }>('GET', '/pipelines?status=failed')).items).toHaveLength(3); // only counted
    await expectClean(tab, server);
    await confirm.click();
    await dialog.getByText('3 pipelines rerun').waitFor();
    expect((await server.call<{ items: unknown[] }>('GET', '/pipelines?status=failed')).items).toHaveLength(0);
    await dialog.getByRole('button', { name: 'Close' }).last().click();
    await page.getByText('No pipeline matches').waitFor();
  });

  it('shows what matches after its dialog, though the pointer rests over rows and the focus is back over them', async () => {
    const server = await aServer();
    await failed(
      server,
      Array.from({ length: 20 }, (_, index) => `broken-${index}`),
    );
    const { page } = await signedIn(browser, server, 'pipelines?status=failed');
    const menu = page.getByRole('button', { name: 'Act on all that match' });
    await menu.click();
    await page.getByRole('menuitem', { name: 'Rerun from failed' }).click();
    const confirm = page.getByRole('button', { name: 'Rerun 20 pipelines' });
    await confirm.waitFor();
    const held: Route[] = [];
    await page.route('**/pipelines?*', (route) => void held.push(route));
    await confirm.click();
    const dialog = page.getByRole('dialog', { name: 'Rerun from failed' });
    await dialog.getByText('20 pipelines rerun').waitFor();
    await expect.poll(() => held.length).toBeGreaterThan(0); // rows of before stand there as it closes
    await dialog.getByRole('button', { name: 'Close' }).last().click();
    await expect.poll(() => menu.evaluate((button) => button.matches(':focus'))).toBe(true);
    await page.unroute('**/pipelines?*');
    for (const route of held) await route.continue().catch(() => {}); // some are given up by now
    await page.getByText('No pipeline matches').waitFor();
  });

  it('acts on chosen rows, and leaves those whose state does not allow it', async () => {
    const server = await aServer();
    await failed(server, ['broken']);
    const { id } = await create(server, 'waits');
    const { page } = await signedIn(browser, server, 'pipelines');
    await page.getByRole('checkbox', { name: 'Choose all of this page' }).check();
    await page.getByText('2 chosen', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Act on 2 chosen' }).click();
    await page.getByRole('menuitem', { name: 'Cancel' }).click();
    const dialog = page.getByRole('dialog', { name: 'Cancel' });
    await dialog.getByText('1 of the 2 pipelines chosen').waitFor();
    await dialog.getByLabel(/^Reason/).fill('not needed');
    await dialog.getByRole('button', { name: 'Cancel 1 pipeline' }).click();
    await page.getByText('1 pipeline cancelled').waitFor();
    await page.getByRole('row', { name: /waits/ }).getByText('Cancelled').waitFor();
    await page
      .getByRole('row', { name: /broken/ })
      .getByText('Failed')
      .waitFor();
    expect(await server.call<Pipeline>('GET', `/pipelines/${id}`)).toMatchObject({
      status: 'cancelled',
      cancelReason: 'not needed',
    });
  });

  it('reruns stages that failed, with everything that depends on them where that is asked for', async () => {
    const server = await aServer();
    const { call } = server;
    const stages = ['fetch', 'charge', 'ship'].map((name) => ({ name, handler: 'one', maxAttempts: 1 }));
    const { id } = await create(server, 'order', { stages });
    const stagesOf = async () => (await call<Page<Stage>>('GET', `/pipelines/${id}/stages`)).items;
    const statuses = async () => (await stagesOf()).map(({ status }) => status);
    const worker = await aWorker(server, ['one']);
    for (const _ of stages) for (const job of await worker.pull()) await worker.ack(job);
    const fetch = (await stagesOf())[0]?.id;
    await call('POST', `/stages/${fetch}/rerun`, {});
    for (const job of await worker.pull()) await worker.nack(job);
    expect(await statuses()).toEqual(['failed', 'completed', 'completed']);

    const { page } = await signedIn(browser, server, 'pipelines?status=failed');
    await page.getByRole('button', { name: 'Act on all that match' }).click();
    await page.getByRole('menuitem', { name: 'Rerun failed stages' }).click();
    const dialog = page.getByRole('dialog', { name: 'Rerun failed stages' });
    await dialog.getByRole('checkbox', { name: 'With everything that depends on them' }).check();
    await dialog.getByRole('button', { name: 'Rerun 1 stage', exact: true }).click();
    await dialog.getByText('1 stage rerun').waitFor();
    expect(await statuses()).toEqual(['pending', 'not_started', 'not_started']);
  });
});
