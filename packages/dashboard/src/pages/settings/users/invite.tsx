import { type InvitationCreated, ROUTES } from '@pipelogiq/protocol';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { API_URL, post } from '../../../api/http.js';
import { markStale } from '../../../api/live-topics.js';
import { fieldError } from '../../../lib/field-errors.js';
import { formatExact } from '../../../lib/format.js';
import { Field, Input } from '../../../ui/field.js';
import { FormDialog } from '../../../ui/form-dialog.js';
import { ShownOnce } from '../shown-once.js';
import { RoleFields, type Roles } from './roles.js';

/** Makes a link by which somebody makes their account, and shows it once. */
export function Invite({ onClose }: { onClose(): void }) {
  const [username, setUsername] = useState('');
  const [roles, setRoles] = useState<Roles>({ role: 'viewer', applications: [] });
  const invite = useMutation({
    mutationFn: () =>
      post<InvitationCreated>(ROUTES.usersInvitations, {
        ...roles,
        ...(username.trim() !== '' && { username: username.trim() }),
      }),
    onSuccess: () => markStale(['settings']),
  });
  if (invite.data) {
    const { path, expiresAt } = invite.data;
    return (
      <ShownOnce title="Invitation" label="link" secret={`${API_URL}/${path}`} onClose={onClose}>
        <p className="text-ink-2">
          Send it to whom you invite. It works once, until {formatExact(Date.parse(expiresAt))}; whoever opens it chooses a
          password.
        </p>
      </ShownOnce>
    );
  }
  return (
    <FormDialog
      title="Invite somebody"
      action="Make the link"
      busy={invite.isPending}
      error={invite.error}
      onSubmit={() => invite.mutate()}
      onClose={onClose}
    >
      <Field
        label="Username"
        required={false}
        error={fieldError(invite.error, 'username')}
        help="Left empty, whoever accepts chooses it."
      >
        {(control) => (
          <Input
            {...control}
            name="username"
            autoComplete="off"
            autoCapitalize="none"
            spellCheck={false}
            value={username}
            onChange={({ target }) => setUsername(target.value)}
          />
        )}
      </Field>
      <RoleFields value={roles} error={invite.error} onChange={setRoles} />
    </FormDialog>
  );
}
