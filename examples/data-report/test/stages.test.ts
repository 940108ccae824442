import { describe, expect, it } from 'vitest';
import { type Film, inBaseYearDollars } from '../src/films.js';
import { accentsMended, articleFirst, inItsCentury } from '../src/repairs.js';
import { boxOffice } from '../src/stages/box-office.js';
import { genreReturns } from '../src/stages/genres.js';
import { compareRatings, correlation } from '../src/stages/ratings.js';
import { checkFilms } from '../src/stages/validate-films.js';
import { movies, prices } from './data.js';

const aFilm = (film: Partial<Film> = {}): Film => ({
  title: 'Metropolis',
  released: '2000-06-01',
  year: 2000,
  month: 6,
  usGross: 10,
  worldwideGross: 20,
  budget: 10,
  genre: 'Drama',
  distributor: null,
  critics: 50,
  audience: 5,
  votes: 10_000,
  ...film,
});

describe('validation of the real data set', () => {
  const checked = checkFilms(movies);
  const counts = (findings: { what: string; count: number }[]) =>
    Object.fromEntries(findings.map(({ what, count }) => [what, count]));

  it('rejects what cannot be used, and says why', () => {
    expect(movies).toHaveLength(3_201);
    expect(checked.films).toHaveLength(3_192);
    expect(counts(checked.rejected)).toEqual({ 'US gross unknown': 7, 'budget unknown': 1, 'no title': 1 });
  });

  it('repairs what has a known cure', () => {
    expect(counts(checked.repaired)).toEqual({
      'release date in the wrong century': 20,
      'accents read with the wrong character table': 18,
      'title stored as a number': 9,
      'article at the end of the title': 4,
    });
    const wind = checked.films.find((film) => film.title === 'Gone with the Wind');
    expect(wind).toMatchObject({ year: 1939, released: '1939-12-15', month: 12 });
    expect(checked.films.map((film) => film.title)).toEqual(
      expect.arrayContaining(['La Môme', 'Joyeux Noël', 'The Naked Gun 2½: The Smell of Fear', 'The Barbarians', '300']),
    );
    expect(Math.max(...checked.films.map((film) => film.year))).toBeLessThanOrEqual(2011);
  });

  it('hears of every row', () => {
    let rows = 0;
    checkFilms(movies.slice(0, 50), () => rows++);
    expect(rows).toBe(50);
  });

  it('rejects rows that are no films at all, and doubles', () => {
    const [first] = movies;
    const { films, rejected } = checkFilms([null, 'film', {}, [], first, first]);
    expect(films).toHaveLength(1);
    expect(rejected.reduce((total, finding) => total + finding.count, 0)).toBe(5);
    expect(rejected).toContainEqual({ what: 'listed twice', count: 1, examples: ['The Land Girls'] });
  });
});

describe('repairs', () => {
  it('leave what is right as it is', () => {
    expect(accentsMended('Alien³')).toBe('Alien³');
    expect(articleFirst('Me, Myself & Irene')).toBe('Me, Myself & Irene');
    expect(inItsCentury(1999)).toBe(1999);
  });
});

describe('the aggregations', () => {
  it('compare money in dollars of one year', () => {
    expect(inBaseYearDollars(100, 2010, prices)).toBe(100);
    expect(inBaseYearDollars(13.9, 1939, prices)).toBeCloseTo(218.1);
    expect(() => inBaseYearDollars(1, 1800, prices)).toThrow(new RangeError('no price index for 1800'));
  });

  it('rank films by what they took, at the time and today', () => {
    const result = boxOffice(
      [aFilm({ title: 'New', year: 2010, usGross: 500 }), aFilm({ title: 'Old', year: 1939, usGross: 100 })],
      prices,
    );
    expect(result.top.map(({ title, nominalRank }) => [title, nominalRank])).toEqual([
      ['Old', 2],
      ['New', 1],
    ]);
    expect(result).toMatchObject({ films: 2, firstYear: 1939, lastYear: 2010 });
  });

  it('survive a data set without a single usable film', () => {
    expect(boxOffice([], prices)).toMatchObject({ films: 0, top: [] });
    expect(genreReturns([])).toEqual({ films: 0, genres: [] });
    expect(compareRatings([])).toMatchObject({ films: 0, correlation: 0 });
  });

  it('leave out genres with too few films and count the losses', () => {
    const dramas = Array.from({ length: 20 }, (_, index) => aFilm({ worldwideGross: index < 5 ? 5 : 30 }));
    const { genres } = genreReturns([...dramas, aFilm({ genre: 'Western' })]);
    expect(genres).toEqual([
      { genre: 'Drama', films: 20, lowerQuartile: 2.375, median: 3, upperQuartile: 3, lostMoney: 0.25, medianBudget: 10 },
    ]);
  });

  it('leave out films whose ratings may be of another film', () => {
    const films = [
      aFilm({ title: 'Twice' }),
      aFilm({ title: 'twice' }),
      aFilm({ title: 'Few', votes: 10 }),
      aFilm({ title: 'Loved', critics: 90, audience: 4 }),
      aFilm({ title: 'Panned', critics: 5, audience: 8 }),
    ];
    const result = compareRatings(films);
    expect(result).toMatchObject({ films: 2, sharedTitles: 2, correlation: -1 });
    expect(result.criticsOnly[0]?.title).toBe('Loved');
    expect(result.audienceOnly[0]?.title).toBe('Panned');
  });

  it('compute the correlation as textbooks do', () => {
    expect(
      correlation([
        [1, 2],
        [2, 4],
        [3, 6],
      ]),
    ).toBeCloseTo(1);
    expect(
      correlation([
        [1, 1],
        [2, 1],
      ]),
    ).toBe(0);
  });
});
