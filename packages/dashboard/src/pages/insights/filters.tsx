import { useQuery } from '@tanstack/react-query';
import { X } from 'lucide-react';
import { cx } from '../../lib/cx.js';
import { Button } from '../../ui/button.js';
import { FilterSelect, namesToChoose } from '../../ui/filter-select.js';
import { insightsQuery } from './queries.js';
import { RANGES, useInsightsSearch } from './search.js';

const NAMES = { '1h': 'Last hour', '24h': 'Last 24 hours', '7d': 'Last 7 days', '30d': 'Last 30 days', '90d': 'Last 90 days' };

export function Filters() {
  const [{ range, pipeline, handler }, change] = useInsightsSearch();
  const { data: all } = useQuery(insightsQuery({ range }));
  const pipelines = namesToChoose(all?.slowestPipelines.map((each) => each.pipeline) ?? [], pipeline);
  const handlers = namesToChoose(all?.handlers.map((each) => each.handler) ?? [], handler);
  return (
    <search aria-label="Filters" className="mb-4 flex flex-wrap items-center gap-2">
      <fieldset className="flex rounded-md max-sm:w-full border border-line-strong bg-surface p-px">
        <legend className="sr-only">Range</legend>
        {RANGES.map((each) => (
          <button
            key={each}
            type="button"
            aria-pressed={each === range}
            title={NAMES[each]}
            onClick={() => change({ range: each, errors: undefined })}
            className={cx(
              'num h-7 rounded-[5px] px-2.5 font-medium text-xs max-sm:grow',
              each === range ? 'bg-accent-soft text-accent' : 'text-ink-2 hover:bg-hover',
            )}
          >
            {each}
          </button>
        ))}
      </fieldset>
      <FilterSelect
        className="sm:w-40"
        label="Pipeline"
        any="All pipelines"
        choices={pipelines}
        chosen={pipeline}
        onChoose={(name) => change({ pipeline: name })}
      />
      <FilterSelect
        className="sm:w-40"
        label="Handler"
        any="All handlers"
        choices={handlers}
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
