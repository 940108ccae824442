import type { Page as PageOf, PipelineSummary, Schedule } from '@pipelogiq/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Browser, openBrowser } from './browser.js';
import { aServer, expectClean, type Server, signedIn, takeErrors } from './support.js';
import { asViewer } from './viewer.js';

let browser: Browser;
beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(() => browser?.close());

const NIGHTLY = {
  name: 'nightly',
  cron: '30 2 * * *',
  timeZone: 'Europe/Berlin',
  template: { name: 'report', stages: [{ name: 'build', handler: 'build-report' }] },
};
const aSchedule = ({ call }: Server) => call<Schedule>('POST', '/schedules', NIGHTLY);
const pipelinesOf = async ({ call }: Server) => (await call<PageOf<PipelineSummary>>('GET', '/pipelines')).items;

describe('schedules', () => {
  it('makes one by a form that shows what the server refuses, where it is', async () => {
    const server = await aServer();
    const tab = await signedIn(browser, server, 'schedules');
    const { page } = tab;
    await page.getByText('No schedule yet').waitFor();
    await expectClean(tab, server);
    await page.getByRole('button', { name: 'New schedule' }).click();
    const form = page.getByRole('dialog', { name: 'New schedule' });
    await form.getByLabel('Name').fill('nightly');
    await form.getByLabel('Cron expression').fill('61 2 * * *');
    await form.getByLabel('Time zone').fill('Europe/Berlin');
    await form.getByRole('button', { name: 'Create' }).click();
    await form.locator('[name=cron][aria-invalid=true]').waitFor();
    takeErrors(tab, /422/);
    await form.getByLabel('Cron expression').fill('30 2 * * *');
    await form.getByText('Every day at 02:30').waitFor();
    await form.getByLabel('Pipeline').fill('{ nonsense');
    await form.getByRole('button', { name: 'Create' }).click();
    await form.locator('[name=template][aria-invalid=true]').waitFor();
    await expectClean(tab, server);
    await form.getByLabel('Pipeline').fill(JSON.stringify(NIGHTLY.template));
    await form.getByRole('button', { name: 'Create' }).click();
    await page.getByRole('heading', { name: 'nightly', level: 1 }).waitFor();
    await page.getByText('Every day at 02:30, on the clocks of Europe/Berlin.').waitFor();
    await expectClean(tab, server);
  });

  it('triggers, pauses, resumes, changes and deletes one', async () => {
    const server = await aServer();
    const { id } = await aSchedule(server);
    const tab = await signedIn(browser, server, `schedules/${id}`);
    const { page } = tab;
    const now = () => server.call<Schedule>('GET', `/schedules/${id}`);

    await page.getByRole('button', { name: 'Trigger now…' }).click();
    expect(await pipelinesOf(server)).toEqual([]); // it asks first
    await page.getByRole('dialog').getByRole('button', { name: 'Trigger' }).click();
    await page.getByText(/^nightly made pipeline \d+$/).waitFor();
    expect((await pipelinesOf(server)).map(({ name }) => name)).toEqual(['report']);

    await page.getByRole('button', { name: 'Pause' }).click();
    await page.getByRole('button', { name: 'Resume' }).waitFor();
    expect((await now()).status).toBe('paused');
    await expectClean(tab, server);
    await page.getByRole('button', { name: 'Resume' }).click();
    await page.getByRole('button', { name: 'Pause' }).waitFor();
    expect((await now()).status).toBe('active');

    await page.getByRole('button', { name: 'Edit' }).click();
    await page.getByRole('dialog').getByLabel('Cron expression').fill('0 9 * * MON-FRI');
    await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
    await page.getByText('At 09:00 on weekdays, on the clocks of Europe/Berlin.').waitFor();
    expect(await now()).toMatchObject({ cron: '0 9 * * MON-FRI', name: 'nightly', timeZone: 'Europe/Berlin' });

    await page.getByRole('button', { name: 'Delete…' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await page.getByText('No schedule yet').waitFor();
    expect((await server.call<PageOf<Schedule>>('GET', '/schedules')).items).toEqual([]);
  });

  it('lets a viewer look, and change nothing', async () => {
    const server = await aServer();
    const { id } = await aSchedule(server);
    const tab = await asViewer(browser, server, 'schedules');
    const { page } = tab;
    await page.getByRole('link', { name: 'nightly' }).waitFor();
    expect(await page.getByRole('button', { name: 'New schedule' }).count()).toBe(0);
    await expectClean(tab, server);
    await page.goto(`${server.url}/dashboard/schedules/${id}`);
    await page.getByText('Only operators may change schedules.').waitFor();
    for (const name of ['Trigger now…', 'Pause', 'Edit', 'Delete…'])
      expect(await page.getByRole('button', { name }).count()).toBe(0);
  });
});
