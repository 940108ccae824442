import { z } from 'zod';

/** One row of vega-datasets' movies.json as it should be; a row that breaks this is rejected with the message as its reason. */
export const RawFilm = z.object({
  Title: z.union([z.string().min(1), z.number()], { error: 'no title' }),
  'Release Date': z.string().regex(/^[A-Z][a-z]{2} \d{2} \d{4}$/, { error: 'release date is not a date' }),
  'US Gross': z.int({ error: 'US gross unknown' }).nonnegative({ error: 'US gross below zero' }),
  'Worldwide Gross': z.int({ error: 'worldwide gross unknown' }).nonnegative({ error: 'worldwide gross below zero' }),
  'Production Budget': z.int({ error: 'budget unknown' }).positive({ error: 'budget not above zero' }),
  'Major Genre': z.string().nullable(),
  Distributor: z.string().nullable(),
  'Rotten Tomatoes Rating': z.number().min(0).max(100, { error: 'critics rating above 100' }).nullable(),
  'IMDB Rating': z.number().min(0).max(10, { error: 'audience rating above 10' }).nullable(),
  'IMDB Votes': z.int().nonnegative().nullable(),
});
export type RawFilm = z.infer<typeof RawFilm>;

/** A film after validation. Money in US dollars of the release year; null means unknown. */
export const Film = z.object({
  title: z.string(),
  /** ISO date. */
  released: z.string(),
  year: z.int(),
  month: z.int().min(1).max(12),
  usGross: z.number().nullable(),
  worldwideGross: z.number().nullable(),
  budget: z.number(),
  genre: z.string().nullable(),
  distributor: z.string().nullable(),
  /** Rotten Tomatoes, 0 to 100. */
  critics: z.number().nullable(),
  /** IMDB, 0 to 10. */
  audience: z.number().nullable(),
  votes: z.number(),
});
export type Film = z.infer<typeof Film>;

/** Consumer price index by year; the base does not matter, only ratios are used. */
export const Prices = z.record(z.string(), z.number());
export type Prices = z.infer<typeof Prices>;

/** All amounts that are compared across years are shown in dollars of this year. */
export const BASE_YEAR = 2010;

/** What `amount` dollars of `year` bought, in dollars of {@link BASE_YEAR}. Throws a RangeError for a year without a price index. */
export function inBaseYearDollars(amount: number, year: number, prices: Prices): number {
  const then = prices[year];
  const base = prices[BASE_YEAR];
  if (then === undefined || base === undefined)
    throw new RangeError(`no price index for ${then === undefined ? year : BASE_YEAR}`);
  return (amount * base) / then;
}
