import { type AuditEvent, type Page, ROUTES } from '@pipelogiq/protocol';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { get } from '../../api/http.js';
import { keyOf } from '../../api/keys.js';
import { formatExact } from '../../lib/format.js';
import { given } from '../../lib/search.js';
import { useMay } from '../../session/session.js';
import { Card } from '../../ui/card.js';
import { Mono } from '../../ui/code.js';
import { Dialog } from '../../ui/dialog.js';
import { Facts } from '../../ui/facts.js';
import { FilterSelect } from '../../ui/filter-select.js';
import { JsonView } from '../../ui/json-view.js';
import { PartHeader } from '../../ui/page.js';
import { EmptyState, ErrorState } from '../../ui/states.js';
import { StatusBadge } from '../../ui/status.js';
import { type Column, Pager, Table } from '../../ui/table.js';
import { Time } from '../../ui/time.js';
import { TypedInput } from '../../ui/typed-input.js';
import { Refused } from './refused.js';
import { type AuditPeriod, type AuditSearch, auditFilter, RESULTS } from './search.js';

const PAGE = 50;

const columnsOf = (open: (event: AuditEvent) => void): readonly Column<AuditEvent>[] => [
  { id: 'at', head: 'When', width: 'w-26', cell: ({ at }) => <Time at={at} /> },
  {
    id: 'action',
    head: 'Action',
    wrap: true,
    cell: (event) => (
      <button
        type="button"
        onClick={() => open(event)}
        className="max-w-full break-all text-left align-middle hover:text-accent hover:underline"
      >
        <Mono>{event.action}</Mono>
      </button>
    ),
  },
  {
    id: 'actor',
    head: 'By',
    width: 'w-20 md:w-28 lg:w-44',
    cell: ({ actor, actorName }) => <span title={actor}>{actorName ?? actor}</span>,
  },
  {
    id: 'target',
    head: 'Target',
    width: 'w-48 xl:w-56',
    from: 'md',
    wrap: true,
    cell: ({ target }) => `${target.type} ${target.id}`,
  },
  {
    id: 'result',
    head: 'Result',
    width: 'w-28',
    from: 'md',
    cell: ({ result }) => <StatusBadge status={result === 'success' ? 'completed' : 'failed'} word={RESULTS[result]} />,
  },
  {
    id: 'request',
    head: 'Request',
    width: 'w-66',
    from: 'xl',
    cell: ({ requestId }) => (requestId === undefined ? <span className="text-ink-3">–</span> : <Mono>{requestId}</Mono>),
  },
];

/** Who did what. */
export default function Audit() {
  const mayAdmin = useMay('admin');
  return (
    <>
      <PartHeader title="Audit" description="Who did what, written in the same transaction that did it." />
      {mayAdmin ? (
        <Trail />
      ) : (
        <Refused title="Only admins may see the audit trail">It names who did what, and from where.</Refused>
      )}
    </>
  );
}

function Trail() {
  const { trail = [], ...filter } = useSearch({ from: '/shell/settings/audit' });
  const navigate = useNavigate({ from: '/settings/audit' });
  const [opened, setOpened] = useState<AuditEvent>();
  const cursor = trail.at(-1);
  const isFiltered = Object.keys(filter).length > 0;
  const query = useQuery({
    queryKey: keyOf('settings', 'audit', filter, cursor),
    queryFn: ({ signal }) =>
      get<Page<AuditEvent>>(ROUTES.auditEvents, { ...auditFilter(filter, Date.now()), limit: PAGE, cursor }, signal),
    placeholderData: keepPreviousData,
  });
  return (
    <>
      <Filters filter={filter} onChange={(next) => void navigate({ search: given({ ...filter, ...next }), replace: true })} />
      <Card flush className="overflow-hidden">
        {query.error && !query.data ? (
          <ErrorState error={query.error} onRetry={() => void query.refetch()} />
        ) : (
          <Table
            label="Audit trail"
            columns={columnsOf(setOpened)}
            rows={query.data?.items}
            keyOf={({ id }) => id}
            expected={12}
            empty={
              isFiltered ? (
                <EmptyState title="No entry matches">All filters must fit; names and ids are taken whole.</EmptyState>
              ) : (
                <EmptyState title="Nothing yet">Every sign-in, action and change of settings will stand here.</EmptyState>
              )
            }
          />
        )}
        <Pager
          nextCursor={query.data?.nextCursor}
          trail={trail}
          onTrail={(next) =>
            void navigate({ search: (before) => given({ ...before, trail: next.length > 0 ? next : undefined }), replace: true })
          }
        />
        {opened && <Entry event={opened} onClose={() => setOpened(undefined)} />}
      </Card>
    </>
  );
}

const TEXTS = [
  { name: 'action', label: 'Action', example: 'pipeline.cancel', help: 'A kind, as pipeline, or one action, as pipeline.cancel' },
  { name: 'by', label: 'By', example: 'grace or key:7', help: 'A name of a user, key:7 for a key, or local' },
  { name: 'target', label: 'Target', example: 'pipeline 42', help: 'A kind, as pipeline, or one of them, as pipeline 42' },
] as const;
const PERIOD_NAMES: Record<AuditPeriod, string> = {
  '1h': 'Last hour',
  '24h': 'Last 24 hours',
  '7d': 'Last 7 days',
  '30d': 'Last 30 days',
};

const choicesOf = <Value extends string>(names: Record<Value, string>) =>
  (Object.keys(names) as Value[]).map((value) => ({ value, text: names[value] }));

interface FiltersProps {
  filter: Omit<AuditSearch, 'trail'>;
  onChange(change: { [Name in keyof AuditSearch]?: AuditSearch[Name] | undefined }): void;
}

function Filters({ filter, onChange }: FiltersProps) {
  return (
    <search aria-label="Filters" className="mb-4 flex flex-wrap items-center gap-2">
      {TEXTS.map(({ name, label, example, help }) => (
        <span key={name} className="min-w-0 grow basis-48 sm:max-w-56">
          <TypedInput
            type="search"
            aria-label={label}
            title={help}
            placeholder={`${label}: ${example}`}
            value={filter[name]}
            onText={(text) => onChange({ [name]: text })}
          />
        </span>
      ))}
      <span className="flex gap-2 max-sm:w-full">
        <FilterSelect
          label="Result"
          any="Any result"
          choices={choicesOf(RESULTS)}
          chosen={filter.result}
          className="w-auto"
          onChoose={(result) => onChange({ result })}
        />
        <FilterSelect
          label="Time"
          any="Any time"
          choices={choicesOf(PERIOD_NAMES)}
          chosen={filter.period}
          className="w-auto"
          onChoose={(period) => onChange({ period })}
        />
      </span>
    </search>
  );
}

function Entry({ event, onClose }: { event: AuditEvent; onClose(): void }) {
  const { at, action, actor, actorName, target, result, requestId, complianceId, details } = event;
  const facts: [label: string, value: string | undefined][] = [
    ['When', formatExact(Date.parse(at))],
    ['By', actorName === undefined ? actor : `${actorName} (${actor})`],
    ['Target', `${target.type} ${target.id}`],
    ['Result', RESULTS[result]],
    ['Request id', requestId],
    ['Compliance id', complianceId],
  ];
  return (
    <Dialog open onOpenChange={(open) => open || onClose()} kind="side" title={action}>
      <div className="mb-4">
        <Facts facts={facts} none="none" />
      </div>
      {details && <JsonView label="details" value={details} />}
    </Dialog>
  );
}
