import type { AnyHandler } from '@pipelogiq/sdk';
import { boxOfficeWorker } from './stages/box-office.js';
import { drawChartsWorker } from './stages/draw-charts.js';
import { fetchFilmsWorker } from './stages/fetch-films.js';
import { fetchPricesWorker } from './stages/fetch-prices.js';
import { genresWorker } from './stages/genres.js';
import { ratingsWorker } from './stages/ratings.js';
import { validateFilmsWorker } from './stages/validate-films.js';
import { writeReportWorker } from './stages/write-report.js';

/** The code of all stages. @param priceUrl where the price service listens */
export const handlers = (priceUrl: string): AnyHandler[] => [
  fetchFilmsWorker,
  fetchPricesWorker(priceUrl),
  validateFilmsWorker,
  boxOfficeWorker,
  genresWorker,
  ratingsWorker,
  drawChartsWorker,
  writeReportWorker,
];
