import { max, median } from 'd3-array';
import { scaleBand, scaleLinear } from 'd3-scale';
import { dollars, el, frame, label, titled, WIDTH, yAxis } from '../chart.js';
import type { BoxOffice } from '../contracts.js';
import { BASE_YEAR } from '../films.js';

const NAMES = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const LEFT = 58;
const TOP = 34;
const BOTTOM = 290;

/** The median film of each month (red where above the year's middle) and its upper quartile (the pale column behind). */
export function drawCalendar({ months, monthsFrom, lastYear }: BoxOffice): string {
  const x = scaleBand(NAMES, [LEFT, WIDTH - 8]).padding(0.28);
  const y = scaleLinear([0, max(months, (month) => month.upperQuartile) ?? 1], [BOTTOM, TOP]).nice();
  const middle = median(months, (month) => month.median) ?? 0;
  const column = (left: number, width: number, value: number, style: string) =>
    el('rect', { x: left, width, y: y(value), height: BOTTOM - y(value), rx: 3, class: style });

  const columns = months.map((month) => {
    const name = NAMES[month.month - 1] ?? '';
    const left = x(name) ?? 0;
    const width = x.bandwidth();
    const marks = [
      column(left, width, month.upperQuartile, 'pale'),
      column(left, width, month.median, month.median > middle ? 'main' : 'second'),
      label(left + width / 2, y(month.median) - 6, String(Math.round(month.median / 1e6)), { class: 'mid strong' }),
      label(left + width / 2, BOTTOM + 20, name, { class: 'mid' }),
    ].join('');
    return titled(
      marks,
      `${name}: ${month.films} films, median ${dollars(month.median)}, a quarter above ${dollars(month.upperQuartile)}`,
    );
  });
  return frame(
    {
      id: 'calendar',
      title: 'US takings by month of release',
      description: `Median and upper quartile of films released from ${monthsFrom} to ${lastYear}, in dollars of ${BASE_YEAR}.`,
      height: BOTTOM + 30,
    },
    [
      yAxis(
        y.ticks(5).map((value) => ({ y: y(value), text: value === 0 ? '0' : dollars(value) })),
        LEFT,
        WIDTH - 8,
      ),
      ...columns,
      label(LEFT, 16, `solid: the median film, millions of ${BASE_YEAR} dollars · pale: one film in four took more`, {
        class: 'soft',
      }),
    ],
  );
}
