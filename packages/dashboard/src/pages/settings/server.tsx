import { ROUTES, SERVER_LOG_LEVELS, type ServerLogLevel } from '@pipelogiq/protocol';
import { queryOptions, useMutation, useQuery } from '@tanstack/react-query';
import { queryClient } from '../../api/client.js';
import { call, get, put, urlOf } from '../../api/http.js';
import { keyOf } from '../../api/keys.js';
import { formatDuration, humanize } from '../../lib/format.js';
import { Card } from '../../ui/card.js';
import { Select } from '../../ui/field.js';
import { PartHeader } from '../../ui/page.js';
import { Loaded, Skeleton } from '../../ui/states.js';
import { StatusBadge } from '../../ui/status.js';
import { toast } from '../../ui/toast.js';
import { useMayServer } from './layout.js';
import { Retention } from './retention.js';

interface Component {
  status: string;
  issues: string[];
  /** For admins of all applications. */
  details?: string[];
}
interface Health {
  status: string;
  uptime_seconds: number;
  components: { [name: string]: Component };
}
interface Version {
  version: string;
  protocol: { min: string; max: string };
}

const healthQuery = queryOptions({
  queryKey: keyOf('settings', 'health'),
  queryFn: ({ signal }) => call<Health>('GET', '/health', { signal, alsoTakes: 503 }), // unhealthy is an answer
  refetchInterval: 5_000,
});
const versionQuery = queryOptions({
  queryKey: keyOf('settings', 'version'),
  queryFn: ({ signal }) => get<Version>('/version', undefined, signal),
});
const logLevelQuery = queryOptions({
  queryKey: keyOf('settings', 'log level'),
  queryFn: ({ signal }) => get<ServerLogLevel>(ROUTES.logLevel, undefined, signal),
});

/** What each part does, in words. */
const MEANING: { readonly [component: string]: string } = {
  database: 'reads and writes what is stored',
  committer: 'stores changes, many in one transaction',
  loops: 'timers, leases, schedules and the like',
  disk: 'room beside the database',
  secrets: 'opens what is stored encrypted',
  workers: 'who takes the jobs',
  integrations: 'tools that are told',
  alerts: 'messages to people',
};

/** How the server does that the browser speaks to. */
export default function Server() {
  return (
    <>
      <PartHeader title="Server" description="The one that answered; where several share a database, each has its own health." />
      <div className="grid items-start gap-4 lg:grid-cols-[minmax(0,1fr)_22rem]">
        <div className="grid gap-4">
          <HealthCard />
          <Retention />
        </div>
        <div className="grid gap-4">
          <About />
          <Documents />
        </div>
      </div>
    </>
  );
}

function HealthCard() {
  const query = useQuery(healthQuery);
  return (
    <Card title="Health" actions={query.data && <StatusBadge status={query.data.status} soft />} flush>
      <Loaded query={query} loading={<Skeleton className="m-4 h-64" />}>
        {({ components }) => (
          <ul aria-label="Components">
            {Object.entries(components).map(([name, component]) => (
              <ComponentRow key={name} name={name} component={component} />
            ))}
          </ul>
        )}
      </Loaded>
    </Card>
  );
}

function ComponentRow({ name, component: { status, issues, details = [] } }: { name: string; component: Component }) {
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-0.5 border-line border-b px-4 py-2 last:border-b-0">
      <span className="w-28 shrink-0 font-medium">{humanize(name)}</span>
      <span className="w-24 shrink-0">
        <StatusBadge status={status} />
      </span>
      <span className="min-w-40 grow basis-0 break-words text-ink-3 text-xs">
        {issues.length === 0 ? MEANING[name] : <span className="text-ink">{[...issues, ...details].join(' · ')}</span>}
      </span>
    </li>
  );
}

function About() {
  const mayServer = useMayServer();
  const version = useQuery(versionQuery);
  const uptime = useQuery(healthQuery).data?.uptime_seconds;
  return (
    <Card title="About it">
      <Loaded query={version} loading={<Skeleton className="h-20" />}>
        {({ version: number, protocol }) => (
          <dl className="grid grid-cols-[6.5rem_minmax(0,1fr)] items-center gap-x-3 gap-y-1.5">
            <dt className="text-ink-3">Version</dt>
            <dd className="num">{number}</dd>
            <dt className="text-ink-3">Protocol</dt>
            <dd className="num">{protocol.min === protocol.max ? protocol.max : `${protocol.min} to ${protocol.max}`}</dd>
            <dt className="text-ink-3">Up for</dt>
            <dd className="num">{formatDuration(uptime === undefined ? undefined : uptime * 1_000)}</dd>
            {mayServer && <LogLevel />}
          </dl>
        )}
      </Loaded>
      <p className="mt-3 text-ink-3 text-xs">
        Limits are options that the server is started with: <code className="font-mono">pipelogiq serve --help</code> has them
        all.
      </p>
    </Card>
  );
}

function LogLevel() {
  const query = useQuery(logLevelQuery);
  const change = useMutation({
    mutationFn: (level: string) => put<ServerLogLevel>(ROUTES.logLevel, { level }),
    onSuccess: (after) => {
      queryClient.setQueryData(logLevelQuery.queryKey, after);
      toast.done(`The server logs ${after.level === 'silent' ? 'nothing' : `${after.level} and above`}, until it stops`);
    },
    onError: toast.failed,
  });
  return (
    <>
      <dt className="text-ink-3">Log level</dt>
      <dd>
        <Select
          aria-label="Log level"
          disabled={!query.data || change.isPending}
          value={query.data?.level ?? ''}
          onChange={({ target }) => change.mutate(target.value)}
        >
          {!query.data && <option value="">–</option>}
          {SERVER_LOG_LEVELS.map((level) => (
            <option key={level}>{level}</option>
          ))}
        </Select>
      </dd>
    </>
  );
}

const DOCUMENTS = [
  ['/docs', 'HTTP API, to read'],
  ['/openapi.json', 'the same as OpenAPI 3.1'],
  ['/docs/errors', 'what each error means'],
  [ROUTES.metrics, 'figures for Prometheus'],
  ['/health', 'health as JSON'],
] as const;

const Documents = () => (
  <Card title="Where else to look">
    <dl className="grid grid-cols-[6.5rem_minmax(0,1fr)] gap-x-3 gap-y-1.5">
      {DOCUMENTS.map(([path, what]) => (
        <div key={path} className="contents">
          <dt>
            <a href={urlOf(path).href} className="font-mono text-accent text-xs underline underline-offset-2">
              {path}
            </a>
          </dt>
          <dd className="text-ink-2">{what}</dd>
        </div>
      ))}
    </dl>
  </Card>
);
