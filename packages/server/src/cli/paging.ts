import { LIMITS, type Page } from '@pipelogiq/protocol';
import type { Command } from 'commander';
import { wholeNumber } from './arguments.js';
import type { Output } from './output.js';
import { styled } from './style.js';
import { type Column, table } from './table.js';

export interface PageFlags {
  limit: number;
  cursor?: string;
}

const MOST = 100_000;

export const addPageFlags = (command: Command): Command =>
  command
    .option('--limit <number>', 'how many at most', wholeNumber(1, MOST), 20)
    .option('--cursor <text>', 'where the list before ended');

/** As many as asked for, in pages that the server gives; `nextCursor` goes on behind them. */
export async function readPages<Item>(
  { limit, cursor }: PageFlags,
  ask: (page: { limit: number; cursor?: string }) => Promise<Page<Item>>,
): Promise<Page<Item>> {
  const items: Item[] = [];
  let next = cursor;
  for (;;) {
    const size = Math.min(LIMITS.pageSize, limit - items.length);
    const page = await ask({ limit: size, ...(next !== undefined && { cursor: next }) });
    items.push(...page.items);
    if (page.nextCursor === null || items.length >= limit) return { items, nextCursor: page.nextCursor };
    next = page.nextCursor;
  }
}

/** One JSON document as the API gives pages, or a table. */
export function printPage<Item>(
  output: Output,
  { items, nextCursor }: Page<Item>,
  { json, none, columns }: { json: boolean | undefined; none: string; columns: readonly Column<Item>[] },
): void {
  if (json) {
    printJson(output, { items, nextCursor });
    return;
  }
  for (const line of items.length === 0 ? [none] : table(output, items, columns)) output.line(line);
  if (nextCursor !== null) output.line(styled(output, 'dim', `More: --cursor ${nextCursor}`));
}

export const printJson = (output: Output, value: object): void => output.line(JSON.stringify(value, null, 2));
