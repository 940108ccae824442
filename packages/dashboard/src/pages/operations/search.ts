import { choiceIn, given } from '../../lib/search.js';

export const RANGES = ['1h', '24h', '7d'] as const;
export type Range = (typeof RANGES)[number];

export interface OperationsSearch {
  /** Default 24h. */
  range?: Range;
}

export const operationsSearch = (search: Record<string, unknown>): OperationsSearch =>
  given({ range: choiceIn(search, 'range', RANGES) });
