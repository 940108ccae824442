import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useCallback, useMemo, useState } from 'react';
import { given } from '../../lib/search.js';
import { useMay } from '../../session/session.js';
import { Button, buttonClass } from '../../ui/button.js';
import { Card } from '../../ui/card.js';
import { PageHeader } from '../../ui/page.js';
import { EmptyState, ErrorState } from '../../ui/states.js';
import { type Column, Pager, Table } from '../../ui/table.js';
import { FirstPipeline } from '../operations/first-pipeline.js';
import type { BulkChoice, Target } from './bulk.js';
import { BulkDialog } from './bulk-dialog.js';
import { COLUMNS } from './columns.js';
import { Filters } from './filters.js';
import { useHold } from './hold.js';
import { ListHeader } from './list-header.js';
import { type Row, useLiveRows } from './live-rows.js';
import { PAGE_SIZE } from './queries.js';
import { isFiltered, type PipelinesFilter, type PipelinesSearch } from './search.js';

export default function Pipelines() {
  const search = useSearch({ from: '/shell/pipelines' });
  const navigate = useNavigate({ from: '/pipelines' });
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [action, setAction] = useState<{ choice: BulkChoice; target: Target }>();
  const { isHeld, ref } = useHold();
  const list = useLiveRows(search, isHeld || chosen.size > 0 || action !== undefined);
  const { query, rows } = list;
  const go = (next: PipelinesSearch, replace: boolean) => {
    setChosen((was) => (was.size === 0 ? was : new Set())); // another set would be other columns, and every row be drawn again
    void navigate({ search: next, replace });
  };
  const onFilter = (filter: { [Name in keyof PipelinesFilter]?: PipelinesFilter[Name] | undefined }) =>
    go(given({ ...search, ...filter, trail: undefined }), true);
  const choose = useCallback(
    (ids: readonly string[], on: boolean) =>
      setChosen((was) => new Set(on ? [...was, ...ids] : [...was].filter((id) => !ids.includes(id)))),
    [],
  );
  const columns = useColumns(rows, chosen, choose);
  const isNone = rows?.length === 0 && !query.isPlaceholderData;
  if (isNone && !isFiltered(search) && !search.trail) {
    return (
      <>
        <PageHeader title="Pipelines" />
        <FirstPipeline />
      </>
    );
  }
  const act = (choice: BulkChoice) => {
    const target: Target =
      chosen.size > 0
        ? { kind: 'rows', rows: rows?.filter(({ id }) => chosen.has(id)) ?? [] }
        : { kind: 'all', search, at: Date.now() };
    setAction({ choice, target });
  };
  return (
    <>
      <PageHeader title="Pipelines" />
      <Filters search={search} onChange={onFilter} onClear={() => go({}, true)} />
      <Card flush>
        {/* The header too: on its way to what is new the pointer must not let it come by itself. */}
        <div ref={ref}>
          <ListHeader
            chosen={chosen.size}
            onChooseNone={() => setChosen(new Set())}
            newer={list.newer}
            isNewerMore={list.isNewerMore}
            onNewer={list.takeNewer}
            onAct={act}
            isFiltered={isFiltered(search)}
          />
          {query.error && !query.data ? (
            <ErrorState error={query.error} onRetry={() => void query.refetch()} />
          ) : (
            <div className={query.isPlaceholderData ? 'opacity-60 transition-opacity' : undefined}>
              <Table
                label="Pipelines"
                columns={columns}
                rows={rows}
                keyOf={({ id }) => id}
                expected={PAGE_SIZE / 2}
                empty={<NoMatch search={search} onClear={() => go({}, false)} />}
              />
            </div>
          )}
        </div>
        <Pager
          nextCursor={list.nextCursor}
          trail={search.trail ?? []}
          onTrail={(trail) => {
            go(given({ ...search, trail: trail.length > 0 ? trail : undefined }), false);
            window.scrollTo(0, 0);
          }}
        />
      </Card>
      {action && <BulkDialog {...action} onClose={() => setAction(undefined)} onDone={() => setChosen(new Set())} />}
    </>
  );
}

/** With a column to choose by, for who may act. */
function useColumns(
  rows: readonly Row[] | undefined,
  chosen: ReadonlySet<string>,
  choose: (ids: readonly string[], on: boolean) => void,
): readonly Column<Row>[] {
  const mayAct = useMay('operate');
  return useMemo(() => {
    if (!mayAct) return COLUMNS;
    const ids = rows?.map(({ id }) => id) ?? [];
    const box = (label: string, on: boolean, of: readonly string[]) => (
      <label className="-m-2 relative z-[1] grid place-items-center p-2">
        <input type="checkbox" aria-label={label} checked={on} onChange={({ target }) => choose(of, target.checked)} />
      </label>
    );
    const column: Column<Row> = {
      id: 'choose',
      head: box('Choose all of this page', ids.length > 0 && ids.every((id) => chosen.has(id)), ids),
      width: 'w-11',
      cell: ({ id, name }) => box(`Choose ${name} ${id}`, chosen.has(id), [id]),
    };
    return [column, ...COLUMNS];
  }, [mayAct, rows, chosen, choose]);
}

function NoMatch({ search, onClear }: { search: PipelinesSearch; onClear(): void }) {
  const id = search.search && /^\d{1,19}$/.test(search.search) ? search.search : undefined;
  return (
    <EmptyState title={search.trail ? 'There are no older ones' : 'No pipeline matches'}>
      {search.trail ? 'What was here is gone.' : 'Names and keywords are searched from their beginning; all filters must fit.'}
      <span className="mt-3 flex justify-center gap-2">
        {id && (
          <Link to="/pipelines/$id" params={{ id }} className={buttonClass()}>
            Open pipeline {id}
          </Link>
        )}
        <Button onClick={onClear}>Clear filters</Button>
      </span>
    </EmptyState>
  );
}
