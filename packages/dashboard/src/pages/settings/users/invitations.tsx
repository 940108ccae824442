import { type Invitation, ROUTES } from '@pipelogiq/protocol';
import { useMutation, useQuery } from '@tanstack/react-query';
import { fill, remove } from '../../../api/http.js';
import { reread } from '../../../api/live-topics.js';
import { Button } from '../../../ui/button.js';
import { Card } from '../../../ui/card.js';
import { ErrorState } from '../../../ui/states.js';
import { type Column, Table } from '../../../ui/table.js';
import { Time } from '../../../ui/time.js';
import { toast } from '../../../ui/toast.js';
import { invitationsQuery } from './queries.js';
import { RolesText } from './roles.js';

function Revoke({ invitation: { id, username } }: { invitation: Invitation }) {
  const revoke = useMutation({
    mutationFn: () => remove(fill(ROUTES.usersInvitation, id)),
    onSuccess: async () => {
      await reread(['settings']);
      toast.done('The invitation was revoked; its link works no more');
    },
    onError: toast.failed,
  });
  return (
    <Button
      size="sm"
      tone="danger"
      busy={revoke.isPending}
      onClick={() => revoke.mutate()}
      aria-label={`Revoke the invitation${username === null ? '' : ` of ${username}`}`}
    >
      Revoke
    </Button>
  );
}

const COLUMNS: readonly Column<Invitation>[] = [
  {
    id: 'username',
    head: 'For',
    cell: ({ username }) => username ?? <span className="text-ink-3">whoever has the link</span>,
  },
  { id: 'roles', head: 'Roles', width: 'w-64', from: 'md', cell: RolesText },
  { id: 'created', head: 'Made', width: 'w-28', align: 'right', from: 'md', cell: ({ createdAt }) => <Time at={createdAt} /> },
  { id: 'expires', head: 'Expires', width: 'w-24', align: 'right', cell: ({ expiresAt }) => <Time at={expiresAt} /> },
  {
    id: 'revoke',
    head: <span className="sr-only">Revoke</span>,
    width: 'w-28',
    align: 'right',
    cell: (invitation) => <Revoke invitation={invitation} />,
  },
];

/** Those whose link was not used yet; nothing while there is none. */
export function Invitations() {
  const query = useQuery(invitationsQuery);
  if (query.error && !query.data)
    return (
      <Card title="Open invitations">
        <ErrorState error={query.error} onRetry={() => void query.refetch()} />
      </Card>
    );
  if (!query.data?.items.length) return null;
  return (
    <Card title="Open invitations" flush className="overflow-hidden">
      <Table label="Open invitations" columns={COLUMNS} rows={query.data.items} keyOf={({ id }) => id} />
    </Card>
  );
}
