import { useNavigate, useSearch } from '@tanstack/react-router';
import { choiceIn, given, textIn, textsIn } from '../../lib/search.js';

export const RANGES = ['1h', '24h', '7d', '30d', '90d'] as const;
export type Range = (typeof RANGES)[number];

/** What the table of handlers can be sorted by. */
export const SORTS = ['handler', 'attempts', 'p50', 'p95', 'p99', 'wait', 'failed'] as const;
export type Sort = (typeof SORTS)[number];

export interface InsightsSearch {
  /** Default 24h. */
  range?: Range;
  pipeline?: string;
  handler?: string;
  /** Default attempts, most first. */
  sort?: Sort;
  /** Default: names from A on, figures from the greatest on. */
  order?: 'up' | 'down';
  /** Cursors of the pages of errors so far. */
  errors?: string[];
  /** Fingerprint of the group that is open. */
  error?: string;
}

export const insightsSearch = (search: Record<string, unknown>): InsightsSearch =>
  given({
    range: choiceIn(search, 'range', RANGES),
    pipeline: textIn(search, 'pipeline'),
    handler: textIn(search, 'handler'),
    sort: choiceIn(search, 'sort', SORTS),
    order: choiceIn(search, 'order', ['up', 'down'] as const),
    errors: textsIn(search, 'errors'),
    error: textIn(search, 'error'),
  });

type Change = { [Key in keyof InsightsSearch]?: InsightsSearch[Key] | undefined };

/** What the address says, and a way to change some of it; undefined takes it out. */
export function useInsightsSearch(): [InsightsSearch & { range: Range }, (change: Change) => void] {
  const search = insightsSearch({ ...useSearch({ from: '/shell/insights' }) }); // the router leaves in what was refused
  const navigate = useNavigate({ from: '/insights' });
  const change = (changed: Change) =>
    void navigate({ search: (before) => given({ ...before, ...changed }), replace: true, resetScroll: false });
  return [{ ...search, range: search.range ?? '24h' }, change];
}
