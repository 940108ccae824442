import type { ErrorGroup, Page, PipelineCreated, Stage } from '@pipelogiq/protocol';
import { createTestControlPlane } from '@pipelogiq/server/testing';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type Browser, openBrowser } from './browser.js';
import { aServer, aWorker, callsOf, expectClean, type Server, signedIn } from './support.js';
import { asViewer } from './viewer.js';

let browser: Browser;
beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(() => browser?.close());

/** Pipelines whose one stage failed for good. */
async function failures(server: Server, count: number) {
  const worker = await aWorker(server, ['charge-card']);
  const made: PipelineCreated[] = [];
  for (let i = 0; i < count; i++) {
    const stages = [{ name: 'charge', handler: 'charge-card', maxAttempts: 1 }];
    made.push(await server.call<PipelineCreated>('POST', '/pipelines', { name: 'order', stages }));
  }
  for (const job of await worker.pull()) await worker.nack(job);
  return { worker, made };
}

const statusOf = async ({ call }: Server, { id }: PipelineCreated) =>
  (await call<Page<Stage>>('GET', `/pipelines/${id}/stages`)).items[0]?.status;

const [MINUTE, RUNS] = [60_000, 32];

/** A handler that was half as slow an hour ago, and a deployment in between; seen now. */
async function slowed() {
  const controlPlane = await createTestControlPlane({ now: Date.now() - 62 * MINUTE });
  onTestFinished(() => controlPlane.close());
  const server = { controlPlane, ...(await controlPlane.listen({ port: 0 })), call: callsOf(controlPlane) };
  const run = async (ms: number) => {
    const worker = await aWorker(server, ['charge-card']);
    const stages = [{ name: 'charge', handler: 'charge-card' }];
    for (let made = 0; made < RUNS; made++) await server.call('POST', '/pipelines', { name: 'order', stages });
    for (let done = 0; done < RUNS; ) {
      const jobs = await worker.pull();
      expect(jobs.length).toBeGreaterThan(0);
      await controlPlane.advance(ms);
      for (const job of jobs) await worker.ack(job);
      done += jobs.length;
    }
  };
  await run(1_000);
  await controlPlane.jump(30 * MINUTE);
  await server.call('POST', '/observability/marks', { version: '2.4.1', title: 'labels' });
  await controlPlane.jump(30 * MINUTE);
  await run(2_000);
  await controlPlane.jump(1.5 * MINUTE); // the first runs are before the last hour, and as long before the deployment as now is after it
  await controlPlane.advance(6_000); // what was measured is folded
  return server;
}

/** Where a chart shows that something was deployed: a dashed line in the colour of the accent. */
const MARKED = `(() => {
  const canvas = document.querySelector('[role=img][aria-label^="Stages that ended"] canvas');
  const probe = document.createElement('canvas').getContext('2d');
  probe.fillStyle = getComputedStyle(document.documentElement).getPropertyValue('--accent').trim();
  probe.fillRect(0, 0, 1, 1);
  const accent = probe.getImageData(0, 0, 1, 1).data;
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  let found = 0;
  for (let at = 0; at < data.length; at += 4)
    if (data[at + 3] > 100 && [0, 1, 2].every((part) => Math.abs(data[at + part] - accent[part]) < 30)) found += 1;
  return found;
})()`;

