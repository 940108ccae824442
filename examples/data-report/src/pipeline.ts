/** The pipeline as producers see it: importing this file brings in no code of the stages. */
import { resolve } from 'node:path';
import { definePipeline, type PipelineCreated, type Pipelogiq } from '@pipelogiq/sdk';
import { z } from 'zod';
import {
  drawCharts,
  fetchFilms,
  fetchPrices,
  sumBoxOffice,
  sumGenres,
  sumRatings,
  validateFilms,
  writeReport,
} from './contracts.js';

const FIRST_YEAR = 1915;
const LAST_YEAR = 2011;

/**
 * ```
 * fetch ──► validate ─┬─► box-office ─┬─► charts ──► report
 *                     ├─► genres     ─┤
 * prices ─────────────┤               │
 *                     └─► ratings    ─┘
 * ```
 * Nothing says what runs beside what: a stage starts when the stages whose outputs it refers to are done.
 */
export const dataReport = definePipeline(
  'data-report',
  { input: z.object({ outputDir: z.string().min(1) }), version: '1' },
  (p, { outputDir }) => {
    const source = p.stage('fetch', fetchFilms, { outputDir });
    const prices = p.stage('prices', fetchPrices, { from: FIRST_YEAR, to: LAST_YEAR });
    const quality = p.stage('validate', validateFilms, { outputDir, source: source.output('path') });

    const films = quality.output('path');
    const boxOffice = p.stage('box-office', sumBoxOffice, { films, prices: prices.output('prices') });
    const genres = p.stage('genres', sumGenres, { films });
    const ratings = p.stage('ratings', sumRatings, { films });

    const figures = { boxOffice: boxOffice.output(), genres: genres.output(), ratings: ratings.output() };
    const drawn = p.stage('charts', drawCharts, { outputDir, ...figures });
    p.stage('report', writeReport, {
      outputDir,
      source: source.output(),
      quality: quality.output(),
      prices: { source: prices.output('source'), attempt: prices.output('attempt') },
      ...figures,
      charts: drawn.output('charts'),
    });
  },
);

export interface DataReportOptions {
  /**
   * Folder for the files of all reports; each pipeline gets its own inside. Workers must see the same folder.
   * Default: `.pipelogiq/reports` in the working directory.
   */
  outputDir?: string;
  /** The same key never makes a second report. */
  idempotencyKey?: string;
}

/** Creates the pipeline. Its stage `report` will have the output `{ path, bytes }`. */
export function createDataReport(
  client: Pipelogiq,
  { outputDir = '.pipelogiq/reports', idempotencyKey }: DataReportOptions = {},
): Promise<PipelineCreated> {
  return client.pipelines.create(
    dataReport,
    { outputDir: resolve(outputDir) },
    { keywords: ['films', 'example'], ...(idempotencyKey !== undefined && { idempotencyKey }) },
  );
}
