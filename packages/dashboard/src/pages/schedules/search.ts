import { given, textIn, textsIn } from '../../lib/search.js';

export interface SchedulesSearch {
  /** Exact name. */
  name?: string;
  /** Cursors of the pages so far. */
  trail?: string[];
}

export const schedulesSearch = (search: Record<string, unknown>): SchedulesSearch =>
  given({ name: textIn(search, 'name'), trail: textsIn(search, 'trail') });

export interface ScheduleSearch {
  /** Cursors of the pages of firings so far. */
  trail?: string[];
}

export const scheduleSearch = (search: Record<string, unknown>): ScheduleSearch => given({ trail: textsIn(search, 'trail') });
