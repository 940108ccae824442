import type { ErrorGroup } from '@pipelogiq/protocol';
import { useQuery } from '@tanstack/react-query';
import { formatCount } from '../../lib/format.js';
import { Card } from '../../ui/card.js';
import { EmptyState, ErrorState } from '../../ui/states.js';
import { type Column, Pager, Table } from '../../ui/table.js';
import { Time } from '../../ui/time.js';
import { ErrorDetail } from './error-detail.js';
import { errorsQuery } from './queries.js';
import { useInsightsSearch } from './search.js';

const columnsOf = (onOpen: (fingerprint: string) => void): Column<ErrorGroup>[] => [
  {
    id: 'error',
    head: 'Error',
    wrap: true,
    cell: ({ fingerprint, code, message }) => (
      <button
        type="button"
        onClick={() => onOpen(fingerprint)}
        className="max-w-full break-words rounded-sm text-left hover:underline"
      >
        <span className="font-medium">{code}</span> <span className="text-ink-2">{message}</span>
      </button>
    ),
  },
  { id: 'handler', head: 'Handler', width: 'w-40', from: 'md', cell: ({ handler }) => handler },
  { id: 'count', head: 'Failures', align: 'right', width: 'w-20', from: 'md', cell: ({ count }) => formatCount(count) },
  {
    id: 'stages',
    head: 'Stages lost',
    align: 'right',
    width: 'w-24',
    from: 'md',
    cell: ({ failedStages }) => <span className={failedStages > 0 ? 'text-bad' : 'text-ink-3'}>{formatCount(failedStages)}</span>,
  },
  {
    id: 'first',
    head: 'First seen',
    align: 'right',
    width: 'w-28',
    from: 'lg',
    cell: ({ firstSeenAt }) => <Time at={firstSeenAt} />,
  },
  { id: 'last', head: 'Last seen', align: 'right', width: 'w-28', cell: ({ lastSeenAt }) => <Time at={lastSeenAt} /> },
];

/** Failures that are alike, with a way to run again what they stopped. */
export function Errors() {
  const [{ range, pipeline, handler, errors: trail = [], error: open }, change] = useInsightsSearch();
  const query = useQuery(errorsQuery({ range, handler, cursor: trail.at(-1) }));
  const group = query.data?.items.find(({ fingerprint }) => fingerprint === open);
  const empty = <EmptyState title="Nothing failed in this time">Failures that are alike stand here as one group.</EmptyState>;
  return (
    <Card title="Errors" actions={pipeline === undefined ? 'most recent first' : 'of all pipelines, most recent first'} flush>
      {query.error && !query.data ? (
        <ErrorState error={query.error} onRetry={() => void query.refetch()} />
      ) : (
        <>
          <Table
            label="Errors"
            columns={columnsOf((fingerprint) => change({ error: fingerprint }))}
            rows={query.data?.items}
            keyOf={({ fingerprint }) => fingerprint}
            empty={empty}
          />
          <Pager
            nextCursor={query.data?.nextCursor}
            trail={trail}
            onTrail={(errors) => change({ errors: errors.length > 0 ? errors : undefined })}
          />
        </>
      )}
      {group && <ErrorDetail key={group.fingerprint} group={group} onClose={() => change({ error: undefined })} />}
    </Card>
  );
}
