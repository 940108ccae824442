import { max } from 'd3-array';
import { scaleLinear } from 'd3-scale';
import { dollars, el, frame, label, titled, WIDTH, xAxis } from '../chart.js';
import type { BoxOffice } from '../contracts.js';
import { BASE_YEAR } from '../films.js';

const LEFT = 250;
const RIGHT = WIDTH - 64;
const TOP = 34;
const ROW = 31;

/** What a film took in its own dollars (gold) and what that is in dollars of one year (red). */
export function drawTop({ top }: BoxOffice): string {
  const bottom = TOP + top.length * ROW;
  const x = scaleLinear([0, max(top, (film) => film.grossInBaseYear) ?? 1], [LEFT, RIGHT]).nice();
  const rows = top.map((film, index) => {
    const y = TOP + (index + 0.5) * ROW;
    const [then, now] = [x(film.gross), x(film.grossInBaseYear)];
    const name = el('text', { x: LEFT - 12, y: y + 4, class: 'end' }, `${shortTitle(film.title)} ${year(film.year)}`);
    const marks = [
      el('line', { x1: then, x2: now, y1: y, y2: y, class: 'link' }),
      el('circle', { cx: then, cy: y, r: 4.5, class: 'second' }),
      el('circle', { cx: now, cy: y, r: 6.5, class: 'main' }),
      label(now + 12, y + 4, dollars(film.grossInBaseYear), { class: 'strong' }),
    ].join('');
    return name + titled(marks, `${film.title}: ${dollars(film.gross)} at the time, number ${film.nominalRank} then`);
  });
  const legend = [
    el('circle', { cx: LEFT + 6, cy: 12, r: 4.5, class: 'second' }),
    label(LEFT + 16, 16, 'dollars of the time', { class: 'soft' }),
    el('circle', { cx: LEFT + 156, cy: 12, r: 6.5, class: 'main' }),
    label(LEFT + 168, 16, `dollars of ${BASE_YEAR}`, { class: 'soft' }),
  ];
  return frame(
    {
      id: 'top',
      title: 'Highest US box office takings',
      description: `The first is ${top[0]?.title} with ${dollars(top[0]?.grossInBaseYear ?? 0)} in dollars of ${BASE_YEAR}.`,
      height: bottom + 30,
    },
    [
      xAxis(
        x.ticks(5).map((value) => ({ x: x(value), text: value === 0 ? '0' : `$${value / 1e9} bn` })),
        TOP,
        bottom,
      ),
      ...rows,
      ...legend,
    ],
  );
}

const LONGEST = 27;
const shortTitle = (title: string) => el('tspan', {}, shortened(title));
const year = (value: number) => el('tspan', { class: 'soft' }, String(value));
const shortened = (title: string) => (title.length > LONGEST ? `${title.slice(0, LONGEST - 1).trimEnd()}…` : title);
