import type { Insights } from '@pipelogiq/protocol';

/** Columns that a chart of this page has at most. */
const MOST_COLUMNS = 96;

export interface Course {
  /** Epoch milliseconds: where each period begins. */
  times: number[];
  completed: number[];
  failed: number[];
  /** Length of a period. */
  periodMs: number;
}

/** The points of insights, with zeros where nothing ended, and so many of them together that they can be told apart. */
export function courseOf({ from, to, resolutionMs, points }: Pick<Insights, 'from' | 'to' | 'resolutionMs' | 'points'>): Course {
  const begin = Date.parse(from);
  const periods = Math.max(Math.round((Date.parse(to) - begin) / resolutionMs), 1);
  const together = Math.ceil(periods / MOST_COLUMNS);
  const periodMs = together * resolutionMs;
  const columns = Math.ceil(periods / together);
  const zeros = () => new Array<number>(columns).fill(0);
  const course: Course = { times: zeros().map((_, i) => begin + i * periodMs), completed: zeros(), failed: zeros(), periodMs };
  for (const point of points) {
    const column = Math.floor((Date.parse(point.at) - begin) / periodMs);
    if (column < 0 || column >= columns) continue;
    course.completed[column] = (course.completed[column] ?? 0) + point.completedStages;
    course.failed[column] = (course.failed[column] ?? 0) + point.failedStages;
  }
  return course;
}
