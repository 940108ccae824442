import { PIPELINE_STATUSES } from '@pipelogiq/protocol';
import { ListFilter, Search, X } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { humanize } from '../../lib/format.js';
import { Button } from '../../ui/button.js';
import { FILTER, Field, Input, Select } from '../../ui/field.js';
import { TypedInput } from '../../ui/typed-input.js';
import {
  isContextValue,
  isFiltered,
  isTraceId,
  PERIODS,
  type Period,
  type PipelinesFilter,
  type PipelinesSearch,
} from './search.js';

const PERIOD_NAMES: Record<Period, string> = {
  '15m': 'Last 15 minutes',
  '1h': 'Last hour',
  '24h': 'Last 24 hours',
  '7d': 'Last 7 days',
  '30d': 'Last 30 days',
};
const BETWEEN = 'between';

interface FiltersProps {
  search: PipelinesSearch;
  /** Puts these into the address; undefined takes one out. */
  onChange(filter: { [Name in keyof PipelinesFilter]?: PipelinesFilter[Name] | undefined }): void;
  onClear(): void;
}

export function Filters({ search, onChange, onClear }: FiltersProps) {
  const hidden = [search.name, search.keyword, search.version, search.context, search.traceId, search.from, search.to];
  const [open, setOpen] = useState(() => hidden.some((value) => value !== undefined));
  const count = hidden.filter((value) => value !== undefined).length;
  return (
    <search className="block pb-3">
      <div className="flex flex-wrap items-center gap-2">
        <SearchBox value={search.search} onChange={(text) => onChange({ search: text })} />
        <Select
          aria-label="Status"
          className={FILTER}
          value={search.status ?? ''}
          onChange={({ target }) => onChange({ status: PIPELINE_STATUSES.find((status) => status === target.value) })}
        >
          <option value="">Any status</option>
          {PIPELINE_STATUSES.map((status) => (
            <option key={status} value={status}>
              {humanize(status)}
            </option>
          ))}
        </Select>
        <PeriodSelect search={search} onChange={onChange} onBetween={() => setOpen(true)} />
        <Button
          aria-expanded={open}
          aria-controls="more-filters"
          icon={<ListFilter aria-hidden size={14} />}
          onClick={() => setOpen(!open)}
        >
          More filters
          {count > 0 && <span className="num rounded-full bg-accent-soft px-1.5 text-accent text-xs">{count}</span>}
        </Button>
        {isFiltered(search) && (
          <Button tone="ghost" icon={<X aria-hidden size={14} />} onClick={onClear}>
            Clear
          </Button>
        )}
      </div>
      {open && <MoreFilters search={search} onChange={onChange} />}
    </search>
  );
}

function SearchBox({ value, onChange }: { value: string | undefined; onChange(text: string | undefined): void }) {
  const input = useRef<HTMLSpanElement>(null);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const isTyping = event.target instanceof HTMLElement && event.target.closest('input, textarea, select, [role="dialog"]');
      if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey || isTyping) return;
      event.preventDefault();
      input.current?.querySelector('input')?.focus();
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, []);
  return (
    <span ref={input} className="relative min-w-0 grow basis-64 max-sm:basis-full sm:max-w-md">
      <Search aria-hidden size={14} className="-translate-y-1/2 pointer-events-none absolute top-1/2 left-2.5 text-ink-3" />
      <TypedInput
        type="search"
        aria-label="Search"
        placeholder="Name, keyword or trace id"
        className="peer pl-8"
        value={value}
        onText={onChange}
      />
      <kbd
        aria-hidden
        title="Press / to search"
        className="-translate-y-1/2 pointer-events-none absolute top-1/2 right-2 hidden rounded-sm border border-line px-1.5 font-sans text-ink-3 text-xs peer-placeholder-shown:block peer-focus:hidden"
      >
        /
      </kbd>
    </span>
  );
}

function PeriodSelect({ search, onChange, onBetween }: Omit<FiltersProps, 'onClear'> & { onBetween(): void }) {
  const isBetween = search.from !== undefined || search.to !== undefined;
  return (
    <Select
      aria-label="Created"
      className={FILTER}
      value={search.period ?? (isBetween ? BETWEEN : '')}
      onChange={({ target: { value } }) => {
        if (value === BETWEEN) {
          onBetween();
          onChange({ period: undefined, from: new Date(Date.now() - PERIODS['24h']).toISOString(), to: undefined });
        } else onChange({ period: value === '' ? undefined : (value as Period), from: undefined, to: undefined });
      }}
    >
      <option value="">Any time</option>
      {Object.entries(PERIOD_NAMES).map(([period, name]) => (
        <option key={period} value={period}>
          {name}
        </option>
      ))}
      <option value={BETWEEN}>Between…</option>
    </Select>
  );
}

/** As an input of type datetime-local takes it: local time without a zone. */
function localOf(time: string | undefined): string {
  if (time === undefined) return '';
  const at = new Date(time);
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

const timeOf = (local: string) => (local === '' ? undefined : new Date(local).toISOString());

function MoreFilters({ search, onChange }: Omit<FiltersProps, 'onClear'>) {
  const isWrong = search.traceId !== undefined && !isTraceId(search.traceId);
  const isNoContext = search.context !== undefined && !isContextValue(search.context);
  return (
    <div
      id="more-filters"
      className="mt-2 grid grid-cols-2 items-start gap-3 rounded-lg border border-line bg-surface p-3 md:grid-cols-6 xl:grid-cols-[repeat(5,minmax(0,1fr))_repeat(2,max-content)]"
    >
      {(['name', 'keyword', 'version'] as const).map((field) => (
        <Field key={field} label={humanize(field)} className="md:col-span-2 xl:col-span-1">
          {(props) => (
            <TypedInput {...props} placeholder="exact" value={search[field]} onText={(text) => onChange({ [field]: text })} />
          )}
        </Field>
      ))}
      <Field label="Context value" className="md:col-span-2 xl:col-span-1" error={isNoContext ? 'As orderId=42' : undefined}>
        {(props) => (
          <TypedInput {...props} placeholder="key=value" value={search.context} onText={(text) => onChange({ context: text })} />
        )}
      </Field>
      <Field label="Trace id" className="col-span-2 md:col-span-4 xl:col-span-1" error={isWrong ? '32 hex digits' : undefined}>
        {(props) => (
          <TypedInput
            {...props}
            className="font-mono"
            value={search.traceId}
            onText={(text) => onChange({ traceId: text?.toLowerCase() })}
          />
        )}
      </Field>
      {(['from', 'to'] as const).map((field) => (
        <Field
          key={field}
          label={field === 'from' ? 'Created from' : 'Created before'}
          className="col-span-2 md:col-span-3 xl:col-span-1"
        >
          {(props) => (
            <Input
              {...props}
              type="datetime-local"
              value={localOf(search[field])}
              onChange={({ target }) => onChange({ [field]: timeOf(target.value), period: undefined })}
            />
          )}
        </Field>
      ))}
    </div>
  );
}
