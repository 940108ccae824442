import type { User } from '@pipelogiq/protocol';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { UserPlus } from 'lucide-react';
import { useState } from 'react';
import { given } from '../../../lib/search.js';
import { useMe } from '../../../session/session.js';
import { Button } from '../../../ui/button.js';
import { Card } from '../../../ui/card.js';
import { PartHeader } from '../../../ui/page.js';
import { ErrorState } from '../../../ui/states.js';
import { StatusBadge } from '../../../ui/status.js';
import { actionsColumn, type Column, Pager, Table } from '../../../ui/table.js';
import { Time } from '../../../ui/time.js';
import { useMayServer } from '../layout.js';
import { Refused } from '../refused.js';
import { UserActions } from './actions.js';
import { Invitations } from './invitations.js';
import { Invite } from './invite.js';
import { usersQuery } from './queries.js';
import { RolesText } from './roles.js';

function Name({ user }: { user: User }) {
  const me = useMe();
  return (
    <>
      <span className="font-medium">{user.username}</span>
      {user.id === me.user.id && <span className="ml-1.5 text-ink-3 text-xs">you</span>}
      {user.disabled && <span className="ml-1.5 text-ink-3 text-xs md:hidden">disabled</span>}
    </>
  );
}

const COLUMNS: readonly Column<User>[] = [
  { id: 'username', head: 'User', cell: (user) => <Name user={user} /> },
  { id: 'roles', head: 'Roles', width: 'w-32 md:w-64 xl:w-80', cell: RolesText },
  {
    id: 'state',
    head: 'State',
    width: 'w-28',
    from: 'md',
    cell: ({ disabled }) => <StatusBadge status={disabled ? 'disabled' : 'active'} />,
  },
  {
    id: 'password',
    head: 'Signs in by',
    width: 'w-28',
    from: 'lg',
    cell: ({ hasPassword }) => (hasPassword ? 'password' : 'links only'),
  },
  { id: 'created', head: 'Created', width: 'w-28', align: 'right', from: 'xl', cell: ({ createdAt }) => <Time at={createdAt} /> },
  {
    id: 'login',
    head: 'Last sign-in',
    width: 'w-28',
    align: 'right',
    from: 'md',
    cell: ({ lastLoginAt }) => (lastLoginAt === null ? <span className="text-ink-3">never</span> : <Time at={lastLoginAt} />),
  },
  actionsColumn((user) => <UserActions user={user} />),
];

/** Who may sign in, and what they may do. */
export default function Users() {
  const mayServer = useMayServer();
  const [isInviting, setInviting] = useState(false);
  const invite = mayServer && (
    <Button tone="primary" icon={<UserPlus aria-hidden size={14} />} onClick={() => setInviting(true)}>
      Invite
    </Button>
  );
  return (
    <>
      <PartHeader title="Users" description="Who may sign in, and what they may do where." actions={invite} />
      {mayServer ? (
        <div className="grid gap-4">
          <List />
          <Invitations />
        </div>
      ) : (
        <Refused title="Only admins of all applications may see users">Users belong to the server as a whole.</Refused>
      )}
      {isInviting && <Invite onClose={() => setInviting(false)} />}
    </>
  );
}

function List() {
  const { trail = [] } = useSearch({ from: '/shell/settings/users' });
  const navigate = useNavigate({ from: '/settings/users' });
  const query = useQuery(usersQuery(trail.at(-1)));
  return (
    <Card flush className="overflow-hidden">
      {query.error && !query.data ? (
        <ErrorState error={query.error} onRetry={() => void query.refetch()} />
      ) : (
        <Table label="Users" columns={COLUMNS} rows={query.data?.items} keyOf={({ id }) => id} />
      )}
      <Pager
        nextCursor={query.data?.nextCursor}
        trail={trail}
        onTrail={(next) =>
          void navigate({ search: (before) => given({ ...before, trail: next.length > 0 ? next : undefined }), replace: true })
        }
      />
    </Card>
  );
}
