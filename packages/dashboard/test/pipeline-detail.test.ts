import type { OneTimeLink, Page, PipelineCreated, Stage } from '@pipelogiq/protocol';
import { defineHandler, Pipelogiq } from '@pipelogiq/sdk';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type Browser, openBrowser } from './browser.js';
import { aServer, aWorker, expectClean, type Server, signedIn, signInPath } from './support.js';

let browser: Browser;

beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(() => browser?.close());

/** Held until the test lets go. */
function gate() {
  let open: () => void = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

/** A worker of the SDK that speaks to the server's port, until the test is over. */
function aWorkerOf({ controlPlane, url }: Server, handlers: Parameters<Pipelogiq['worker']>[0]['handlers']): void {
  const pipelogiq = new Pipelogiq({ url, apiKey: controlPlane.connection().apiKey });
  const worker = pipelogiq.worker({ handlers });
  const working = worker.run();
  onTestFinished(async () => {
    worker.stop();
    await working;
    await pipelogiq.close();
  });
}

const create = ({ call }: Server, stages: object[], more: object = {}) =>
  call<PipelineCreated>('POST', '/pipelines', { name: 'order', stages, ...more });

const stagesOf = async ({ call }: Server, id: string) => (await call<Page<Stage>>('GET', `/pipelines/${id}/stages`)).items;

describe('the page of a pipeline', () => {
  it('shows it run to its end, live', async () => {
    const server = await aServer();
    const { opened, open } = gate();
    aWorkerOf(server, [
      defineHandler('fetch', {}, async (_, job) => {
        job.log.info('fetching what was ordered');
        await opened;
        return { found: 3 };
      }),
      defineHandler('send', {}, async () => 'sent'),
    ]);
    const { id } = await create(server, [{ name: 'fetch' }, { name: 'send' }], {
      context: { customer: 'c-7' },
      keywords: ['shop'],
    });
    const tab = await signedIn(browser, server, `pipelines/${id}`);
    const { page } = tab;
    let loads = 0;
    page.on('load', () => {
      loads += 1;
    });
    const graph = page.getByRole('region', { name: 'Graph of the stages' });
    await graph.getByRole('button', { name: /fetch Running/ }).waitFor();
    await graph.getByRole('button', { name: /send Not started/ }).waitFor();
    await graph.getByRole('button', { name: /fetch/ }).click();
    const panel = page.getByRole('complementary', { name: 'Stage fetch' });
    await panel.getByText('fetching what was ordered').waitFor();
    open();
    await graph.getByRole('button', { name: /send Completed/ }).waitFor();
    await page.getByRole('banner').or(page.locator('header')).getByText('Completed').first().waitFor();
    await panel.getByText('found:').waitFor();
    expect(loads).toBe(0);
    await expectClean(tab, server);

    await panel.getByRole('button', { name: 'Close' }).click();
    for (const [name, shown] of [
      ['Waterfall', 'Waited for a worker'],
      ['Stages', 'Last error'],
      ['Logs', 'fetching what was ordered'],
      ['Context', 'customer'],
    ] as const) {
      await page.getByRole('tab', { name }).click();
      await page.getByText(shown).first().waitFor();
      await expectClean(tab, server);
    }
    expect(new URL(page.url()).searchParams.get('tab')).toBe('context');
  });

  it('shows what a stage logs while somebody looks, in its order and without a reload', async () => {
    const server = await aServer();
    const worker = await aWorker(server, ['fetch']);
    const { id } = await create(server, [{ name: 'fetch' }]);
    const [job] = await worker.pull();
    if (!job) throw new Error('nothing to run');
    const { page } = await signedIn(browser, server, `pipelines/${id}?tab=logs`);
    await page.getByText('No line yet').waitFor();
    let loads = 0;
    page.on('load', () => {
      loads += 1;
    });
    const lines = page.getByRole('region', { name: 'Logs', exact: true }).getByRole('listitem');
    const shown = async () => (await lines.allInnerTexts()).map((text) => text.match(/line \d+/)?.[0]);
    await worker.log(job, 'line 1', 'line 2');
    await expect.poll(shown).toEqual(['line 1', 'line 2']);
    await worker.log(job, 'line 3');
    await expect.poll(shown).toEqual(['line 1', 'line 2', 'line 3']);
    const more = Array.from({ length: 60 }, (_, index) => `line ${index + 4}`);
    await worker.log(job, ...more);
    await lines.last().getByText('line 63').waitFor();
    await expect.poll(shown).toEqual(['line 1', 'line 2', 'line 3', ...more]);
    await expect(lines.last().isVisible()).resolves.toBe(true);
    await worker.log(job, 'line 64');
    await worker.ack(job);
    await expect.poll(async () => (await shown()).at(-1)).toBe('line 64'); // the last is read after the end, too
    expect(loads).toBe(0);
  });

  it('moves a stage out from under the panel that opens', async () => {
    const server = await aServer();
    const { id } = await create(
      server,
      ['a', 'b', 'c', 'd'].map((name) => ({ name })),
    );
    const { page } = await signedIn(browser, server, `pipelines/${id}`);
    const last = page.getByRole('button', { name: /^d Not started/ });
    await last.click();
    const panel = await page.getByRole('complementary', { name: 'Stage d' }).boundingBox();
    const rightSide = async () => {
      const box = await last.boundingBox();
      return box ? box.x + box.width : Number.NaN;
    };
    await expect.poll(rightSide).toBeLessThan(panel?.x ?? 0);
  });

  it('reruns a failed stage from its panel, and shows it complete', async () => {
    const server = await aServer();
    let isBroken = true;
    const charge = defineHandler('charge', {}, async () => {
      if (isBroken) throw new Error('The bank is closed');
      return 'charged';
    });
    aWorkerOf(server, [charge, defineHandler('ship', {}, async () => 'shipped')]);
    const { id } = await create(server, [{ name: 'charge', maxAttempts: 1 }, { name: 'ship' }]);
    await server.call('GET', `/pipelines/${id}/wait`);
    const [failed] = await stagesOf(server, id);
    const tab = await signedIn(browser, server, `pipelines/${id}?stage=${failed?.id}`);
    const { page } = tab;
    const panel = page.getByRole('complementary', { name: 'Stage charge' });
    await panel.getByText('The bank is closed').first().waitFor();
    await panel.getByText('Stack').waitFor();
    await expectClean(tab, server);
    isBroken = false;
    await panel.getByRole('button', { name: 'Rerun', exact: true }).click();
    await panel.getByText('charged').waitFor();
    await page.getByRole('button', { name: /ship Completed/ }).waitFor();
    expect((await stagesOf(server, id)).map(({ status }) => status)).toEqual(['completed', 'completed']);
  });

  it('says why a stage does not run: no worker has its handler', async () => {
    const server = await aServer();
    aWorkerOf(server, [defineHandler('charge', {}, async () => 'charged')]);
    const { id } = await create(server, [{ name: 'chrage' }]);
    const tab = await signedIn(browser, server, `pipelines/${id}`);
    const { page } = tab;
    await page.getByRole('button', { name: /chrage Pending/ }).click();
    const panel = page.getByRole('complementary', { name: 'Stage chrage' });
    await panel.getByRole('heading', { name: 'Why is this not running?' }).waitFor();
    await panel
      .getByText(/did you mean|no( live)? worker/i)
      .first()
      .waitFor();
    await panel
      .getByText(/charge/)
      .first()
      .waitFor();
    await expectClean(tab, server);
    await page.keyboard.press('Escape');
    await panel.waitFor({ state: 'detached' });
  });

  it('completes a stage that waits for an event', async () => {
    const server = await aServer();
    const { id } = await create(server, [{ name: 'approve', waitFor: 'event' }]);
    const [stage] = await stagesOf(server, id);
    const tab = await signedIn(browser, server, `pipelines/${id}?stage=${stage?.id}`);
    const { page } = tab;
    await page.getByRole('button', { name: 'Complete', exact: true }).click();
    const dialog = page.getByRole('dialog', { name: 'Complete approve' });
    await dialog.getByLabel(/^Output/).fill('{"by": ');
    await dialog.getByText('This is not JSON').waitFor();
    await dialog.getByLabel(/^Output/).fill('{"by": "ada"}');
    await expectClean(tab, server);
    await dialog.getByRole('button', { name: 'Complete the stage' }).click();
    await dialog.waitFor({ state: 'detached' });
    expect((await stagesOf(server, id))[0]).toMatchObject({ status: 'completed', output: { by: 'ada' } });
  });

  it('gives a program that makes the pipeline again', async () => {
    const server = await aServer();
    const { id } = await create(
      server,
      [
        { name: 'a', input: { n: 1 } },
        { name: 'b', handler: 'other', dependsOn: [] },
      ],
      {
        keywords: ['shop'],
      },
    );
    const { page } = await signedIn(browser, server, `pipelines/${id}`);
    await page.getByRole('button', { name: 'Copy as code' }).click();
    const dialog = page.getByRole('dialog', { name: 'Make this pipeline again' });
    const command = await dialog.getByRole('region', { name: 'command' }).textContent();
    const body = /<<'JSON'\n([\s\S]*)\nJSON$/.exec(command ?? '')?.[1] ?? '';
    const again = await server.call<PipelineCreated>('POST', '/pipelines', JSON.parse(body) as object);
    const told = async (pipeline: string) =>
      (await stagesOf(server, pipeline)).map(({ name, handler, input, dependsOn }) => ({ name, handler, input, dependsOn }));
    expect(await told(again.id)).toEqual(await told(id));
  });

  it('shows viewers everything, and lets them do nothing', async () => {
    const server = await aServer();
    const { id } = await create(server, [{ name: 'one' }]);
    const [stage] = await stagesOf(server, id);
    await server.call<OneTimeLink>('POST', '/auth/links', {}); // there is an owner
    const invitation = await server.call<{ token: string }>('POST', '/users/invitations', { role: 'viewer' });
    await server.call('POST', '/auth/invite', { token: invitation.token, username: 'vera', password: 'correct horse battery' });
    const tab = await browser.page();
    onTestFinished(() => tab.context.close());
    const { page } = tab;
    await page.goto(`${server.url}/${await signInPath(server, 'vera')}`);
    await page.getByRole('navigation', { name: 'Main' }).waitFor();
    await page.goto(`${server.url}/dashboard/pipelines/${id}?stage=${stage?.id}`);
    const panel = page.getByRole('complementary', { name: 'Stage one' });
    await panel
      .getByText(/no( live)? worker/i)
      .first()
      .waitFor();
    for (const name of ['Rerun', 'Pause', 'Cancel'])
      expect(await page.getByRole('button', { name, exact: true }).first().isDisabled(), name).toBe(true);
    for (const name of ['Rerun', 'Rerun with following', 'Skip'])
      expect(await panel.getByRole('button', { name, exact: true }).isDisabled(), name).toBe(true);
    await expectClean(tab, server);
    await page.goto(`${server.url}/dashboard/pipelines`);
    await page.getByRole('link', { name: /^order/ }).waitFor();
    expect(await page.getByRole('checkbox').count()).toBe(0);
    expect(await page.getByRole('button', { name: /^Act on/ }).count()).toBe(0);
  });
});
