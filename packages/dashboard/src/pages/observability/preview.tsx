import { useQuery } from '@tanstack/react-query';
import { Mono } from '../../ui/code.js';
import type { FormValues } from '../../ui/schema-form.js';
import { latestTraceQuery } from './queries.js';
import { filledIn } from './template.js';

const TEMPLATES = [
  ['Trace link', 'traceLinkTemplate'],
  ['Logs link', 'logsLinkTemplate'],
] as const;

/** The templates as they are typed, filled in with the latest trace. */
export function TemplatePreview({ values }: { values: FormValues }) {
  const { data: trace } = useQuery(latestTraceQuery);
  const typed = TEMPLATES.filter(([, name]) => typeof values[name] === 'string' && values[name] !== '');
  if (typed.length === 0 || !trace) return null;
  return (
    <div className="rounded-md border border-line bg-canvas px-3 py-2 text-xs">
      <p className="mb-1 font-medium text-ink-2">With the latest trace, of {trace.pipeline}</p>
      <dl className="grid grid-cols-[4.5rem_minmax(0,1fr)] gap-x-3 gap-y-1">
        {typed.map(([label, name]) => (
          <div key={name} className="contents">
            <dt className="text-ink-3">{label}</dt>
            <dd>
              <Mono>{filledIn(String(values[name]), trace, Date.now())}</Mono>
            </dd>
          </div>
        ))}
      </dl>
    </div>
  );
}
