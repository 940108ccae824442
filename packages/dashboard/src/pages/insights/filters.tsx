import { useQuery } from '@tanstack/react-query';
import { X } from 'lucide-react';
import { cx } from '../../lib/cx.js';
import { Button } from '../../ui/button.js';
import { Select } from '../../ui/field.js';
import { insightsQuery } from './queries.js';
import { RANGES, useInsightsSearch } from './search.js';

const NAMES = { '1h': 'Last hour', '24h': 'Last 24 hours', '7d': 'Last 7 days', '30d': 'Last 30 days', '90d': 'Last 90 days' };

/** The names that are there, and the one that is chosen even if it is not. */
const withChosen = (names: readonly string[], chosen: string | undefined) =>
  [...new Set([...names, ...(chosen === undefined ? [] : [chosen])])].sort((one, other) => one.localeCompare(other));

export function Filters() {
  const [{ range, pipeline, handler }, change] = useInsightsSearch();
  const { data: all } = useQuery(insightsQuery({ range }));
  const pipelines = withChosen(all?.slowestPipelines.map((each) => each.pipeline) ?? [], pipeline);
  const handlers = withChosen(all?.handlers.map((each) => each.handler) ?? [], handler);
  return (
    <search aria-label="Filters" className="mb-4 flex flex-wrap items-center gap-2">
      <fieldset className="flex rounded-md border border-line-strong bg-surface p-px">
        <legend className="sr-only">Range</legend>
        {RANGES.map((each) => (
          <button
            key={each}
            type="button"
            aria-pressed={each === range}
            title={NAMES[each]}
            onClick={() => change({ range: each, errors: undefined })}
            className={cx(
              'num h-7 rounded-[5px] px-2.5 font-medium text-xs',
              each === range ? 'bg-accent-soft text-accent' : 'text-ink-2 hover:bg-hover',
            )}
          >
            {each}
          </button>
        ))}
      </fieldset>
      <NameSelect
        label="Pipeline"
        all="All pipelines"
        names={pipelines}
        chosen={pipeline}
        onChoose={(name) => change({ pipeline: name })}
      />
      <NameSelect
        label="Handler"
        all="All handlers"
        names={handlers}
        chosen={handler}
        onChoose={(name) => change({ handler: name, errors: undefined })}
      />
      {(pipeline ?? handler) !== undefined && (
        <Button
          tone="ghost"
          icon={<X aria-hidden size={14} />}
          onClick={() => change({ pipeline: undefined, handler: undefined, errors: undefined })}
        >
          Clear
        </Button>
      )}
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
      className="w-40 max-w-full"
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