describe('insights', () => {
  it('shows what became slower, since when, and by how much', async () => {
    const server = await slowed();
    const tab = await signedIn(browser, server, 'insights?range=1h');
    const { page } = tab;
    const slower = page.getByRole('region', { name: 'Became slower' }).locator('tbody tr');
    await slower.getByText('2.0×').waitFor();
    expect(await slower.allInnerTexts()).toEqual([expect.stringMatching(/order › charge\s+1\.0 s\s+2\.0 s\s+2\.0×/)]);
    const deployed = page.getByRole('region', { name: 'Deployments' }).locator('tbody tr');
    expect(await deployed.allInnerTexts()).toEqual([
      expect.stringMatching(/2\.4\.1 labels[\s\S]*1\.0 s → 2\.0 s worse[\s\S]*charge slower/),
    ]);
    await page.getByText('1 deployment').waitFor();
    await expect.poll(() => page.evaluate<number>(MARKED)).toBeGreaterThan(20);
    await expectClean(tab, server);
  });

  it('shows errors that are alike as a group, leads to an example, and replays all of them after a count and a question', async () => {
    const server = await aServer({ insightFoldEveryMs: 100 });
    const tab = await signedIn(browser, server, 'insights');
    const { page } = tab;
    await page.getByText('Nothing failed in this time').waitFor();
    await expectClean(tab, server);

    const { worker, made } = await failures(server, 3);
    await expect.poll(async () => (await server.call<Page<ErrorGroup>>('GET', '/observability/errors')).items[0]?.count).toBe(3);
    await page.reload();
    await page.getByRole('region', { name: 'Errors' }).getByRole('button', { name: /boom/ }).click();
    const group = page.getByRole('dialog', { name: 'boom' });
    expect(await group.getByRole('link', { name: `Pipeline ${made[0]?.id}` }).getAttribute('href')).toMatch(/pipelines\/\d+$/);
    await group.getByText('3 of 3 stages can run again now.').waitFor();
    await expectClean(tab, server);

    await group.getByRole('button', { name: 'Replay…' }).click();
    const question = page.getByRole('dialog', { name: 'Replay 3 stages?' });
    expect(await statusOf(server, made[0] as PipelineCreated)).toBe('failed'); // the count changed nothing
    await question.getByRole('button', { name: 'Replay 3 stages' }).click();
    await group.getByText('3 of 3 stages run again').waitFor();
    for (const job of await worker.pull()) await worker.ack(job);
    for (const pipeline of made) expect(await statusOf(server, pipeline)).toBe('completed');
  });

  it('keeps its range, filters and order in the address', async () => {
    const server = await aServer({ insightFoldEveryMs: 100 });
    await failures(server, 2);
    const { page } = await signedIn(browser, server, 'insights?range=1h');
    const handlers = page.getByRole('region', { name: 'Handlers' });
    await handlers.getByRole('button', { name: 'charge-card' }).waitFor();
    await handlers.getByRole('button', { name: 'p95', exact: true }).click();
    await page.getByLabel('Handler', { exact: true }).selectOption('charge-card');
    await page.waitForURL(/handler=charge-card/);
    await page.reload();
    expect(await page.getByRole('button', { name: '1h' }).getAttribute('aria-pressed')).toBe('true');
    expect(await page.getByLabel('Handler', { exact: true }).inputValue()).toBe('charge-card');
    await handlers.getByRole('columnheader', { name: 'p95', exact: true }).waitFor();
    expect(await handlers.getByRole('columnheader', { name: 'p95', exact: true }).getAttribute('aria-sort')).toBe('descending');
    await page.goto(`${server.url}/dashboard/insights?range=never`);
    await page.getByRole('button', { name: '24h', pressed: true }).waitFor(); // whatever somebody typed there
  });

  it('marks a deployment, and says by field what it cannot take', async () => {
    const server = await aServer();
    const tab = await signedIn(browser, server, 'insights');
    const { page } = tab;
    await page.getByRole('button', { name: 'Mark a deployment' }).click();
    const form = page.getByRole('dialog', { name: 'Mark a deployment' });
    await form.getByLabel('Version').fill('2.4.1');
    await form.getByLabel('Link').fill('nonsense');
    await form.getByRole('button', { name: 'Mark' }).click();
    await form.locator('[name=link][aria-invalid=true]').waitFor();
    tab.errors.splice(0); // the refusal is on the console
    await expectClean(tab, server);
    await form.getByLabel('Link').fill('https://ci.example.org/runs/42');
    await form.getByRole('button', { name: 'Mark' }).click();
    await page.getByRole('region', { name: 'Deployments' }).getByRole('link', { name: '2.4.1' }).waitFor();
  });

  it('lets a viewer look, and neither replay nor mark', async () => {
    const server = await aServer({ insightFoldEveryMs: 100 });
    await failures(server, 1);
    await expect.poll(async () => (await server.call<Page<ErrorGroup>>('GET', '/observability/errors')).items.length).toBe(1);
    const { page } = await asViewer(browser, server, 'insights');
    await page.getByRole('region', { name: 'Errors' }).getByRole('button', { name: /boom/ }).click();
    await page.getByText('Only operators may replay.').waitFor();
    expect(await page.getByRole('button', { name: 'Replay…' }).count()).toBe(0);
    expect(await page.getByRole('button', { name: 'Mark a deployment' }).count()).toBe(0);
  });
});
