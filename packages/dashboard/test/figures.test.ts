import type { Channel, Page as PageOf, PipelineCreated, Worker } from '@pipelogiq/protocol';
import { createTestControlPlane } from '@pipelogiq/server/testing';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type Browser, openBrowser } from './browser.js';
import { aWorker, callsOf, signedIn } from './support.js';

let browser: Browser;
beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(() => browser?.close());

const MINUTE = 60_000;

/** A server whose clock the test moves, from the beginning of a minute on; what it makes is over before now. */
async function aLedger() {
  const now = (Math.floor(Date.now() / MINUTE) - 10) * MINUTE;
  const controlPlane = await createTestControlPlane({ now });
  onTestFinished(() => controlPlane.close());
  const server = { controlPlane, ...(await controlPlane.listen({ port: 0 })), call: callsOf(controlPlane) };
  const worker = await aWorker(server, ['charge-card', 'send-mail', 'load-file']);
  const create = (name: string, handler: string, more: object = {}) =>
    server.call<PipelineCreated>('POST', '/pipelines', { name, stages: [{ name: 'only', handler, ...more }] });
  return { ...server, worker, create };
}
type Ledger = Awaited<ReturnType<typeof aLedger>>;

/** A page as it is by the clock of the server, which stands still. */
async function seen(ledger: Ledger, path: string) {
  const tab = await signedIn(browser, ledger, 'settings/account');
  await tab.page.clock.setFixedTime(ledger.controlPlane.now());
  await tab.page.goto(`${ledger.url}/dashboard/${path}`);
  return tab;
}

/** As text in one line: `p50 1.0 s`. */
const flat = (text: string) => text.replace(/\s+/g, ' ').trim();
const rowsOf = async (page: Page, region: string) =>
  (await page.getByRole('region', { name: region, exact: true }).locator('tbody tr').allInnerTexts()).map(flat);
/** Of a card, by its title: all that it says. */
async function cardOf(page: Page, title: string) {
  const heading = page.getByRole('heading', { name: title, exact: true });
  return (await page.locator('section').filter({ has: heading }).allInnerTexts()).map(flat).join();
}
/** The figures of a strip: label, value and note of each. */
const statsOf = async (page: Page) => (await page.locator('main dl').first().locator('> div').allInnerTexts()).map(flat);

/**
 * 36 orders that waited 2 s and ran 2 s, two that waited and ran 3 s, and two 4 s; four refunds of half a second, of which one needed a
 * second attempt; and an import that failed. The 38th of 40 is their p95, the 40th their p99.
 */
async function work({ controlPlane, worker, create }: Ledger) {
  const orders = async (count: number) => {
    for (let made = 0; made < count; made++) await create('order', 'charge-card');
  };
  const ackAll = async (jobs: Awaited<ReturnType<typeof worker.pull>>) => {
    for (const job of jobs) await worker.ack(job);
  };
  for (let round = 0; round < 9; round++) {
    await orders(4);
    await controlPlane.advance(2_000);
    const jobs = await worker.pull();
    await controlPlane.advance(2_000);
    await ackAll(jobs);
  }
  await orders(2);
  await controlPlane.advance(1_000);
  await orders(2);
  await controlPlane.advance(3_000);
  const last = await worker.pull();
  await controlPlane.advance(3_000);
  await ackAll(last.slice(2));
  await controlPlane.advance(1_000);
  await ackAll(last.slice(0, 2));

  for (let made = 0; made < 4; made++)
    await create('refund', 'send-mail', { maxAttempts: 2, backoff: { type: 'fixed', delayMs: 1_000, jitter: false } });
  const [flaky, ...steady] = await worker.pull();
  await controlPlane.advance(500);
  if (flaky) await worker.nack(flaky);
  await ackAll(steady);
  await controlPlane.advance(1_000);
  const again = await worker.pull();
  await controlPlane.advance(500);
  await ackAll(again);

  await create('import', 'load-file', { maxAttempts: 1 });
  const [broken] = await worker.pull();
  await controlPlane.advance(200);
  if (broken) await worker.nack(broken);
  await controlPlane.advance(6_000); // what was measured is folded
}

