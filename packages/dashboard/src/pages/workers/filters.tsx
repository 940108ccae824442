import type { Worker } from '@pipelogiq/protocol';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { humanize } from '../../lib/format.js';
import { given } from '../../lib/search.js';
import { Input, Select } from '../../ui/field.js';
import { SHOWN_STATES, type WorkersSearch, workersSearch } from './search.js';
import { isPresent, shownState } from './state.js';

const NAMES: Partial<Record<string, string>> = { present: 'All but stopped', all: 'All states' };

/** Those that match, in the order in which somebody looks for trouble: by name, what is gone last. */
export function matching(workers: readonly Worker[], { state = 'present', pool, handler, text }: WorkersSearch): Worker[] {
  const wanted = text?.toLowerCase();
  return workers
    .filter((worker) => (state === 'present' ? isPresent(worker) : state === 'all' || shownState(worker) === state))
    .filter((worker) => pool === undefined || worker.pool === pool)
    .filter(({ handlers }) => handler === undefined || handlers.includes(handler))
    .filter(
      ({ name, hostName = '', version = '' }) =>
        wanted === undefined || [name, hostName, version].some((each) => each.toLowerCase().includes(wanted)),
    )
    .sort((one, other) => Number(isPresent(other)) - Number(isPresent(one)) || one.name.localeCompare(other.name));
}

const distinct = (values: readonly string[], chosen: string | undefined) =>
  [...new Set([...values, ...(chosen === undefined ? [] : [chosen])])].sort((one, other) => one.localeCompare(other));

export function Filters({ workers }: { workers: readonly Worker[] }) {
  const search = workersSearch({ ...useSearch({ from: '/shell/workers' }) });
  const navigate = useNavigate({ from: '/workers' });
  const change = (changed: { [Key in keyof WorkersSearch]?: WorkersSearch[Key] | undefined }) =>
    void navigate({ search: (before) => given({ ...before, ...changed }), replace: true });
  const pools = distinct(
    workers.map(({ pool }) => pool),
    search.pool,
  );
  const handlers = distinct(
    workers.flatMap((worker) => worker.handlers),
    search.handler,
  );
  return (
    <search aria-label="Filters" className="mb-4 flex flex-wrap items-center gap-2">
      <Input
        type="search"
        aria-label="Name, host or version"
        placeholder="Name, host or version"
        className="max-w-56"
        value={search.text ?? ''}
        onChange={({ target }) => change({ text: target.value === '' ? undefined : target.value })}
      />
      <Select
        aria-label="State"
        value={search.state ?? 'present'}
        onChange={({ target }) => change({ state: SHOWN_STATES.find((each) => each === target.value) })}
      >
        {SHOWN_STATES.map((state) => (
          <option key={state} value={state}>
            {NAMES[state] ?? humanize(state)}
          </option>
        ))}
      </Select>
      <NameSelect label="Pool" all="All pools" names={pools} chosen={search.pool} onChoose={(pool) => change({ pool })} />
      <NameSelect
        label="Handler"
        all="All handlers"
        names={handlers}
        chosen={search.handler}
        onChoose={(handler) => change({ handler })}
      />
    </search>
  );
}

interface NameSelectProps {
  label: string;
  all: string;
  names: readonly string[];
  chosen: string | undefined;
  onChoose(name: string | undefined): void;
}

function NameSelect({ label, all, names, chosen, onChoose }: NameSelectProps) {
  return (
    <Select
      aria-label={label}
      className="w-36 max-w-full"
      value={chosen ?? ''}
      onChange={({ target }) => onChoose(target.value === '' ? undefined : target.value)}
    >
      <option value="">{all}</option>
      {names.map((name) => (
        <option key={name}>{name}</option>
      ))}
    </Select>
  );
}
