import { type Page, ROUTES, type Silence } from '@pipelogiq/protocol';
import { useMutation, useQuery } from '@tanstack/react-query';
import { BellOff } from 'lucide-react';
import { useState } from 'react';
import { fill, remove } from '../../api/http.js';
import { useMay } from '../../session/session.js';
import { Button } from '../../ui/button.js';
import { Card } from '../../ui/card.js';
import { EmptyState, ErrorState } from '../../ui/states.js';
import { StatusBadge } from '../../ui/status.js';
import { actionsColumn, type Column, Table } from '../../ui/table.js';
import { Time } from '../../ui/time.js';
import { toast } from '../../ui/toast.js';
import { Bar, Lead } from './parts.js';
import { rereadAlerts, silencesQuery } from './queries.js';
import { SilenceForm } from './silence-form.js';

const LOOKS = {
  pending: { status: 'waiting', word: 'Begins later' },
  active: { status: 'active', word: 'Active' },
  expired: { status: 'stopped', word: 'Expired' },
} as const;

const partsOf = ({ match }: Silence) =>
  Object.entries(match).map(([label, value], index, { length }) => `${label} = ${value}${index < length - 1 ? ',' : ''}`);
const matchText = (silence: Silence) => partsOf(silence).join(' ');

const columnsOf = (mayOperate: boolean): Column<Silence>[] => [
  {
    id: 'match',
    head: 'Silences',
    wrap: true,
    cell: (silence) => (
      <code className="flex flex-wrap gap-x-1.5 font-mono text-[0.92em]">
        {partsOf(silence).map((part) => (
          <span key={part} className="min-w-0 break-words">
            {part}{' '}
          </span>
        ))}
      </code>
    ),
  },
  { id: 'comment', head: 'Why', from: 'md', wrap: true, cell: ({ comment }) => comment },
  { id: 'by', head: 'By', width: 'w-28', from: 'xl', cell: ({ createdBy }) => createdBy },
  { id: 'status', head: 'State', width: 'w-28', from: 'md', cell: ({ status }) => <StatusBadge {...LOOKS[status]} /> },
  { id: 'starts', head: 'Begins', align: 'right', width: 'w-28', from: 'xl', cell: ({ startsAt }) => <Time at={startsAt} /> },
  { id: 'ends', head: 'Ends', align: 'right', width: 'w-28', from: 'md', cell: ({ endsAt }) => <Time at={endsAt} /> },
  ...(mayOperate ? [actionsColumn((silence: Silence) => <Expire silence={silence} />, { width: 'w-32' })] : []),
];

function Expire({ silence }: { silence: Silence }) {
  const expire = useMutation({
    mutationFn: () => remove(fill(ROUTES.alertSilence, silence.id)),
    onSuccess: () => toast.done('The silence is over'),
    onError: toast.failed,
    onSettled: rereadAlerts,
  });
  if (silence.status === 'expired') return null;
  return (
    <Button size="sm" busy={expire.isPending} aria-label={`Expire now: ${matchText(silence)}`} onClick={() => expire.mutate()}>
      Expire now
    </Button>
  );
}

/** Who is not told for a while. */
export function Silences() {
  const [isMaking, setMaking] = useState(false);
  const mayOperate = useMay('operate');
  const query = useQuery(silencesQuery);
  const make = mayOperate && (
    <Button tone="primary" icon={<BellOff aria-hidden size={14} />} onClick={() => setMaking(true)}>
      New silence
    </Button>
  );
  return (
    <>
      <Bar actions={make}>
        <Lead>Incidents that match are not told as long as a silence lasts. Their events count.</Lead>
      </Bar>
      {query.error && !query.data ? (
        <Card flush>
          <ErrorState error={query.error} onRetry={() => void query.refetch()} />
        </Card>
      ) : (
        <Lists page={query.data} columns={columnsOf(mayOperate)} />
      )}
      {isMaking && <SilenceForm onClose={() => setMaking(false)} />}
    </>
  );
}

function Lists({ page, columns }: { page: Page<Silence> | undefined; columns: Column<Silence>[] }) {
  const expired = page?.items.filter(({ status }) => status === 'expired') ?? [];
  const keyOf = ({ id }: Silence) => id;
  return (
    <div className="grid gap-4">
      <Card title="In force" flush className="overflow-hidden">
        <Table
          label="Silences in force"
          columns={columns}
          rows={page?.items.filter(({ status }) => status !== 'expired')}
          keyOf={keyOf}
          expected={2}
          empty={
            <EmptyState title="Nothing is silenced">
              Before a migration, or while you mend what is known: silence the pipeline, and say why.
            </EmptyState>
          }
        />
      </Card>
      {expired.length > 0 && (
        <Card title="Expired" actions={page?.nextCursor ? 'the latest' : undefined} flush className="overflow-hidden">
          <Table label="Expired silences" columns={columnsOf(false)} rows={expired} keyOf={keyOf} height="max-h-96" />
        </Card>
      )}
    </div>
  );
}
