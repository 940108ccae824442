import { ROUTES, type User } from '@pipelogiq/protocol';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useId, useState } from 'react';
import { queryClient } from '../../../api/client.js';
import { fill, put } from '../../../api/http.js';
import { SESSION_KEY } from '../../../api/keys.js';
import { markStale } from '../../../api/live-topics.js';
import { useMe } from '../../../session/session.js';
import { Button } from '../../../ui/button.js';
import { Dialog } from '../../../ui/dialog.js';
import { ErrorNote } from '../../../ui/states.js';
import { toast } from '../../../ui/toast.js';
import { RoleFields, type Roles } from './roles.js';

/** What a user may do, and where. */
export function EditRoles({ user, onClose }: { user: User; onClose(): void }) {
  const form = useId();
  const me = useMe();
  const [roles, setRoles] = useState<Roles>({ role: user.role, applications: user.applications });
  const save = useMutation({
    mutationFn: () => put<User>(fill(ROUTES.user, user.id), roles),
    onSuccess: () => {
      markStale(['settings']);
      if (user.id === me.user.id) void queryClient.invalidateQueries({ queryKey: SESSION_KEY });
      toast.done(`The roles of ${user.username} were changed`);
      onClose();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  const footer = (
    <>
      <Button onClick={onClose}>Cancel</Button>
      <Button tone="primary" type="submit" form={form} busy={save.isPending}>
        Save
      </Button>
    </>
  );
  return (
    <Dialog open onOpenChange={(open) => open || onClose()} title={`Roles of ${user.username}`} footer={footer}>
      <form id={form} noValidate onSubmit={submit} className="flex flex-col gap-4">
        <RoleFields value={roles} error={save.error} onChange={setRoles} />
        {save.error && <ErrorNote error={save.error} />}
      </form>
    </Dialog>
  );
}
