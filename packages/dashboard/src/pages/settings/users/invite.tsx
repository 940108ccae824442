import { type InvitationCreated, ROUTES } from '@pipelogiq/protocol';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useId, useState } from 'react';
import { API_URL, post } from '../../../api/http.js';
import { markStale } from '../../../api/live-topics.js';
import { fieldError } from '../../../lib/field-errors.js';
import { formatExact } from '../../../lib/format.js';
import { Button } from '../../../ui/button.js';
import { Dialog } from '../../../ui/dialog.js';
import { Field, Input } from '../../../ui/field.js';
import { ErrorNote } from '../../../ui/states.js';
import { ShownOnce } from '../shown-once.js';
import { RoleFields, type Roles } from './roles.js';

/** Makes a link by which somebody makes their account, and shows it once. */
export function Invite({ onClose }: { onClose(): void }) {
  const form = useId();
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
  const submit = (event: FormEvent) => {
    event.preventDefault();
    invite.mutate();
  };
  const footer = (
    <>
      <Button onClick={onClose}>Cancel</Button>
      <Button tone="primary" type="submit" form={form} busy={invite.isPending}>
        Make the link
      </Button>
    </>
  );
  return (
    <Dialog open onOpenChange={(open) => open || onClose()} title="Invite somebody" footer={footer}>
      <form id={form} noValidate onSubmit={submit} className="flex flex-col gap-4">
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
        {invite.error && <ErrorNote error={invite.error} />}
      </form>
    </Dialog>
  );
}
