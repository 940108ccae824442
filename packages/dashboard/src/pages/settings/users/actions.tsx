import { type OneTimeLink, ROUTES, type UpdateUser, type User } from '@pipelogiq/protocol';
import { useMutation } from '@tanstack/react-query';
import { Ban, Ellipsis, KeyRound, Trash2, UserCheck, UserCog } from 'lucide-react';
import { useState } from 'react';
import { API_URL, fill, post, put } from '../../../api/http.js';
import { reread } from '../../../api/live-topics.js';
import { formatExact } from '../../../lib/format.js';
import { useMe } from '../../../session/session.js';
import { IconButton } from '../../../ui/button.js';
import { ConfirmDanger, ConfirmDelete } from '../../../ui/confirm-danger.js';
import { Confirm } from '../../../ui/dialog.js';
import { Menu } from '../../../ui/menu.js';
import { toast } from '../../../ui/toast.js';
import { ShownOnce } from '../shown-once.js';
import { EditRoles } from './edit.js';

const icon = { 'aria-hidden': true, size: 14 } as const;

export function UserActions({ user }: { user: User }) {
  const me = useMe();
  const [asks, setAsks] = useState<'edit' | 'link' | 'disable' | 'delete'>();
  const close = () => setAsks(undefined);
  const enable = useMutation({
    mutationFn: () => put<User>(fill(ROUTES.user, user.id), { disabled: false } satisfies UpdateUser),
    onSuccess: async () => {
      await reread(['settings']);
      toast.done(`${user.username} may sign in again`);
    },
    onError: toast.failed,
  });
  if (user.role === 'owner' && me.user.role !== 'owner') return null; // of owners: by owners
  const changes = [
    { id: 'edit', label: 'Change roles…', icon: <UserCog {...icon} />, onSelect: () => setAsks('edit') },
    {
      id: 'link',
      label: 'Sign-in link…',
      icon: <KeyRound {...icon} />,
      disabled: user.disabled,
      onSelect: () => setAsks('link'),
    },
  ];
  const ends = [
    user.disabled
      ? { id: 'enable', label: 'Enable', icon: <UserCheck {...icon} />, onSelect: () => enable.mutate() }
      : { id: 'disable', label: 'Disable…', icon: <Ban {...icon} />, danger: true, onSelect: () => setAsks('disable') },
    { id: 'delete', label: 'Delete…', icon: <Trash2 {...icon} />, danger: true, onSelect: () => setAsks('delete') },
  ];
  return (
    <>
      <Menu
        trigger={
          <IconButton label={`Actions for ${user.username}`}>
            <Ellipsis aria-hidden size={16} />
          </IconButton>
        }
        groups={[
          { title: null, items: changes },
          { title: null, items: ends },
        ]}
      />
      {asks === 'edit' && <EditRoles user={user} onClose={close} />}
      {asks === 'link' && <SignInLink user={user} onClose={close} />}
      {asks === 'disable' && <Disable user={user} onClose={close} />}
      {asks === 'delete' && <Delete user={user} onClose={close} />}
    </>
  );
}

interface QuestionProps {
  user: User;
  onClose(): void;
}

function SignInLink({ user: { username }, onClose }: QuestionProps) {
  const create = useMutation({ mutationFn: () => post<OneTimeLink>(ROUTES.authLinks, { username }) });
  if (create.data) {
    return (
      <ShownOnce title={`Sign-in link of ${username}`} label="link" secret={`${API_URL}/${create.data.path}`} onClose={onClose}>
        <p className="text-ink-2">
          It signs {username} in once, until {formatExact(Date.parse(create.data.expiresAt))}.
        </p>
      </ShownOnce>
    );
  }
  return (
    <Confirm
      open
      onOpenChange={onClose}
      title={`Make a sign-in link of ${username}?`}
      action="Make the link"
      busy={create.isPending}
      error={create.error}
      onConfirm={() => create.mutate()}
    >
      For somebody who forgot their password: they sign in by it and set a new one. Whoever has the link is {username}.
    </Confirm>
  );
}

function Disable({ user: { id, username }, onClose }: QuestionProps) {
  return (
    <ConfirmDanger
      title={`Disable ${username}?`}
      action="Disable"
      act={() => put<User>(fill(ROUTES.user, id), { disabled: true } satisfies UpdateUser)}
      done={`${username} is disabled, and signed out everywhere`}
      onDone={() => reread(['settings'])}
      onClose={onClose}
    >
      Their sessions end, and they cannot sign in until they are enabled again. Their roles stay. API keys are not theirs, and go
      on.
    </ConfirmDanger>
  );
}

function Delete({ user: { id, username }, onClose }: QuestionProps) {
  return (
    <ConfirmDelete name={username} path={fill(ROUTES.user, id)} onDeleted={() => reread(['settings'])} onClose={onClose}>
      The account, its roles and its sessions are gone. What they did stays in the audit trail, with their name. This cannot be
      taken back.
    </ConfirmDelete>
  );
}
