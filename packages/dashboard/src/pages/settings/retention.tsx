import { ROUTES, type ServerRetention } from '@pipelogiq/protocol';
import { queryOptions, useQuery } from '@tanstack/react-query';
import { get } from '../../api/http.js';
import { keyOf } from '../../api/keys.js';
import { formatBytes, formatTerm } from '../../lib/format.js';
import { Card } from '../../ui/card.js';
import { Loaded, Skeleton } from '../../ui/states.js';

const retentionQuery = queryOptions({
  queryKey: keyOf('settings', 'retention'),
  queryFn: ({ signal }) => get<ServerRetention>(ROUTES.retention, undefined, signal),
});

interface Kept {
  what: string;
  /** What belongs to it, or what else ends it. */
  note: string;
  term: string;
  /** The option that says so. */
  option: string;
}

const kept = (is: ServerRetention): Kept[] => [
  {
    what: 'Finished pipelines',
    note: 'with stages, attempts, context and logs; resolved incidents',
    term: is.pipelinesMs === null ? 'for ever' : formatTerm(is.pipelinesMs),
    option: 'retention-days',
  },
  {
    what: 'Logs, info and warn',
    note: 'never longer than their pipeline',
    term: formatTerm(is.logsMs),
    option: 'log-retention-ms',
  },
  {
    what: 'Logs, error and fatal',
    note: 'never longer than their pipeline',
    term: formatTerm(is.errorLogsMs),
    option: 'log-error-retention-ms',
  },
  {
    what: 'Logs, debug and trace',
    note: 'never longer than their pipeline',
    term: formatTerm(is.debugLogsMs),
    option: 'log-debug-retention-ms',
  },
  { what: 'Audit trail', note: 'who did what', term: formatTerm(is.auditMs), option: 'audit-retention-ms' },
  {
    what: 'Live events',
    note: `for streams that resume; at most ${formatBytes(is.eventsMaxBytes)}`,
    term: formatTerm(is.eventsMs),
    option: 'event-retention-ms',
  },
  {
    what: 'Firings and hook deliveries',
    note: 'so that each counts once',
    term: formatTerm(is.triggersMs),
    option: 'trigger-retention-ms',
  },
  { what: 'Insights by the minute', note: 'figures', term: formatTerm(is.insightMinutesMs), option: 'insight-minutes-ms' },
  { what: 'Insights by the hour', note: 'figures', term: formatTerm(is.insightHoursMs), option: 'insight-hours-ms' },
  {
    what: 'Insights by the day',
    note: 'figures, groups of errors, deployments',
    term: formatTerm(is.insightDaysMs),
    option: 'insight-days-ms',
  },
];

/** How long things are kept, as this server was told. */
export function Retention() {
  const query = useQuery(retentionQuery);
  return (
    <Card title="Retention" actions="changed by options of the server" flush>
      <Loaded query={query} loading={<Skeleton className="m-4 h-96" />}>
        {(is) => (
          <dl aria-label="Retention">
            {kept(is).map(({ what, note, term, option }) => (
              <div key={what} className="flex flex-wrap items-baseline gap-x-4 border-line border-b px-4 py-2 last:border-b-0">
                <dt className="w-52 shrink-0 font-medium">{what}</dt>
                <dd className="num w-24 shrink-0">{term}</dd>
                <dd className="min-w-40 grow basis-0 text-ink-3 text-xs">{note}</dd>
                <dd className="text-ink-3 text-xs max-sm:w-full">
                  <code className="font-mono">--{option}</code>
                </dd>
              </div>
            ))}
          </dl>
        )}
      </Loaded>
    </Card>
  );
}