describe('figures', () => {
  it('of Operations are those of what goes on and what was done', async () => {
    const ledger = await aLedger();
    const { controlPlane, worker, create, call } = ledger;
    const config = { url: 'http://127.0.0.1:9/hook', secret: `whsec_${'a'.repeat(40)}` };
    const { id } = await call<Channel>('POST', '/alerts/channels', { name: 'hook', type: 'webhook', config });
    await call('POST', '/alerts/rules', { name: 'Failures', events: ['pipeline_failed'], channels: [id], groupWaitMs: 0 });
    await work(ledger);
    for (let made = 0; made < 3; made++) await create('order', 'charge-card');
    await worker.pull();
    await worker.beat({ inFlight: 3 });
    await create('order', 'charge-card');
    await controlPlane.advance(8_000);
    await create('refund', 'send-mail');
    await controlPlane.advance(4_000);

    const { page } = await seen(ledger, 'operations');
    await expect
      .poll(() => statsOf(page))
      .toEqual([
        'Active jobs 3 5 pipelines running',
        'Queue depth 2 oldest waits 12 s',
        'Workers online 1 +1 in an hour',
        'Open incidents 1 to look at none acknowledged',
        'Success rate, 24h 97.8% 1 of 45 failed',
        'Queue wait p99, 24h 4.0 s p50 2.0 s',
        'Throughput, 24h 1.8/h 44 stages completed',
        'Retries, 24h 1 4.3% of attempts failed',
      ]);
    await expect.poll(() => cardOf(page, 'Pool utilisation')).toBe('Pool utilisation default 75% 1 worker, 3 of 4 slots busy');
    await expect // running, waiting, the oldest of those; p50, p95, failed attempts
      .poll(() => rowsOf(page, 'Handlers'))
      .toEqual([
        'charge-card 3 1 12 s 2.0 s 3.0 s 0%',
        'send-mail 0 1 4.0 s 500 ms 500 ms 20%',
        'load-file 0 0 – 200 ms 200 ms 100%',
      ]);
    await expect
      .poll(() => cardOf(page, 'Open incidents'))
      .toBe('Open incidents All incidents Pipeline import failed at only: boom Error · 18 s ago · Failures');
  });

  it('of Insights are those of what was done', async () => {
    const ledger = await aLedger();
    await work(ledger);
    await ledger.worker.beat({ inFlight: 1 });
    await ledger.controlPlane.advance(12_000);
    const { page } = await seen(ledger, 'insights?range=1h');
    await expect
      .poll(() => statsOf(page))
      .toEqual([
        'Pipeline success 97.8% 1 of 45 failed',
        'Failed attempts 4.3% 2 failed, 1 tried again',
        'Run time p95 3.0 s p50 2.0 s, p99 4.0 s',
        'Queue wait p95 3.0 s p50 2.0 s, p99 4.0 s',
        'Throughput 43/h 44 stages completed',
        'Pipeline duration p95 6.0 s first result p95 6.0 s',
        'Flaky stages 2.3% took several attempts',
        'Work done 1m 28s 25% of all slots in use',
      ]);
    await expect // attempts, p50, p95, p99, p95 of the wait, failed attempts
      .poll(() => rowsOf(page, 'Handlers'))
      .toEqual([
        'charge-card 40 2.0 s 3.0 s 4.0 s 3.0 s 0%',
        'send-mail 5 500 ms 500 ms 500 ms 0 ms 20%',
        'load-file 1 200 ms 200 ms 200 ms 0 ms 100%',
      ]);
    expect(await rowsOf(page, 'Flaky stages')).toEqual(['refund › only 4 1 25%']);
    expect(await rowsOf(page, 'Slowest pipelines')).toEqual([
      'order 40 100% 4.0 s 6.0 s',
      'refund 4 100% 500 ms 2.0 s',
      'import 1 0% 200 ms 200 ms',
    ]);
    expect(await cardOf(page, 'How long pipelines took')).toBe(
      'How long pipelines took 45 pipelines ≤ 1 s 4 8.9% ≤ 5 s 37 82% ≤ 15 s 4 8.9%',
    );
  });

  it('of a worker are those that it told last', async () => {
    const ledger = await aLedger();
    const { worker, create, call } = ledger;
    await create('order', 'charge-card');
    await worker.pull();
    await worker.beat({ inFlight: 1, processed: 310, failed: 2, cpuPercent: 37.4, memoryMb: 212 });
    const { page } = await seen(ledger, 'workers');
    await expect // in flight, done, failed, CPU, memory
      .poll(async () => rowsOf(page, 'Workers'))
      .toEqual(['hand 1 Running default – – 1 / 4 310 2 37% 212 MiB just now']);
    const { items } = await call<PageOf<Worker>>('GET', '/workers');
    await page.goto(`${ledger.url}/dashboard/workers/${items[0]?.id}`);
    await expect
      .poll(() => statsOf(page))
      .toEqual([
        'Jobs in flight 1 of 4 at a time',
        'Jobs since its start 310 2 failed',
        'CPU, of one core 37% 212 MiB of memory',
        expect.stringMatching(/^Up for .* last seen just now$/),
      ]);
  });
});
