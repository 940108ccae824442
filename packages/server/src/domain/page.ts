import { LIMITS, type Page } from '@pipelogiq/protocol';
import { encodeCursor } from './ids.js';
import type { PageQuery } from './use-cases.js';

const DEFAULT_PAGE_SIZE = 50;

export const pageLimit = ({ limit }: PageQuery): number => Math.min(limit ?? DEFAULT_PAGE_SIZE, LIMITS.pageSize);

/** A page from one row more than asked for: that row says that there is another page. */
export function toPage<Row, Item>(
  rows: readonly Row[],
  limit: number,
  toItem: (row: Row) => Item,
  position: (row: Row, index: number) => string | number,
): Page<Item> {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  const nextCursor = rows.length > limit && last !== undefined ? encodeCursor(position(last, shown.length - 1)) : null;
  return { items: shown.map(toItem), nextCursor };
}
