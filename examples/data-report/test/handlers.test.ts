import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runHandler } from '@pipelogiq/sdk/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type PriceService, startPriceService } from '../src/price-service.js';
import { boxOfficeWorker } from '../src/stages/box-office.js';
import { fetchFilmsWorker } from '../src/stages/fetch-films.js';
import { fetchPricesWorker } from '../src/stages/fetch-prices.js';
import { validateFilmsWorker } from '../src/stages/validate-films.js';
import { prices } from './data.js';

let outputDir: string;
let service: PriceService;
beforeAll(async () => {
  outputDir = await mkdtemp(join(tmpdir(), 'data-report-'));
  service = await startPriceService();
});
afterAll(async () => {
  await service.close();
  await rm(outputDir, { recursive: true });
});

describe('fetch', () => {
  it('stores the data set in the folder of its pipeline and passes on where', async () => {
    const result = await runHandler(fetchFilmsWorker, { input: { outputDir } });
    expect(result).toMatchObject({
      status: 'completed',
      output: { path: join(outputDir, 'pipeline-1', 'movies.json'), rows: 3_201, name: 'movies.json' },
    });
    expect(result.steps.map((step) => step.name)).toEqual(['read', 'store']);
  });

  it('leaves one whole file, however often it is delivered', async () => {
    const folder = await mkdtemp(join(outputDir, 'twice-'));
    await Promise.all([1, 2, 3].map(() => runHandler(fetchFilmsWorker, { input: { outputDir: folder } })));
    expect(await readdir(join(folder, 'pipeline-1'))).toEqual(['movies.json']);
  });
});

describe('prices', () => {
  const run = (attempt: number, idempotencyKey: string) =>
    runHandler(fetchPricesWorker(service.url), { input: { from: 1915, to: 2011 }, attempt, idempotencyKey });

  it('fails on the first attempt, retryably, and succeeds on the second', async () => {
    const first = await run(1, 'stage-1');
    expect(first).toMatchObject({ status: 'failed', retryable: true });
    if (first.status === 'failed') expect(first.error.message).toBe('the price service answered 503: busy, try again');
    expect(first.logs).toContainEqual({
      level: 'warn',
      message: 'the price service is busy',
      fields: { status: 503, attempt: 1 },
    });

    const second = await run(2, 'stage-1');
    expect(second).toMatchObject({ status: 'completed', output: { attempt: 2, prices: { 1939: 13.9, 2010: 218.1 } } });
  });

  it('gives up when the index lacks a year', async () => {
    await run(1, 'stage-2');
    const result = await runHandler(fetchPricesWorker(service.url), {
      input: { from: 1800, to: 2010 },
      idempotencyKey: 'stage-2',
    });
    expect(result).toMatchObject({ status: 'failed', retryable: false, error: { message: 'the price index lacks 1800' } });
  });
});

describe('validate', () => {
  it('puts the row counts into the context and the findings into the log', async () => {
    const source = await runHandler(fetchFilmsWorker, { input: { outputDir } });
    if (source.status !== 'completed') throw new Error(`fetch has ${source.status}`, { cause: source });
    const result = await runHandler(validateFilmsWorker, { input: { outputDir, source: source.output.path } });
    expect(result).toMatchObject({ status: 'completed', output: { read: 3_201, kept: 3_192 } });
    expect(result.context).toEqual({ rows: { read: 3_201, kept: 3_192, rejected: 9 } });
    expect(result.logs).toContainEqual({
      level: 'warn',
      message: 'rejected: no title',
      fields: { count: 1, examples: ['row 3054'] },
    });
    expect(result.progress).toEqual([{ ratio: 0.8, message: '3192 of 3201 rows are good' }]);

    const films = join(outputDir, 'pipeline-1', 'films.json');
    const sums = await runHandler(boxOfficeWorker, { input: { films, prices } });
    expect(sums).toMatchObject({ status: 'completed', output: { films: 3_126, firstYear: 1915 } });
  });

  it('does not try again what cannot get better', async () => {
    const source = join(outputDir, 'broken.json');
    await writeFile(source, JSON.stringify([{ Title: 'No more than this' }]));
    const broken = await runHandler(validateFilmsWorker, { input: { outputDir, source } });
    expect(broken).toMatchObject({ status: 'failed', retryable: false, error: { message: 'only 0 of 1 rows are usable' } });
    expect(await readFile(source, 'utf8')).toContain('No more than this');
  });
});
