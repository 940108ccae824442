import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Pipelogiq } from '@pipelogiq/sdk';
import { type ControlPlane, createControlPlane } from '@pipelogiq/server';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ReportFile } from '../src/contracts.js';
import { handlers } from '../src/handlers.js';
import { createDataReport } from '../src/pipeline.js';
import { type PriceService, startPriceService } from '../src/price-service.js';

let outputDir: string;
let controlPlane: ControlPlane;
let pipelogiq: Pipelogiq;
let prices: PriceService;

beforeAll(async () => {
  outputDir = await mkdtemp(join(tmpdir(), 'data-report-'));
  controlPlane = await createControlPlane({ database: ':memory:', logLevel: 'warn' });
  pipelogiq = new Pipelogiq(controlPlane.connection());
  prices = await startPriceService();
});
afterAll(async () => {
  await pipelogiq?.close();
  await controlPlane?.close();
  await prices?.close();
  await rm(outputDir, { recursive: true });
});

it('makes the report from start to end, through one retry', async () => {
  const { id, traceId } = await createDataReport(pipelogiq, { outputDir, idempotencyKey: 'today' });
  const worker = pipelogiq.worker({ handlers: handlers(prices.url), concurrency: 4, signals: false });
  const working = worker.run();
  await pipelogiq.pipelines.waitForSuccess(id);
  worker.stop();
  await working;

  const stages = await pipelogiq.pipelines.stages(id);
  expect(stages.map(({ name, status, attempts }) => [name, status, attempts])).toEqual(
    ['fetch', 'prices', 'validate', 'box-office', 'genres', 'ratings', 'charts', 'report'].map((name) => [
      name,
      'completed',
      name === 'prices' ? 2 : 1,
    ]),
  );

  const { path, bytes } = ReportFile.parse(stages.find((stage) => stage.name === 'report')?.output);
  const html = await readFile(path, 'utf8');
  expect(Buffer.byteLength(html)).toBe(bytes);
  expect(html).toContain(`Pipeline <code>${id}</code> · trace <code>${traceId}</code>`);
  expect(html).toContain('attempt 2 succeeded');

  const context = Object.fromEntries((await pipelogiq.pipelines.context(id)).map(({ key, value }) => [key, value]));
  expect(context).toEqual({ rows: { read: 3_201, kept: 3_192, rejected: 9 }, report: path });
  expect((await pipelogiq.pipelines.get(id)).keywords.sort()).toEqual(['example', 'films']);

  const logs = await pipelogiq.pipelines.logs(id).all();
  expect(logs.map((line) => line.message)).toEqual(
    expect.arrayContaining(['the price service is busy', 'rejected: no title', 'charts drawn', 'report written']),
  );

  // The three aggregations run beside each other: none waits for another one.
  const trace = await pipelogiq.pipelines.trace(id);
  expect(trace.traceId).toBe(traceId);
  const waits = trace.stages.filter(({ name }) => ['genres', 'ratings'].includes(name)).flatMap((stage) => stage.attempts);
  expect(waits).toHaveLength(2);
  expect(trace.stages.find((stage) => stage.name === 'prices')?.attempts.map((attempt) => attempt.outcome)).toEqual([
    'retried',
    'completed',
  ]);
});

it('makes one report for one idempotency key', async () => {
  const again = await createDataReport(pipelogiq, { outputDir, idempotencyKey: 'today' });
  expect(again.created).toBe(false);
});
