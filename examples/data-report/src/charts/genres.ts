import { max, min } from 'd3-array';
import { scaleLog } from 'd3-scale';
import { el, frame, label, percent, times, titled, WIDTH, xAxis } from '../chart.js';
import type { Genres } from '../contracts.js';

const LEFT = 150;
const RIGHT = WIDTH - 150;
const TOP = 34;
const ROW = 36;
const TICKS = [0.1, 0.25, 0.5, 1, 2, 4, 8, 16];

/** Quartiles of takings per dollar of budget, on a logarithmic axis: halving and doubling are the same distance from 1. */
export function drawGenres({ genres }: Genres): string {
  const bottom = TOP + genres.length * ROW;
  const lowest = min(genres, (genre) => genre.lowerQuartile) ?? 0.5;
  const highest = max(genres, (genre) => genre.upperQuartile) ?? 8;
  const x = scaleLog([Math.max(0.05, lowest * 0.8), highest * 1.15], [LEFT, RIGHT]).clamp(true);
  const [first = 0, last = 0] = x.domain();

  const rows = genres.map((genre, index) => {
    const y = TOP + (index + 0.5) * ROW;
    const [from, to] = [x(genre.lowerQuartile), x(genre.upperQuartile)];
    const marks = [
      el('rect', { x: from, width: to - from, y: y - 8, height: 16, rx: 8, class: 'pale' }),
      el('circle', { cx: x(genre.median), cy: y, r: 6.5, class: genre.median >= 1 ? 'main' : 'second' }),
      label(x(genre.median), y - 12, times(genre.median), { class: 'mid strong halo' }),
    ].join('');
    return [
      label(LEFT - 12, y + 4, genre.genre, { class: 'end' }),
      titled(
        marks,
        `${genre.genre}: half of ${genre.films} films between ${times(genre.lowerQuartile)} and ${times(genre.upperQuartile)}`,
      ),
      label(RIGHT + 62, y + 4, percent(genre.lostMoney), { class: 'end' }),
      label(WIDTH - 8, y + 4, String(genre.films), { class: 'end soft' }),
    ].join('');
  });
  return frame(
    {
      id: 'genres',
      title: 'Worldwide takings for each dollar of budget, by genre',
      description: `The middle half of each genre and its median; best is ${genres[0]?.genre}.`,
      height: bottom + 30,
    },
    [
      xAxis(
        TICKS.filter((tick) => tick >= first && tick <= last).map((tick) => ({ x: x(tick), text: times(tick) })),
        TOP,
        bottom,
      ),
      el('line', { x1: x(1), x2: x(1), y1: TOP, y2: bottom, class: 'rule' }),
      label(x(1), 16, 'budget earned back', { class: 'mid soft' }),
      label(RIGHT + 62, 16, 'below budget', { class: 'end soft' }),
      label(WIDTH - 8, 16, 'films', { class: 'end soft' }),
      ...rows,
    ],
  );
}
