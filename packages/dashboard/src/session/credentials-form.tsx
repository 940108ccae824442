import { type FormEvent, useState } from 'react';
import { ApiError } from '../api/problem.js';
import { Button } from '../ui/button.js';
import { Field, Input } from '../ui/field.js';
import { ErrorNote } from '../ui/states.js';
import { usePasswordRule } from './session.js';

interface CredentialsFormProps {
  /** `new`: a password is chosen, and typed once more. */
  kind: 'existing' | 'new';
  action: string;
  /** What the form begins with. */
  username?: string;
  onSubmit(credentials: { username: string; password: string }): Promise<void>;
}

export function CredentialsForm({ kind, action, username: given = '', onSubmit }: CredentialsFormProps) {
  const [username, setUsername] = useState(given);
  const [password, setPassword] = useState('');
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const isNew = kind === 'new';
  const rule = usePasswordRule();
  const fieldError = (name: string) =>
    error instanceof ApiError ? error.errors.find(({ path }) => path === name)?.message : undefined;
  const isAtFields = fieldError('username') !== undefined || fieldError('password') !== undefined;
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(undefined);
    await onSubmit({ username, password }).catch(setError);
    setBusy(false);
  };
  return (
    <form onSubmit={(event) => void submit(event)} className="flex flex-col gap-4">
      <Field label="Username" error={fieldError('username')}>
        {(control) => (
          <Input
            {...control}
            name="username"
            autoComplete="username"
            autoFocus={given === ''}
            autoCapitalize="none"
            required
            value={username}
            onChange={(event) => setUsername(event.target.value)}
          />
        )}
      </Field>
      <Field
        label="Password"
        error={fieldError('password')}
        help={isNew && `${rule} A sentence is easier to keep than a riddle.`}
      >
        {(control) => (
          <Input
            {...control}
            type="password"
            autoFocus={given !== ''}
            name="password"
            autoComplete={isNew ? 'new-password' : 'current-password'}
            required
            value={password}
            onChange={(event) => setPassword(event.target.value)}
          />
        )}
      </Field>
      {error !== undefined && !isAtFields && <ErrorNote error={error} />}
      <Button type="submit" tone="primary" busy={busy}>
        {action}
      </Button>
    </form>
  );
}
