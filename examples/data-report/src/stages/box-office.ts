import { extent, median, quantile, sum } from 'd3-array';
import { type BoxOffice, sumBoxOffice } from '../contracts.js';
import { readFilms } from '../files.js';
import { type Film, inBaseYearDollars, type Prices } from '../films.js';

const TOP = 12;
/** Of the years before, the data set has few films, and those are hits: a month's median would say little. */
const MONTHS_FROM = 1995;

/** What films took at US box offices, in dollars of one year. */
export function boxOffice(films: readonly Film[], prices: Prices): BoxOffice {
  const shown = films
    .flatMap((film) => (film.usGross === null ? [] : [{ ...film, gross: film.usGross }]))
    .map((film) => ({ ...film, grossInBaseYear: Math.round(inBaseYearDollars(film.gross, film.year, prices)) }))
    .sort((a, b) => b.gross - a.gross);
  const [firstYear = 0, lastYear = 0] = extent(shown, (film) => film.year);

  const top = shown
    .map(({ title, year, gross, grossInBaseYear }, index) => ({ title, year, gross, grossInBaseYear, nominalRank: index + 1 }))
    .sort((a, b) => b.grossInBaseYear - a.grossInBaseYear)
    .slice(0, TOP);

  const months = Array.from({ length: 12 }, (_, index) => {
    const grosses = shown
      .filter((film) => film.month === index + 1 && film.year >= MONTHS_FROM)
      .map((film) => film.grossInBaseYear);
    return {
      month: index + 1,
      films: grosses.length,
      median: Math.round(median(grosses) ?? 0),
      upperQuartile: Math.round(quantile(grosses, 0.75) ?? 0),
    };
  });

  return {
    films: shown.length,
    firstYear,
    lastYear,
    totalInBaseYear: sum(shown, (film) => film.grossInBaseYear),
    top,
    months,
    monthsFrom: MONTHS_FROM,
  };
}

export const boxOfficeWorker = sumBoxOffice.handle(async ({ films: path, prices }, job) => {
  const films = await job.step('read', () => readFilms(path));
  const result = await job.step('sum', () => boxOffice(films, prices));
  job.log.info('box office summed up', { films: result.films, first: result.top[0]?.title });
  return result;
});
