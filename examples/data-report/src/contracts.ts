/**
 * What each stage takes and gives, without its code: a producer imports this file and bundles none of the worker's
 * dependencies. Values on the wire stay small (at most 256 KiB); the films themselves travel as paths of files.
 */
import { declareHandler } from '@pipelogiq/sdk';
import { z } from 'zod';
import { Prices } from './films.js';

const OutputDir = z.object({ outputDir: z.string() });

export const Source = z.object({ path: z.string(), name: z.string(), rows: z.int(), bytes: z.int(), sha256: z.string() });
export type Source = z.infer<typeof Source>;

export const Finding = z.object({ what: z.string(), count: z.int(), examples: z.array(z.string()) });
export type Finding = z.infer<typeof Finding>;

export const Quality = z.object({
  path: z.string(),
  read: z.int(),
  kept: z.int(),
  rejected: z.array(Finding),
  repaired: z.array(Finding),
  gaps: z.array(Finding),
});
export type Quality = z.infer<typeof Quality>;

export const PriceIndex = z.object({ prices: Prices, source: z.string(), attempt: z.int() });
export type PriceIndex = z.infer<typeof PriceIndex>;

export const BoxOffice = z.object({
  films: z.int(),
  firstYear: z.int(),
  lastYear: z.int(),
  totalInBaseYear: z.number(),
  top: z.array(
    z.object({ title: z.string(), year: z.int(), gross: z.number(), grossInBaseYear: z.number(), nominalRank: z.int() }),
  ),
  months: z.array(z.object({ month: z.int(), films: z.int(), median: z.number(), upperQuartile: z.number() })),
  monthsFrom: z.int(),
});
export type BoxOffice = z.infer<typeof BoxOffice>;

export const GenreReturn = z.object({
  genre: z.string(),
  films: z.int(),
  lowerQuartile: z.number(),
  median: z.number(),
  upperQuartile: z.number(),
  lostMoney: z.number(),
  medianBudget: z.number(),
});
export const Genres = z.object({ films: z.int(), genres: z.array(GenreReturn) });
export type Genres = z.infer<typeof Genres>;

const Divided = z.object({ title: z.string(), year: z.int(), critics: z.number(), audience: z.number() });
export type Divided = z.infer<typeof Divided>;
export const Ratings = z.object({
  films: z.int(),
  /** Films left out because another one has the same title. */
  sharedTitles: z.int(),
  fewestVotes: z.int(),
  correlation: z.number(),
  /** [critics 0..100, audience 0..10] */
  points: z.array(z.tuple([z.number(), z.number()])),
  criticsOnly: z.array(Divided),
  audienceOnly: z.array(Divided),
});
export type Ratings = z.infer<typeof Ratings>;

export const Chart = z.object({ id: z.enum(['top', 'calendar', 'genres', 'ratings']), path: z.string() });
export type Chart = z.infer<typeof Chart>;

/** Where the report is, on the machines that share the output folder. */
export const ReportFile = z.object({ path: z.string(), bytes: z.int() });

export const fetchFilms = declareHandler('films.fetch', { input: OutputDir, output: Source });

export const validateFilms = declareHandler('films.validate', {
  input: OutputDir.extend({ source: z.string() }),
  output: Quality,
});

/**
 * The price service refuses the first call of every pipeline, as a busy service would. The stage then fails, and the control
 * plane hands it out again half a second later: no retry loop in the code.
 */
export const fetchPrices = declareHandler('prices.fetch', {
  input: z.object({ from: z.int(), to: z.int() }),
  output: PriceIndex,
  defaults: { maxAttempts: 4, backoff: { type: 'fixed', delayMs: 500, jitter: false }, timeoutMs: 10_000 },
});

export const sumBoxOffice = declareHandler('films.box-office', {
  input: z.object({ films: z.string(), prices: Prices }),
  output: BoxOffice,
});

export const sumGenres = declareHandler('films.genres', { input: z.object({ films: z.string() }), output: Genres });

export const sumRatings = declareHandler('films.ratings', { input: z.object({ films: z.string() }), output: Ratings });

export const drawCharts = declareHandler('charts.draw', {
  input: OutputDir.extend({ boxOffice: BoxOffice, genres: Genres, ratings: Ratings }),
  output: z.object({ charts: z.array(Chart) }),
});

export const writeReport = declareHandler('report.write', {
  input: OutputDir.extend({
    source: Source,
    quality: Quality,
    prices: z.object({ source: z.string(), attempt: z.int() }),
    boxOffice: BoxOffice,
    genres: Genres,
    ratings: Ratings,
    charts: z.array(Chart),
  }),
  output: ReportFile,
});
