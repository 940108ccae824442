import { group, mean, median, quantile } from 'd3-array';
import { type Genres, sumGenres } from '../contracts.js';
import { readFilms } from '../files.js';
import type { Film } from '../films.js';

/** Quartiles of fewer films than this are noise. */
const FEWEST_FILMS = 20;
const rounded = (value: number | undefined) => Math.round((value ?? 0) * 1_000) / 1_000;

/** What one dollar of a film's budget brought back at box offices worldwide, by genre. Takings and budget are of one year. */
export function genreReturns(films: readonly Film[]): Genres {
  const known = films.flatMap((film) =>
    film.genre === null || film.worldwideGross === null
      ? []
      : [{ genre: film.genre, budget: film.budget, factor: film.worldwideGross / film.budget }],
  );
  const genres = [...group(known, (film) => film.genre)]
    .filter(([, members]) => members.length >= FEWEST_FILMS)
    .map(([genre, members]) => ({
      genre,
      films: members.length,
      lowerQuartile: rounded(quantile(members, 0.25, (film) => film.factor)),
      median: rounded(median(members, (film) => film.factor)),
      upperQuartile: rounded(quantile(members, 0.75, (film) => film.factor)),
      lostMoney: rounded(mean(members, (film) => (film.factor < 1 ? 1 : 0))),
      medianBudget: median(members, (film) => film.budget) ?? 0,
    }))
    .sort((a, b) => b.median - a.median);
  return { films: known.length, genres };
}

export const genresWorker = sumGenres.handle(async ({ films: path }, job) => {
  const films = await job.step('read', () => readFilms(path));
  const result = await job.step('sum', () => genreReturns(films));
  job.log.info('genres summed up', { films: result.films, best: result.genres[0]?.genre });
  return result;
});
