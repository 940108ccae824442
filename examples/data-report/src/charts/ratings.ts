import { mean, rollup } from 'd3-array';
import { scaleLinear } from 'd3-scale';
import { curveMonotoneX, line } from 'd3-shape';
import { el, frame, label, titled, WIDTH, xAxis, yAxis } from '../chart.js';
import type { Divided, Ratings } from '../contracts.js';

const LEFT = 44;
const RIGHT = WIDTH - 12;
const TOP = 26;
const BOTTOM = 420;
const NAMED = 5;
const STEP = 10;

/** One dot a film; the line is the audience's mean for each ten points of the critics. */
export function drawRatings({ points, criticsOnly, audienceOnly, films, correlation }: Ratings): string {
  const x = scaleLinear([0, 100], [LEFT, RIGHT]);
  const y = scaleLinear([1, 10], [BOTTOM, TOP]);
  const dots = points.map(([critics, audience]) => el('circle', { cx: x(critics), cy: y(audience), r: 2.6 })).join('');

  const means = [
    ...rollup(
      points,
      (group) => mean(group, (p) => p[1]) ?? 0,
      ([critics]) => Math.min(90, critics - (critics % STEP)),
    ),
  ]
    .map(([from, audience]): [number, number] => [x(from + STEP / 2), y(audience)])
    .sort((a, b) => a[0] - b[0]);

  return frame(
    {
      id: 'ratings',
      title: "Critics' and audience's ratings",
      description: `${films} films; the correlation is ${correlation}.`,
      height: BOTTOM + 46,
    },
    [
      xAxis(
        x.ticks(5).map((value) => ({ x: x(value), text: String(value) })),
        TOP,
        BOTTOM,
      ),
      yAxis(
        y.ticks(5).map((value) => ({ y: y(value), text: String(value) })),
        LEFT,
        RIGHT,
      ),
      label(LEFT, 14, "audience's rating (IMDB, 1 to 10)", { class: 'soft' }),
      label(RIGHT, BOTTOM + 40, "critics' rating (Rotten Tomatoes, share of good reviews) →", { class: 'soft end' }),
      el('g', { class: 'dot' }, dots),
      el('path', { d: line().curve(curveMonotoneX)(means) ?? '', class: 'trend' }),
      ...named(criticsOnly, 'second', x, y),
      ...named(audienceOnly, 'main', x, y),
    ],
  );
}

interface Box {
  left: number;
  right: number;
  y: number;
}

/** About the width of a semibold letter at 13 px. */
const LETTER = 8;
const LINE = 15;
const covers = (a: Box, b: Box) => Math.abs(a.y - b.y) < LINE && a.left < b.right && b.left < a.right;

/** The most divided films by name. A name that fits on neither side of its dot is left to the tables of the report. */
function named(films: readonly Divided[], style: string, x: (value: number) => number, y: (value: number) => number): string[] {
  const dots = films.map((film) => ({ film, cx: x(film.critics), cy: y(film.audience) }));
  const taken: Box[] = dots.map(({ cx, cy }) => ({ left: cx - 6, right: cx + 6, y: cy }));
  let names = 0;
  return dots.map(({ film, cx, cy }, index) => {
    const title = `${film.title} (${film.year}): ${film.critics} and ${film.audience}`;
    const dot = titled(el('circle', { cx, cy, r: 4.5, class: style }), title);
    const width = film.title.length * LETTER;
    const onTheRight = { left: cx + 9, right: cx + 9 + width, y: cy };
    const onTheLeft = { left: cx - 9 - width, right: cx - 9, y: cy };
    const sides = cx < WIDTH / 2 ? [onTheRight, onTheLeft] : [onTheLeft, onTheRight];
    const place = sides.find((box) => {
      const inside = box.left > LEFT + 12 && box.right < RIGHT;
      return inside && !taken.some((other, of) => of !== index && covers(box, other));
    });
    if (!place || names === NAMED) return dot;
    names += 1;
    taken.push(place);
    const anchor = place === onTheLeft ? { x: place.right, style: 'halo strong end' } : { x: place.left, style: 'halo strong' };
    return dot + label(anchor.x, cy + 4, film.title, { class: anchor.style });
  });
}
