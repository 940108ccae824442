import type { Output } from './output.js';
import { type Style, styled } from './style.js';
import { fitted, padded, plain, widthOf } from './text.js';

export interface Column<Row> {
  title: string;
  value(row: Row): string;
  style?(row: Row): Style | undefined;
  align?: 'right';
  /** May be cut when the terminal is too narrow; the others are whole. */
  flexible?: true;
}

const GAP = '  ';
const LEAST = 8;

/** Widths that fit into `room`: what is flexible gives way, the widest first. */
function fit<Row>(columns: readonly Column<Row>[], natural: readonly number[], room: number): number[] {
  const widths = [...natural];
  let excess = widths.reduce((sum, width) => sum + width, GAP.length * (widths.length - 1)) - room;
  while (excess > 0) {
    let widest = -1;
    for (const [index, { flexible }] of columns.entries()) {
      if (flexible && (widths[index] ?? 0) > Math.max(LEAST, widths[widest] ?? 0)) widest = index;
    }
    if (widest < 0) break; // the terminal wraps what is left
    widths[widest] = (widths[widest] ?? 0) - 1;
    excess -= 1;
  }
  return widths;
}

/** Lines of a table with a heading. Empty columns are left out. On a terminal no line is wider than it, where that can be. */
export function table<Row>(output: Output, rows: readonly Row[], all: readonly Column<Row>[]): string[] {
  const valued = all.map((column) => ({ column, cells: rows.map((row) => plain(column.value(row))) }));
  const shown = valued.filter(({ cells }) => cells.some((cell) => cell !== ''));
  const columns = shown.map(({ column }) => column);
  const natural = shown.map(({ column, cells }) => Math.max(widthOf(column.title), ...cells.map(widthOf)));
  const widths = output.columns === undefined ? natural : fit(columns, natural, output.columns);
  const line = (cellOf: (index: number) => string, styleOf: (column: Column<Row>) => Style | undefined) =>
    columns
      .map((column, index) => {
        const width = widths[index] ?? 0;
        const isLast = index === columns.length - 1 && column.align === undefined;
        const text = fitted(cellOf(index), width);
        return styled(output, styleOf(column), isLast ? text : padded(text, width, column.align));
      })
      .join(GAP)
      .trimEnd();
  return [
    line(
      (index) => columns[index]?.title ?? '',
      () => 'dim',
    ),
    ...rows.map((row, at) =>
      line(
        (index) => shown[index]?.cells[at] ?? '',
        (column) => column.style?.(row),
      ),
    ),
  ];
}

/** Lines of names and values; those without a value are left out. */
export function facts(output: Output, pairs: readonly (readonly [name: string, value: string | undefined])[]): string[] {
  const shown = pairs.filter(([, value]) => value !== undefined && value !== '');
  const width = Math.max(0, ...shown.map(([name]) => widthOf(name)));
  return shown.map(([name, value]) => `${styled(output, 'dim', padded(name, width))}  ${plain(value ?? '')}`);
}
