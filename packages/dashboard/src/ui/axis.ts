import { formatCount, formatDuration } from '../lib/format.js';

/** What a chart counts in. */
export type Unit = 'count' | 'duration';

interface Scale {
  /** Steps that an axis may take from one line to the next, ascending. */
  steps: number[];
  format(value: number): string;
  /** Labels of an axis, each another one than those beside it. */
  labels(values: readonly number[], step: number): string[];
}

const ROUND = [1, 2, 5] as const;
/** Those of `ROUND` times each of these powers of ten. */
const roundSteps = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, i) => ROUND.map((round) => Number(`${round}e${from + i}`))).flat();

const [SECOND, MINUTE, HOUR, DAY] = [1_000, 60_000, 3_600_000, 86_400_000];
const CLOCK = [1, 2, 5, 10, 15, 30];

/** With as many decimals as the step needs. */
const withDecimals = (value: number, step: number): string => value.toFixed(Math.max(0, -Math.floor(Math.log10(step) + 1e-9)));

/** In one unit below a minute, that of the greatest; above in two, where steps are whole in the smaller one. */
function durationLabels(values: readonly number[], step: number): string[] {
  const most = Math.max(...values);
  return values.map((ms) => {
    if (ms === 0) return '0';
    if (most < SECOND) return `${withDecimals(ms, step)} ms`;
    if (most < MINUTE) return `${withDecimals(ms / SECOND, step / SECOND)} s`;
    return formatDuration(ms).replace(/\.0(?= )/, '');
  });
}

export const SCALES: Record<Unit, Scale> = {
  count: {
    steps: roundSteps(0, 15),
    format: formatCount,
    labels: (values) => values.map(formatCount),
  },
  duration: {
    steps: [
      ...roundSteps(-3, 2),
      ...CLOCK.map((each) => each * SECOND),
      ...CLOCK.map((each) => each * MINUTE),
      ...[1, 2, 3, 6, 12].map((each) => each * HOUR),
      ...roundSteps(0, 4).map((each) => each * DAY),
    ],
    format: formatDuration,
    labels: durationLabels,
  },
};

/** Places of values that no neighbour joins to a line: they are nothing but points. */
export const lonely = (values: readonly (number | null | undefined)[]): number[] =>
  values.flatMap((value, at) => (isGap(value) || !isGap(values[at - 1]) || !isGap(values[at + 1]) ? [] : [at]));

const isGap = (value: number | null | undefined): boolean => value === null || value === undefined;
