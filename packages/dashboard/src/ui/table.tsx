import { ChevronLeft, ChevronRight } from 'lucide-react';
import { type Key, memo, type ReactNode } from 'react';
import { cx } from '../lib/cx.js';
import { Button } from './button.js';
import { Scroll } from './scroll.js';

export interface Column<Row> {
  id: string;
  head: ReactNode;
  /** Numbers stand right. */
  align?: 'left' | 'right';
  /** Left out on narrow screens: `md` from 56rem on, `lg` from 72rem on, `xl` from 88rem on. */
  from?: 'md' | 'lg' | 'xl';
  /** Text goes on in a second line where it does not fit, as all does on a phone; else it is cut, and whole in its title. */
  wrap?: boolean;
  /** Which way its rows are sorted by it; make the head a button then. */
  sort?: 'ascending' | 'descending';
  /** Width, as `w-32`; one column without takes what is left. */
  width?: string;
  cell(row: Row): ReactNode;
}

/** The last column: what can be done with a row. */
export const actionsColumn = <Row,>(
  cell: Column<Row>['cell'],
  { width = 'w-14', from }: Pick<Column<Row>, 'width' | 'from'> = {},
): Column<Row> => ({
  id: 'actions',
  head: <span className="sr-only">Actions</span>,
  align: 'right',
  width,
  ...(from && { from }),
  cell,
});

const FROM = { md: 'hidden md:table-cell', lg: 'hidden lg:table-cell', xl: 'hidden xl:table-cell' } as const;
const WRAPPED = 'break-words py-2';
const CUT = 'truncate max-sm:whitespace-normal max-sm:break-words max-sm:py-2 max-sm:[&_.truncate]:whitespace-normal';

const cellClass = <Row,>({ align, from, width, wrap }: Column<Row>) =>
  cx(
    wrap ? WRAPPED : CUT,
    'border-line border-b px-3 first:pl-4 last:pr-4',
    align === 'right' ? 'num text-right' : 'text-left',
    from && FROM[from],
    width,
  );

interface TableProps<Row> {
  /** What it lists, for who cannot see it. */
  label: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[] | undefined;
  keyOf(row: Row): Key;
  /** Rows of the skeleton while `rows` is undefined. */
  expected?: number;
  /** In place of rows when there are none. */
  empty?: ReactNode;
  /** Height from which on it scrolls by itself, as `max-h-96`; the head stays. */
  height?: string;
}

/** A dense table: 36 pixels a row, its head in sight. Make the first cell of a row its link. */
export function Table<Row>({ label, columns, rows, keyOf, expected = 5, empty, height }: TableProps<Row>) {
  if (rows?.length === 0 && empty) return <>{empty}</>;
  return (
    <Scroll label={label} className={cx('overflow-auto', height)}>
      <table className="w-full table-fixed text-sm">
        <thead>
          <tr>
            {columns.map((column) => (
              <th
                key={column.id}
                scope="col"
                aria-sort={column.sort}
                className={cx(cellClass(column), 'sticky top-0 z-10 h-8 bg-surface font-medium text-ink-3 text-xs')}
              >
                {column.head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows ? (
            rows.map((row) => <TableRow key={keyOf(row)} columns={columns} row={row} />)
          ) : (
            <SkeletonRows columns={columns} count={expected} />
          )}
        </tbody>
      </table>
    </Scroll>
  );
}

/** Drawn again only when its row or the columns are others: a page of a list is hundreds of cells, most of them as they were. */
const TableRow = memo(PlainRow) as typeof PlainRow;

function PlainRow<Row>({ columns, row }: { columns: readonly Column<Row>[]; row: Row }) {
  return (
    <tr className="group relative hover:bg-hover [&:last-child>td]:border-b-0">
      {columns.map((column) => (
        <td key={column.id} className={cx(cellClass(column), 'h-9')}>
          {column.cell(row)}
        </td>
      ))}
    </tr>
  );
}

function SkeletonRows<Row>({ columns, count }: { columns: readonly Column<Row>[]; count: number }) {
  return Array.from({ length: count }, (_, row) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: they are all alike
    <tr key={row}>
      {columns.map((column) => (
        <td key={column.id} className={cx(cellClass(column), 'h-9')}>
          <span className="shimmer inline-block h-3 w-3/5 rounded-sm bg-idle-soft" />
        </td>
      ))}
    </tr>
  ));
}

interface PagerProps {
  /** Of the page that is shown. */
  nextCursor: string | null | undefined;
  /** Cursors of the pages before, first one first; the first page has none. */
  trail: readonly string[];
  onTrail(trail: string[]): void;
  note?: ReactNode;
}

/** Keyset paging: there is a next page and the way back, no page numbers. Keep the trail in the search of the address. */
export function Pager({ nextCursor, trail, onTrail, note }: PagerProps) {
  if (!nextCursor && trail.length === 0) return null;
  return (
    <nav aria-label="Pages" className="flex items-center justify-between gap-3 border-line border-t px-4 py-2">
      <span className="num text-ink-3 text-xs">{note ?? `Page ${trail.length + 1}`}</span>
      <span className="flex gap-2">
        <Button
          size="sm"
          disabled={trail.length === 0}
          icon={<ChevronLeft aria-hidden size={14} />}
          onClick={() => onTrail(trail.slice(0, -1))}
        >
          Newer
        </Button>
        <Button size="sm" disabled={!nextCursor} onClick={() => nextCursor && onTrail([...trail, nextCursor])}>
          Older <ChevronRight aria-hidden size={14} />
        </Button>
      </span>
    </nav>
  );
}
