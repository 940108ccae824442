import type { Page, Pipeline, PipelineCreated, Stage } from '@pipelogiq/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Browser, openBrowser } from './browser.js';
import { aServer, aWorker, expectClean, type Server, signedIn } from './support.js';

let browser: Browser;
beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(() => browser?.close());

const CHAIN = ['fetch', 'charge', 'ship'];

const create = ({ call }: Server, stages: object[] = CHAIN.map((name) => ({ name, maxAttempts: 1 }))) =>
  call<PipelineCreated>('POST', '/pipelines', { name: 'order', stages });
const pipelineOf = ({ call }: Server, id: string) => call<Pipeline>('GET', `/pipelines/${id}`);
const stagesOf = async ({ call }: Server, id: string) => (await call<Page<Stage>>('GET', `/pipelines/${id}/stages`)).items;
const statusesOf = async (server: Server, id: string) => (await stagesOf(server, id)).map(({ status }) => status);

/** A chain of three that is completed, and the worker that did it. */
async function completed(server: Server) {
  const worker = await aWorker(server, CHAIN);
  const { id } = await create(server);
  for (const name of CHAIN) {
    const [job] = await worker.pull();
    if (!job) throw new Error(`no job of ${name}`);
    await worker.ack(job, name);
  }
  expect(await statusesOf(server, id)).toEqual(['completed', 'completed', 'completed']);
  return { id, worker };
}

async function panelOf(server: Server, id: string, name: string) {
  const stage = (await stagesOf(server, id)).find((each) => each.name === name);
  const tab = await signedIn(browser, server, `pipelines/${id}?stage=${stage?.id}`);
  return { ...tab, panel: tab.page.getByRole('complementary', { name: `Stage ${name}` }) };
}

describe('the actions of a pipeline', () => {
  it('pause it and resume it', async () => {
    const server = await aServer();
    const { id } = await create(server);
    const worker = await aWorker(server, CHAIN);
    const tab = await signedIn(browser, server, `pipelines/${id}`);
    const { page } = tab;
    const head = page.getByRole('main').locator('header');
    await page.getByRole('button', { name: 'Pause', exact: true }).click();
    await head.getByText('Paused', { exact: true }).waitFor();
    await page.getByText(`Pipeline ${id} paused`).waitFor();
    expect((await pipelineOf(server, id)).status).toBe('paused');
    expect(await worker.pull()).toEqual([]);
    await expectClean(tab, server);

    await page.getByRole('button', { name: 'Resume', exact: true }).click();
    await page.getByRole('button', { name: 'Pause', exact: true }).waitFor();
    expect((await pipelineOf(server, id)).status).not.toBe('paused');
    expect(await worker.pull()).toHaveLength(1);
  });

  it('cancel it after a question, and keep why', async () => {
    const server = await aServer();
    const { id } = await create(server);
    const tab = await signedIn(browser, server, `pipelines/${id}`);
    const { page } = tab;
    const question = page.getByRole('dialog', { name: 'Cancel this pipeline?' });
    await page.getByRole('button', { name: 'Cancel', exact: true }).click();
    await expectClean(tab, server);
    await page.keyboard.press('Escape');
    await question.waitFor({ state: 'detached' });
    expect((await pipelineOf(server, id)).status).toBe('running'); // it was only asked

    await page.getByRole('button', { name: 'Cancel', exact: true }).click();
    await question.getByLabel(/^Reason/).fill('ordered twice');
    await question.getByRole('button', { name: 'Cancel the pipeline' }).click();
    await page.getByText('Cancelled: ordered twice').waitFor();
    expect(await pipelineOf(server, id)).toMatchObject({ status: 'cancelled', cancelReason: 'ordered twice' });
    expect(await statusesOf(server, id)).toEqual(['cancelled', 'cancelled', 'cancelled']);
    expect(await page.getByRole('button', { name: 'Cancel', exact: true }).isDisabled()).toBe(true);
  });

  it('rerun it from what failed, and from the start', async () => {
    const server = await aServer();
    const worker = await aWorker(server, CHAIN);
    const { id } = await create(server);
    for (const job of await worker.pull()) await worker.ack(job, 'fetched');
    for (const job of await worker.pull()) await worker.nack(job);
    const { page } = await signedIn(browser, server, `pipelines/${id}`);
    const rerun = async (item: string) => {
      await page.getByRole('button', { name: 'Rerun', exact: true }).click();
      await page.getByRole('menuitem', { name: item }).click();
    };
    const graph = page.getByRole('region', { name: 'Graph of the stages' });
    await graph.getByRole('button', { name: /charge Failed/ }).waitFor();
    await rerun('Rerun from failed');
    await graph.getByRole('button', { name: /charge Pending/ }).waitFor();
    expect((await stagesOf(server, id))[0]).toMatchObject({ status: 'completed', output: 'fetched' });
    for (const name of ['charge', 'ship']) {
      const jobs = await worker.pull();
      expect(jobs.map(({ stage }) => stage)).toEqual([name]);
      for (const job of jobs) await worker.ack(job);
    }
    await graph.getByRole('button', { name: /ship Completed/ }).waitFor();
    await rerun('Rerun from the start');
    await graph.getByRole('button', { name: /fetch Pending/ }).waitFor();
    expect(await statusesOf(server, id)).toEqual(['pending', 'not_started', 'not_started']);
  });
});

describe('the actions of a stage', () => {
  it('skip one after a question, and let what waits for it go on', async () => {
    const server = await aServer();
    const { id } = await create(server);
    const tab = await panelOf(server, id, 'fetch');
    const { page, panel } = tab;
    const question = page.getByRole('dialog', { name: 'Skip fetch?' });
    await panel.getByRole('button', { name: 'Skip', exact: true }).click();
    await question.waitFor();
    expect((await statusesOf(server, id))[0]).toBe('pending'); // it asks first
    await expectClean(tab, server);
    await question.getByRole('button', { name: 'Skip the stage' }).click();
    await panel.getByText('Skipped', { exact: true }).first().waitFor();
    await page.getByRole('button', { name: /charge Pending/ }).waitFor();
    expect(await statusesOf(server, id)).toEqual(['skipped', 'pending', 'not_started']);
  });

  it('rerun one alone, or with all that follows', async () => {
    const server = await aServer();
    const { id, worker } = await completed(server);
    const { page, panel } = await panelOf(server, id, 'charge');
    await panel.getByRole('button', { name: 'Rerun', exact: true }).click();
    await page.getByRole('button', { name: /charge Pending/ }).waitFor();
    expect(await statusesOf(server, id)).toEqual(['completed', 'pending', 'completed']);
    for (const job of await worker.pull()) await worker.ack(job);
    await page.getByRole('button', { name: /charge Completed/ }).waitFor();

    await panel.getByRole('button', { name: 'Rerun with following' }).click();
    await page.getByRole('button', { name: /charge Pending/ }).waitFor();
    await page.getByRole('button', { name: /ship Not started/ }).waitFor();
    expect(await statusesOf(server, id)).toEqual(['completed', 'pending', 'not_started']);
  });
});
