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
import { JsonView } from '../../ui/json-view.js';
import { PageHeader } from '../../ui/page.js';
import { EmptyState, ErrorState } from '../../ui/states.js';
import { StatusBadge } from '../../ui/status.js';
import { type Column, Pager, Table } from '../../ui/table.js';
import { Time } from '../../ui/time.js';
import { Refused } from './refused.js';

const PAGE = 50;

const columnsOf = (open: (event: AuditEvent) => void): readonly Column<AuditEvent>[] => [
  { id: 'at', head: 'When', width: 'w-26', cell: ({ at }) => <Time at={at} /> },
  {
    id: 'action',
    head: 'Action',
    cell: (event) => (
      <button
        type="button"
        onClick={() => open(event)}
        className="max-w-full truncate align-middle hover:text-accent hover:underline"
      >
        <Mono>{event.action}</Mono>
      </button>
    ),
  },
  {
    id: 'actor',
    head: 'By',
    width: 'w-20 md:w-44',
    cell: ({ actor, actorName }) => <span title={actor}>{actorName ?? actor}</span>,
  },
  { id: 'target', head: 'Target', width: 'w-56', from: 'md', cell: ({ target }) => `${target.type} ${target.id}` },
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
    width: 'w-56',
    from: 'lg',
    cell: ({ requestId }) => (requestId === undefined ? <span className="text-ink-3">–</span> : <Mono>{requestId}</Mono>),
  },
];

const RESULTS = { success: 'Done', refused: 'Refused' } as const;

/** Who did what. */
export default function Audit() {
  const mayAdmin = useMay('admin');
  return (
    <>
      <PageHeader title="Audit" description="Who did what, written in the same transaction that did it." />
      {mayAdmin ? (
        <Trail />
      ) : (
        <Refused title="Only admins may see the audit trail">It names who did what, and from where.</Refused>
      )}
    </>
  );
}

function Trail() {
  const { trail = [] } = useSearch({ from: '/shell/settings/audit' });
  const navigate = useNavigate({ from: '/settings/audit' });
  const [opened, setOpened] = useState<AuditEvent>();
  const cursor = trail.at(-1);
  const query = useQuery({
    queryKey: keyOf('settings', 'audit', cursor),
    queryFn: ({ signal }) => get<Page<AuditEvent>>(ROUTES.auditEvents, { limit: PAGE, cursor }, signal),
    placeholderData: keepPreviousData,
  });
  return (
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
          empty={<EmptyState title="Nothing yet">Every sign-in, action and change of settings will stand here.</EmptyState>}
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
      <dl className="mb-4 grid grid-cols-[7rem_minmax(0,1fr)] gap-x-3 gap-y-1.5">
        {facts.map(([label, value]) => (
          <div key={label} className="contents">
            <dt className="text-ink-3">{label}</dt>
            <dd className="break-words">{value ?? <span className="text-ink-3">none</span>}</dd>
          </div>
        ))}
      </dl>
      {details && <JsonView label="details" value={details} />}
    </Dialog>
  );
}
