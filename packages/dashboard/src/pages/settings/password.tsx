import { type ChangePassword, ROUTES } from '@pipelogiq/protocol';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { queryClient } from '../../api/client.js';
import { post } from '../../api/http.js';
import { keyOf, SESSION_KEY } from '../../api/keys.js';
import { ApiError } from '../../api/problem.js';
import { useMe, usePasswordRule } from '../../session/session.js';
import { Button } from '../../ui/button.js';
import { Card } from '../../ui/card.js';
import { Field, Input } from '../../ui/field.js';
import { ErrorNote } from '../../ui/states.js';
import { toast } from '../../ui/toast.js';

async function changed(): Promise<void> {
  toast.done('The password is set. Your other sessions have ended.');
  await queryClient.invalidateQueries({ queryKey: keyOf('settings', 'sessions') });
  await queryClient.invalidateQueries({ queryKey: SESSION_KEY });
}

export function Password() {
  const { user } = useMe();
  const rule = usePasswordRule();
  const [current, setCurrent] = useState('');
  const [next, setNext] = useState('');
  const save = useMutation({
    mutationFn: (body: ChangePassword) => post(ROUTES.authPassword, body),
    onSuccess: () => {
      setCurrent('');
      setNext('');
      return changed();
    },
  });
  const errorOf = (name: string) =>
    save.error instanceof ApiError ? save.error.errors.find(({ path }) => path === name)?.message : undefined;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate({ newPassword: next, ...(current !== '' && { currentPassword: current }) });
  };
  return (
    <Card title={user.hasPassword ? 'Change the password' : 'Set a password'}>
      <form onSubmit={submit} className="flex max-w-sm flex-col gap-4">
        <input type="text" name="username" autoComplete="username" value={user.username} readOnly hidden />
        {user.hasPassword && (
          <Field
            label="Present password"
            error={errorOf('currentPassword')}
            help="Not needed where you came in by a sign-in link."
          >
            {(control) => (
              <Input
                {...control}
                type="password"
                autoComplete="current-password"
                value={current}
                onChange={({ target }) => setCurrent(target.value)}
              />
            )}
          </Field>
        )}
        <Field label="New password" error={errorOf('newPassword')} help={`${rule} Your other sessions end.`}>
          {(control) => (
            <Input
              {...control}
              type="password"
              autoComplete="new-password"
              required
              value={next}
              onChange={({ target }) => setNext(target.value)}
            />
          )}
        </Field>
        {save.error && <ErrorNote error={save.error} />}
        <Button type="submit" tone="primary" busy={save.isPending} disabled={next === ''} className="self-start">
          Save
        </Button>
      </form>
    </Card>
  );
}
