import { type ApplicationAccess, type ApplicationRole, ROLES, type Role } from '@pipelogiq/protocol';
import { useQuery } from '@tanstack/react-query';
import { X } from 'lucide-react';
import { fieldError } from '../../../lib/field-errors.js';
import { humanize } from '../../../lib/format.js';
import { useMe } from '../../../session/session.js';
import { IconButton } from '../../../ui/button.js';
import { Field, Select } from '../../../ui/field.js';
import { applicationsQuery } from '../keys/queries.js';

/** What somebody may do, and where. */
export interface Roles {
  /** For all applications; null: only for those listed. */
  role: Role | null;
  applications: ApplicationAccess[];
}

const MEANING: Record<Role, string> = {
  viewer: 'looks',
  operator: 'also reruns, pauses, sets up',
  admin: 'everything, API keys too',
  owner: 'also manages owners',
};
const APPLICATION_ROLES = ['viewer', 'operator', 'admin'] as const satisfies readonly ApplicationRole[];

/** In a cell: the role for all, then those for single applications. */
export function RolesText({ role, applications }: Roles) {
  const single = applications.map((it) => `${it.role} in ${it.application}`);
  const text = [...(role === null ? [] : [`${humanize(role)} of all`]), ...single].join(', ');
  if (text === '') return <span className="text-ink-3">no role</span>;
  return <span title={text}>{humanize(text)}</span>;
}

interface RoleFieldsProps {
  value: Roles;
  error: unknown;
  onChange(value: Roles): void;
}

export function RoleFields({ value, error, onChange }: RoleFieldsProps) {
  const { user } = useMe();
  const roles = ROLES.filter((role) => role !== 'owner' || user.role === 'owner' || value.role === 'owner');
  return (
    <>
      <Field
        label="Role for all applications"
        error={fieldError(error, 'role')}
        help="In an application the stronger of this and its own role counts."
      >
        {(control) => (
          <Select
            {...control}
            name="role"
            className="[&>select]:w-full"
            value={value.role ?? ''}
            onChange={({ target }) => onChange({ ...value, role: ROLES.find((role) => role === target.value) ?? null })}
          >
            <option value="">None: only in the applications below</option>
            {roles.map((role) => (
              <option key={role} value={role}>
                {humanize(role)}: {MEANING[role]}
              </option>
            ))}
          </Select>
        )}
      </Field>
      <ApplicationRoles
        value={value.applications}
        error={fieldError(error, 'applications')}
        onChange={(applications) => onChange({ ...value, applications })}
      />
    </>
  );
}

interface ApplicationRolesProps {
  value: ApplicationAccess[];
  error: string | undefined;
  onChange(value: ApplicationAccess[]): void;
}

function ApplicationRoles({ value, error, onChange }: ApplicationRolesProps) {
  const applications = useQuery(applicationsQuery);
  const free = applications.data?.items.filter(({ name }) => !value.some(({ application }) => application === name)) ?? [];
  const without = (name: string) => value.filter(({ application }) => application !== name);
  return (
    <fieldset className="flex flex-col gap-2">
      <legend className="mb-1 font-medium text-sm">
        Roles for single applications <span className="ml-1 font-normal text-ink-3 text-xs">optional</span>
      </legend>
      {value.map((access) => (
        <div key={access.application} className="flex items-center gap-2">
          <span className="min-w-0 grow truncate">{access.application}</span>
          <Select
            aria-label={`Role in ${access.application}`}
            value={access.role}
            onChange={({ target }) => {
              const role = APPLICATION_ROLES.find((each) => each === target.value) ?? 'viewer';
              onChange(value.map((each) => (each.application === access.application ? { ...each, role } : each)));
            }}
          >
            {APPLICATION_ROLES.map((role) => (
              <option key={role} value={role}>
                {humanize(role)}
              </option>
            ))}
          </Select>
          <IconButton label={`Remove ${access.application}`} onClick={() => onChange(without(access.application))}>
            <X aria-hidden size={14} />
          </IconButton>
        </div>
      ))}
      <Select
        aria-label="Add an application"
        className="[&>select]:w-full"
        value=""
        disabled={free.length === 0}
        onChange={({ target }) => onChange([...value, { application: target.value, role: 'viewer' }])}
      >
        <option value="">{free.length === 0 && applications.data ? 'No other application' : 'Add an application…'}</option>
        {free.map(({ id, name }) => (
          <option key={id} value={name}>
            {name}
          </option>
        ))}
      </Select>
      {error && <p className="text-bad text-xs">{error}</p>}
    </fieldset>
  );
}
