import type { Page, PipelineSummary } from '@pipelogiq/protocol';
import { type UseQueryResult, useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { listQuery } from './queries.js';
import { filterOf, type PipelinesSearch } from './search.js';

export interface Row extends PipelineSummary {
  /** It was here a moment ago, and does not match any more. */
  gone?: true;
}

export interface LiveRows {
  query: UseQueryResult<Page<PipelineSummary>>;
  rows: readonly Row[] | undefined;
  nextCursor: string | null | undefined;
  /** Newer ones that are kept back while rows stand still. */
  newer: number;
  /** There are more than were counted. */
  isNewerMore: boolean;
  /** Shows them. */
  takeNewer(): void;
}

interface Still {
  key: string;
  page: Page<PipelineSummary>;
}

/** Ids grow: the longer, else the later in the order of digits. */
const isNewer = (a: string, b: string) => a.length > b.length || (a.length === b.length && a > b);

/**
 * The rows of a page, kept fresh. While they are `held` (somebody points at one, has the focus in one, has chosen some) they are
 * brought up to date where they stand: nothing comes, goes or moves.
 */
export function useLiveRows(search: PipelinesSearch, held: boolean): LiveRows {
  const query = useQuery(listQuery(search));
  const isFirstPage = !search.trail?.length;
  const key = JSON.stringify([filterOf(search), search.trail ?? []]);
  const [still, setStill] = useState<Still>();
  const current = query.isPlaceholderData ? undefined : query.data;
  useEffect(() => {
    if (!held) setStill(undefined);
    else if (current) setStill((was) => (was?.key === key ? was : { key, page: current }));
  }, [held, current, key]);
  const stands = held && still?.key === key && still.page.items.length > 0 ? still : undefined;
  const top = stands?.page.items[0];
  const anchored = useQuery({ ...listQuery({ ...search, upTo: top }), enabled: top !== undefined && isFirstPage });
  const takeNewer = () => setStill(current && { key, page: current });
  if (!stands || !top)
    return { query, rows: query.data?.items, nextCursor: query.data?.nextCursor, newer: 0, isNewerMore: false, takeNewer };

  const updates = isFirstPage ? (anchored.isPlaceholderData ? undefined : anchored.data) : current;
  const fresh = new Map(updates?.items.map((row) => [row.id, row]));
  const rows = stands.page.items.map((row): Row => fresh.get(row.id) ?? (updates ? { ...row, gone: true } : row));
  const newer = isFirstPage ? (current?.items.filter(({ id }) => isNewer(id, top.id)) ?? []) : [];
  const isNewerMore = newer.length > 0 && newer.length === current?.items.length && current.nextCursor !== null;
  return { query, rows, nextCursor: stands.page.nextCursor, newer: newer.length, isNewerMore, takeNewer };
}
