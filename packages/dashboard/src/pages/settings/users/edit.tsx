import { ROUTES, type User } from '@pipelogiq/protocol';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { queryClient } from '../../../api/client.js';
import { fill, put } from '../../../api/http.js';
import { SESSION_KEY } from '../../../api/keys.js';
import { reread } from '../../../api/live-topics.js';
import { useMe } from '../../../session/session.js';
import { FormDialog } from '../../../ui/form-dialog.js';
import { toast } from '../../../ui/toast.js';
import { RoleFields, type Roles } from './roles.js';

/** What a user may do, and where. */
export function EditRoles({ user, onClose }: { user: User; onClose(): void }) {
  const me = useMe();
  const [roles, setRoles] = useState<Roles>({ role: user.role, applications: user.applications });
  const save = useMutation({
    mutationFn: () => put<User>(fill(ROUTES.user, user.id), roles),
    onSuccess: async () => {
      await reread(['settings']);
      if (user.id === me.user.id) void queryClient.invalidateQueries({ queryKey: SESSION_KEY });
      toast.done(`The roles of ${user.username} were changed`);
      onClose();
    },
  });
  return (
    <FormDialog
      title={`Roles of ${user.username}`}
      action="Save"
      busy={save.isPending}
      error={save.error}
      onSubmit={() => save.mutate()}
      onClose={onClose}
    >
      <RoleFields value={roles} error={save.error} onChange={setRoles} />
    </FormDialog>
  );
}
