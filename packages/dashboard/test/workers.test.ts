import type { Page as PageOf, Worker } from '@pipelogiq/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Browser, openBrowser } from './browser.js';
import { aServer, aWorker, expectClean, type Server, signedIn } from './support.js';
import { asViewer } from './viewer.js';

let browser: Browser;
beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(() => browser?.close());

const theWorker = async ({ call }: Server) => (await call<PageOf<Worker>>('GET', '/workers')).items[0] as Worker;

describe('workers', () => {
  it('teaches how one comes to be, and lists it as soon as it starts', async () => {
    const server = await aServer();
    const tab = await signedIn(browser, server, 'workers');
    const { page } = tab;
    await page.getByText('No worker is online').waitFor();
    await expectClean(tab, server);
    await aWorker(server, ['charge-card']);
    await page.getByRole('region', { name: 'Workers' }).getByRole('link', { name: 'hand' }).waitFor();
    await expectClean(tab, server);
  });

  it('tells two of one name apart, in the list and at what they ran', async () => {
    const server = await aServer();
    await aWorker(server, ['other']);
    const worker = await aWorker(server, ['charge-card']);
    const { items } = await server.call<PageOf<Worker>>('GET', '/workers');
    const its = items.find(({ handlers }) => handlers.includes('charge-card'))?.id;
    await server.call('POST', '/pipelines', { name: 'order', stages: [{ name: 'charge', handler: 'charge-card' }] });
    const [job] = await worker.pull();
    if (!job) throw new Error('nothing to run');
    await worker.ack(job);
    const { page } = await signedIn(browser, server, 'workers');
    const list = page.getByRole('region', { name: 'Workers' });
    for (const each of items) await list.getByRole('link', { name: `hand ${each.id}`, exact: true }).waitFor();
    await page.goto(`${server.url}/dashboard/pipelines/${job.pipelineId}?stage=${job.id}`);
    await page
      .getByRole('complementary', { name: 'Stage charge' })
      .getByRole('link', { name: `hand ${its}` })
      .first()
      .click();
    await page.waitForURL(`**/workers/${its}`);
  });

  it('narrows the list by what the address says', async () => {
    const server = await aServer();
    await aWorker(server, ['charge-card']);
    const { page } = await signedIn(browser, server, 'workers');
    const list = page.getByRole('region', { name: 'Workers' });
    await list.getByRole('link', { name: 'hand' }).waitFor();
    await page.getByLabel('Name, host or version').fill('nobody');
    await page.getByText('No worker matches').waitFor();
    await page.reload();
    await page.getByText('No worker matches').waitFor();
    await page.getByLabel('Name, host or version').fill('HAN');
    await list.getByRole('link', { name: 'hand' }).waitFor();
  });

  it('shows the jobs that one took before and takes while somebody looks, and drains it after a question', async () => {
    const server = await aServer();
    const worker = await aWorker(server, ['charge-card']);
    const { id } = await theWorker(server);
    await server.call('POST', '/pipelines', { name: 'order', stages: [{ name: 'before', handler: 'charge-card' }] });
    for (const job of await worker.pull()) await worker.ack(job);
    const tab = await signedIn(browser, server, `workers/${id}`);
    const { page } = tab;
    await page.getByRole('region', { name: 'Events' }).getByText('Completed before').waitFor(); // nobody looked when it happened
    await page.getByText('It takes jobs and runs them.').or(page.getByText('takes no job yet')).waitFor();

    const stages = [{ name: 'charge', handler: 'charge-card' }];
    await expect // until the page listens
      .poll(async () => {
        await server.call('POST', '/pipelines', { name: 'order', stages });
        for (const job of await worker.pull()) await worker.ack(job);
        return page.getByRole('region', { name: 'Events' }).getByText('Completed charge').count();
      })
      .toBeGreaterThan(0);
    await expectClean(tab, server);

    await page.getByRole('button', { name: 'Drain…' }).click();
    expect((await theWorker(server)).order).toBe('run'); // it asks first
    await page.getByRole('dialog').getByRole('button', { name: 'Drain' }).click();
    await page.getByRole('region', { name: 'Events' }).getByText('Was told to drain').waitFor();
    await page.getByText('takes nothing new').or(page.getByText('was told to drain and hears')).first().waitFor();
    expect((await theWorker(server)).order).toBe('drain');
    expect(await page.getByRole('button', { name: 'Drain…' }).count()).toBe(0);
  });

  it('lets a viewer look, and not drain', async () => {
    const server = await aServer();
    await aWorker(server, ['charge-card']);
    const { page } = await asViewer(browser, server, `workers/${(await theWorker(server)).id}`);
    expect(await page.getByRole('button', { name: 'Drain…' }).isDisabled()).toBe(true);
  });
});
