import { type OpenSession, type Page, ROUTES } from '@pipelogiq/protocol';
import { useMutation, useQuery } from '@tanstack/react-query';
import { fill, get, remove } from '../../api/http.js';
import { keyOf } from '../../api/keys.js';
import { reread } from '../../api/live-topics.js';
import { Button } from '../../ui/button.js';
import { Card } from '../../ui/card.js';
import { ErrorState } from '../../ui/states.js';
import { StatusBadge } from '../../ui/status.js';
import { type Column, Table } from '../../ui/table.js';
import { Time } from '../../ui/time.js';
import { toast } from '../../ui/toast.js';
import { deviceOf } from './device.js';

function End({ session }: { session: OpenSession }) {
  const end = useMutation({
    mutationFn: () => remove(fill(ROUTES.authSession, session.id)),
    onSuccess: async () => {
      toast.done('The session has ended.');
      await reread(['settings']);
    },
    onError: toast.failed,
  });
  if (session.current) return <StatusBadge status="online" word="This one" />;
  return (
    <Button
      size="sm"
      tone="danger"
      busy={end.isPending}
      onClick={() => end.mutate()}
      aria-label={`End the session in ${deviceOf(session.userAgent)}`}
    >
      End
    </Button>
  );
}

const COLUMNS: readonly Column<OpenSession>[] = [
  { id: 'device', head: 'Browser', cell: ({ userAgent }) => <span title={userAgent ?? undefined}>{deviceOf(userAgent)}</span> },
  {
    id: 'address',
    head: 'Address',
    width: 'w-36',
    from: 'md',
    cell: ({ address }) => <span className="num">{address ?? '–'}</span>,
  },
  { id: 'begun', head: 'Signed in', width: 'w-28', align: 'right', from: 'md', cell: ({ createdAt }) => <Time at={createdAt} /> },
  { id: 'seen', head: 'Last seen', width: 'w-28', align: 'right', cell: ({ lastSeenAt }) => <Time at={lastSeenAt} /> },
  {
    id: 'end',
    head: <span className="sr-only">End</span>,
    width: 'w-28',
    align: 'right',
    cell: (session) => <End session={session} />,
  },
];

export function Sessions() {
  const query = useQuery({
    queryKey: keyOf('settings', 'sessions'),
    queryFn: ({ signal }) => get<Page<OpenSession>>(ROUTES.authSessions, { limit: 200 }, signal),
  });
  return (
    <Card title="Sessions" flush>
      {query.error && !query.data ? (
        <ErrorState error={query.error} onRetry={() => void query.refetch()} />
      ) : (
        <Table label="Sessions" columns={COLUMNS} rows={query.data?.items} keyOf={({ id }) => id} expected={3} />
      )}
    </Card>
  );
}
