import { deviation, mean, rollup } from 'd3-array';
import { type Divided, type Ratings, sumRatings } from '../contracts.js';
import { readFilms } from '../files.js';
import type { Film } from '../films.js';

/** A rating of fewer votes may be of another film of the same name ("2012" has 396). */
const FEWEST_VOTES = 5_000;
const MOST_DIVIDED = 8;

/** Pearson's correlation coefficient, -1 to 1. */
export function correlation(pairs: readonly (readonly [number, number])[]): number {
  const [meanX, meanY] = [mean(pairs, (p) => p[0]) ?? 0, mean(pairs, (p) => p[1]) ?? 0];
  const [devX, devY] = [deviation(pairs, (p) => p[0]) ?? 0, deviation(pairs, (p) => p[1]) ?? 0];
  if (devX === 0 || devY === 0) return 0;
  const covariance = pairs.reduce((total, [x, y]) => total + (x - meanX) * (y - meanY), 0) / (pairs.length - 1);
  return covariance / (devX * devY);
}

/** Where critics and audiences agree, and where not. */
export function compareRatings(films: readonly Film[]): Ratings {
  // Where a title was filmed twice, the source has often given the ratings of one film to the other.
  const filmsOf = rollup(
    films,
    (group) => group.length,
    ({ title }) => title.toLowerCase(),
  );
  const clear = films.filter((film) => filmsOf.get(film.title.toLowerCase()) === 1);
  const rated: Divided[] = clear
    .filter((film) => film.votes >= FEWEST_VOTES)
    .flatMap(({ title, year, critics, audience }) =>
      critics === null || audience === null ? [] : [{ title, year, critics, audience }],
    );
  const points = rated.map(({ critics, audience }): [number, number] => [critics, audience]);
  const byGap = [...rated].sort((a, b) => b.critics - 10 * b.audience - (a.critics - 10 * a.audience));
  return {
    films: rated.length,
    sharedTitles: films.length - clear.length,
    fewestVotes: FEWEST_VOTES,
    correlation: Math.round(correlation(points) * 100) / 100,
    points,
    criticsOnly: byGap.slice(0, MOST_DIVIDED),
    audienceOnly: byGap.slice(-MOST_DIVIDED).reverse(),
  };
}

export const ratingsWorker = sumRatings.handle(async ({ films: path }, job) => {
  const films = await job.step('read', () => readFilms(path));
  const result = await job.step('compare', () => compareRatings(films));
  job.log.info('ratings compared', { films: result.films, correlation: result.correlation });
  return result;
});
