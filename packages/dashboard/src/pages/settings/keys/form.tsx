import { type ApiKeyCreated, type CreateApiKey, ROUTES, SCOPES, type Scope } from '@pipelogiq/protocol';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { post } from '../../../api/http.js';
import { markStale } from '../../../api/live-topics.js';
import { fieldError } from '../../../lib/field-errors.js';
import { useMe } from '../../../session/session.js';
import { Checkbox, Field, Input, Select } from '../../../ui/field.js';
import { FormDialog } from '../../../ui/form-dialog.js';
import { applicationsQuery } from './queries.js';
import { Secret } from './secret.js';

const DAY_MS = 86_400_000;
const EXPIRES = { never: 'Never', 30: 'In 30 days', 90: 'In 90 days', 365: 'In a year' } as const;

const MEANING: Record<Scope, string> = {
  produce: 'make pipelines',
  work: 'take jobs, as a worker',
  read: 'look at all there is',
  operate: 'rerun, cancel, pause; schedules and alerts',
  admin: 'everything, API keys too',
};

interface Values {
  name: string;
  scopes: readonly Scope[];
  application: string;
  days: string;
}

const requestOf = ({ name, scopes, application, days }: Values): CreateApiKey => ({
  name,
  application,
  scopes: SCOPES.filter((scope) => scopes.includes(scope)),
  ...(days !== 'never' && { expiresAt: new Date(Date.now() + Number(days) * DAY_MS).toISOString() }),
});

/** Makes a key, and shows it the one time that it can be. */
export function KeyForm({ onClose }: { onClose(): void }) {
  const { application } = useMe();
  const [values, setValues] = useState<Values>({ name: '', scopes: ['produce', 'work'], application, days: 'never' });
  const create = useMutation({
    mutationFn: () => post<ApiKeyCreated>(ROUTES.apiKeys, requestOf(values)),
    onSuccess: () => markStale(['settings']),
  });
  if (create.data) return <Secret created={create.data} onClose={onClose} />;
  return (
    <FormDialog
      title="New API key"
      action="Create"
      busy={create.isPending}
      error={create.error}
      onSubmit={() => create.mutate()}
      onClose={onClose}
    >
      <Fields values={values} error={create.error} onChange={(changed) => setValues({ ...values, ...changed })} />
    </FormDialog>
  );
}

interface FieldsProps {
  values: Values;
  error: unknown;
  onChange(changed: Partial<Values>): void;
}

function Fields({ values, error, onChange }: FieldsProps) {
  const applications = useQuery(applicationsQuery);
  const names = applications.data?.items.map(({ name }) => name) ?? [values.application];
  return (
    <>
      <Field label="Name" required error={fieldError(error, 'name')} help="Of the program that will use it.">
        {(control) => (
          <Input
            {...control}
            name="name"
            autoComplete="off"
            placeholder="billing-worker"
            value={values.name}
            onChange={({ target }) => onChange({ name: target.value })}
          />
        )}
      </Field>
      <ScopeChoice chosen={values.scopes} error={fieldError(error, 'scopes')} onChange={(scopes) => onChange({ scopes })} />
      <div className="grid gap-4 sm:grid-cols-2">
        <Field label="Application" error={fieldError(error, 'application')}>
          {(control) => (
            <Select
              {...control}
              className="[&>select]:w-full"
              value={values.application}
              onChange={({ target }) => onChange({ application: target.value })}
            >
              {names.map((name) => (
                <option key={name}>{name}</option>
              ))}
            </Select>
          )}
        </Field>
        <Field label="Expires" error={fieldError(error, 'expiresAt')}>
          {(control) => (
            <Select
              {...control}
              className="[&>select]:w-full"
              value={values.days}
              onChange={({ target }) => onChange({ days: target.value })}
            >
              {['never', '30', '90', '365'].map((days) => (
                <option key={days} value={days}>
                  {EXPIRES[days as keyof typeof EXPIRES]}
                </option>
              ))}
            </Select>
          )}
        </Field>
      </div>
    </>
  );
}

interface ScopeChoiceProps {
  chosen: readonly Scope[];
  error: string | undefined;
  onChange(scopes: readonly Scope[]): void;
}

function ScopeChoice({ chosen, error, onChange }: ScopeChoiceProps) {
  return (
    <fieldset>
      <legend className="font-medium text-sm">It may</legend>
      <div className="mt-1.5 flex flex-col gap-1.5">
        {SCOPES.map((scope) => (
          <Checkbox
            key={scope}
            label={
              <span className="grid grid-cols-[4rem_minmax(0,1fr)]">
                <span className="font-medium">{scope}</span>
                <span className="text-ink-2">{MEANING[scope]}</span>
              </span>
            }
            checked={chosen.includes(scope)}
            onChange={({ target }) => onChange(target.checked ? [...chosen, scope] : chosen.filter((other) => other !== scope))}
          />
        ))}
      </div>
      {error && <p className="mt-1 text-bad text-xs">{error}</p>}
    </fieldset>
  );
}
