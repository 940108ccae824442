import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { renderReport } from '../src/report.js';
import { boxOffice } from '../src/stages/box-office.js';
import { CHARTS } from '../src/stages/draw-charts.js';
import { genreReturns } from '../src/stages/genres.js';
import { compareRatings } from '../src/stages/ratings.js';
import { checkFilms } from '../src/stages/validate-films.js';
import { movies, prices } from './data.js';
import { assertWellFormed } from './well-formed.js';

const { films, ...findings } = checkFilms(movies);
const figures = { boxOffice: boxOffice(films, prices), genres: genreReturns(films), ratings: compareRatings(films) };

describe('the charts', () => {
  it.each(CHARTS)('$id is well-formed SVG that names itself', ({ draw }) => {
    const svg = draw(figures);
    assertWellFormed(svg);
    expect(svg).toMatch(/^<svg [^>]*role="img"/);
    expect(svg).toContain('<title');
    expect(svg).not.toMatch(/NaN|undefined|Infinity/);
  });

  it('are drawn from the figures', () => {
    const top = CHARTS.find(({ id }) => id === 'top')?.draw(figures) ?? '';
    expect(top).toContain('Gone with the Wind');
    expect(top).toContain('$3.12 bn');
    const ratings = CHARTS.find(({ id }) => id === 'ratings')?.draw(figures) ?? '';
    expect(ratings.match(/<circle/g)?.length).toBeGreaterThan(figures.ratings.films);
  });
});

describe('the report', () => {
  const svg = { top: '', calendar: '', genres: '', ratings: '' };
  for (const { id, draw } of CHARTS) svg[id] = draw(figures);
  const facts = {
    ...figures,
    svg,
    source: { path: '/x', name: 'movies.json', rows: movies.length, bytes: 1_399_981, sha256: '0'.repeat(64) },
    quality: { path: '/x', read: movies.length, kept: films.length, ...findings },
    prices: { source: 'BLS', attempt: 2 },
    pipelineId: '7',
    traceId: 'a'.repeat(32),
  };
  const html = renderReport(facts);

  it('is one document that needs nothing beside it', () => {
    expect(html).toMatch(/^<!doctype html>/);
    expect(html).not.toMatch(/<script|<link|<img|@import|url\(|\ssrc=/);
    expect(html.match(/https?:\/\/[^"]+/g)).toEqual(CHARTS.map(() => 'http://www.w3.org/2000/svg'));
    expect(html.match(/<svg /g)).toHaveLength(CHARTS.length);
    expect(Buffer.byteLength(html)).toBeLessThan(256 * 1024);
  });

  it('is well-formed', () => {
    assertWellFormed(html.replace('<!doctype html>', '').replaceAll(/<meta [^>]*>/g, ''));
  });

  it('says what was wrong with the data and how the retry went', () => {
    expect(html).toContain('Duel in the Sun: 2046 → 1946');
    expect(html).toContain('it refused the first call, and attempt 2 succeeded');
    expect(html).not.toMatch(/NaN|undefined|Infinity|\[object/);
  });

  it('escapes what comes out of the data', () => {
    const [first, ...others] = figures.boxOffice.top;
    if (!first) throw new Error('no films');
    const hostile = { ...first, title: '<script>alert("x")</script> & Co' };
    const page = renderReport({ ...facts, boxOffice: { ...figures.boxOffice, top: [hostile, ...others] } });
    expect(page).not.toContain('<script>');
    expect(page).toContain('&lt;script&gt;');
  });
});

it('uses a price index that has every year it is asked for', () => {
  const csv = readFileSync(new URL('../data/us-consumer-prices.csv', import.meta.url), 'utf8');
  expect(csv.startsWith('year,index\n1915,10.1\n')).toBe(true);
  expect(Object.keys(prices)).toHaveLength(2011 - 1915 + 1);
});
