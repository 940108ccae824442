import type { Worker } from '@pipelogiq/protocol';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { humanize } from '../../lib/format.js';
import { given } from '../../lib/search.js';
import { FILTER, Input, Select } from '../../ui/field.js';
import { FilterSelect, namesToChoose } from '../../ui/filter-select.js';
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

export function Filters({ workers }: { workers: readonly Worker[] }) {
  const search = workersSearch({ ...useSearch({ from: '/shell/workers' }) });
  const navigate = useNavigate({ from: '/workers' });
  const change = (changed: { [Key in keyof WorkersSearch]?: WorkersSearch[Key] | undefined }) =>
    void navigate({ search: (before) => given({ ...before, ...changed }), replace: true });
  const pools = namesToChoose(
    workers.map(({ pool }) => pool),
    search.pool,
  );
  const handlers = namesToChoose(
    workers.flatMap((worker) => worker.handlers),
    search.handler,
  );
  return (
    <search aria-label="Filters" className="mb-4 flex flex-wrap items-center gap-2">
      <Input
        type="search"
        aria-label="Name, host or version"
        placeholder="Name, host or version"
        className="sm:max-w-56"
        value={search.text ?? ''}
        onChange={({ target }) => change({ text: target.value === '' ? undefined : target.value })}
      />
      <Select
        aria-label="State"
        className={FILTER}
        value={search.state ?? 'present'}
        onChange={({ target }) => change({ state: SHOWN_STATES.find((each) => each === target.value) })}
      >
        {SHOWN_STATES.map((state) => (
          <option key={state} value={state}>
            {NAMES[state] ?? humanize(state)}
          </option>
        ))}
      </Select>
      <FilterSelect
        className="sm:w-36"
        label="Pool"
        any="All pools"
        choices={pools}
        chosen={search.pool}
        onChoose={(pool) => change({ pool })}
      />
      <FilterSelect
        className="sm:w-36"
        label="Handler"
        any="All handlers"
        choices={handlers}
        chosen={search.handler}
        onChoose={(handler) => change({ handler })}
      />
    </search>
  );
}
