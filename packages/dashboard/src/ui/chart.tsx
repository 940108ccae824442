import { useEffect, useRef } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { formatClock, formatDay, formatExact } from '../lib/format.js';
import { lonely, SCALES, type Unit } from './axis.js';
import { useTheme } from './theme.js';
import type { StatusTone } from './tone.js';

export interface Series {
  label: string;
  tone: StatusTone;
  /** As many as there are times; null is a gap. */
  values: readonly (number | null)[];
}

export interface ChartProps {
  /** What it shows, for who cannot see it. */
  label: string;
  /** Epoch milliseconds, ascending. */
  times: readonly number[];
  series: readonly Series[];
  /** `bars` stand on each other, the first series on top; they are for counts of periods. Default `line`. */
  kind?: 'line' | 'bars';
  /** Pixels. */
  height?: number;
  /** What its values are: counts are whole, durations milliseconds. */
  unit: Unit;
  /** Moments to mark, as deployments. */
  marks?: readonly { at: number; label: string }[];
}

const colour = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
const DAY_S = 86_400;
const MINUTE_MS = 60_000;

function axes(unit: Unit): uPlot.Axis[] {
  const shared = { stroke: colour('ink-3'), font: '11px ui-sans-serif, system-ui, sans-serif', ticks: { show: false } };
  const grid = { stroke: colour('line'), width: 1 };
  const times = (_: uPlot, splits: number[]) => {
    const isLong = (splits.at(-1) ?? 0) - (splits[0] ?? 0) >= 2 * DAY_S;
    return splits.map((at) => (isLong ? formatDay(at * 1_000) : formatClock(at * 1_000)));
  };
  return [
    { ...shared, grid: { show: false }, values: times, space: 72, size: 26, gap: 6 },
    {
      ...shared,
      grid,
      incrs: SCALES[unit].steps,
      values: (_, splits, __, ___, step) => SCALES[unit].labels(splits, step),
      size: 52,
      gap: 6,
      space: 32,
    },
  ];
}

function plotSeries({ label, tone }: Series, kind: ChartProps['kind']): uPlot.Series {
  const stroke = colour(tone);
  const points = { show: false, size: 5, fill: stroke, filter: (plot: uPlot, at: number) => lonely([...(plot.data[at] ?? [])]) };
  if (kind !== 'bars') return { label, stroke, width: 1.6, points };
  const paths = uPlot.paths.bars?.({ size: [0.76, 28], align: 1, radius: 0.08 }) as uPlot.Series.PathBuilder;
  return { label, stroke, fill: `${stroke}${BAR_ALPHA}`, width: 0, points: { show: false }, paths };
}

const BAR_ALPHA = 'c4'; // calmer than the colour itself, which is made for text

/** Bars begin where their period does, so that the last one needs room for a period; and what is one moment long has no scale. */
const xRange = (kind: ChartProps['kind'], [first = 0, second = first + MINUTE_MS]: readonly number[]): uPlot.Range.Function => {
  const period = (second - first) / 1_000;
  return (_, from, to) => [from, kind === 'bars' || from === to ? to + period : to];
};

function markPlugin(marks: NonNullable<ChartProps['marks']>): uPlot.Plugin {
  return {
    hooks: {
      draw: (plot) => {
        const { ctx, bbox } = plot;
        ctx.save();
        ctx.strokeStyle = colour('accent');
        ctx.setLineDash([3, 3]);
        for (const { at } of marks) {
          const x = plot.valToPos(at / 1_000, 'x', true);
          if (x < bbox.left || x > bbox.left + bbox.width) continue;
          ctx.beginPath();
          ctx.moveTo(x, bbox.top);
          ctx.lineTo(x, bbox.top + bbox.height);
          ctx.stroke();
        }
        ctx.restore();
      },
    },
  };
}

function optionsOf({ series, unit, kind, times, marks = [] }: ChartProps, width: number, height: number): uPlot.Options {
  return {
    width,
    height,
    padding: [8, 16, 0, 0], // the last time stands at the edge
    cursor: { points: { size: 6 }, y: false, drag: { x: false, y: false } },
    legend: { show: false },
    scales: { x: { range: xRange(kind, times) }, y: { range: (_, __, most) => [0, most > 0 ? most * 1.1 : 1] } },
    axes: axes(unit),
    series: [{}, ...series.map((each) => plotSeries(each, kind))],
    plugins: [markPlugin(marks)],
  };
}

/** Of a stack each series is drawn with those below it, which are drawn over it. */
const stacked = (series: readonly Series[]) =>
  series.map(({ values }, i) => values.map((_, at) => series.slice(i).reduce((sum, below) => sum + (below.values[at] ?? 0), 0)));

const dataOf = ({ times, series, kind }: ChartProps): uPlot.AlignedData =>
  [
    times.map((at) => at / 1_000),
    ...(kind === 'bars' ? stacked(series) : series.map(({ values }) => [...values])),
  ] as uPlot.AlignedData;

/** A course over time. Its legend is HTML, so that it can be read and selected; pointing shows the values of a moment in it. */
export function Chart(props: ChartProps) {
  const { label, series, height = 200 } = props;
  const latest = useRef(props);
  latest.current = props;
  const theme = useTheme();
  const box = useRef<HTMLDivElement>(null);
  const readout = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(null);
  const shape = JSON.stringify([
    theme.shown,
    height,
    series.map((each) => [each.label, each.tone]),
    props.kind,
    props.times[0],
    props.marks,
  ]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: made anew when its look changes; its data are set below
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const made = new uPlot(optionsOf(props, element.clientWidth, height), dataOf(props), element);
    plot.current = made;
    made.over.addEventListener('mousemove', () => tell(readout.current, latest.current, made.cursor.idx));
    made.over.addEventListener('mouseleave', () => tell(readout.current, latest.current, null));
    const resized = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height }));
    resized.observe(element);
    return () => {
      resized.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [shape]);
  useEffect(() => plot.current?.setData(dataOf(props)));
  return (
    <figure className="min-w-0">
      <figcaption className="flex h-6 items-center justify-between gap-3 text-ink-2 text-xs">
        <span className="flex gap-3">
          {series.map((each) => (
            <span key={each.label} className="flex items-center gap-1.5">
              <i aria-hidden className={`size-2 rounded-[2px] ${SWATCH[each.tone]}`} />
              {each.label}
            </span>
          ))}
        </span>
        <span ref={readout} aria-hidden className="num truncate text-ink-3" />
      </figcaption>
      <div ref={box} role="img" aria-label={label} className="w-full overflow-hidden" style={{ height }} />
    </figure>
  );
}

const SWATCH: Record<StatusTone, string> = { ok: 'bg-ok', run: 'bg-run', warn: 'bg-warn', bad: 'bg-bad', idle: 'bg-idle' };

/** Written to the page itself: a render for each movement of the pointer would be felt. */
function tell(readout: HTMLElement | null, { times, series, unit }: ChartProps, index: number | null | undefined): void {
  if (!readout) return;
  const at = typeof index === 'number' ? times[index] : undefined;
  if (at === undefined) {
    readout.textContent = '';
    return;
  }
  const values = series.map((each) => {
    const value = each.values[index as number];
    return `${each.label.toLowerCase()} ${value === null || value === undefined ? '–' : SCALES[unit].format(value)}`;
  });
  readout.textContent = [formatExact(at), ...values].join(' · ');
}
