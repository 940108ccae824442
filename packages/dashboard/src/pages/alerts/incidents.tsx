import { ALERT_EVENTS, ALERT_SEVERITIES, INCIDENT_STATES, type Incident } from '@pipelogiq/protocol';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { formatCount, humanize } from '../../lib/format.js';
import { given } from '../../lib/search.js';
import { useMay } from '../../session/session.js';
import { Card } from '../../ui/card.js';
import { FILTER, Select } from '../../ui/field.js';
import { FilterSelect } from '../../ui/filter-select.js';
import { EmptyState, ErrorState } from '../../ui/states.js';
import { StatusBadge, StatusIcon } from '../../ui/status.js';
import { actionsColumn, type Column, Pager, Table } from '../../ui/table.js';
import { Time } from '../../ui/time.js';
import { AcknowledgeInRow } from './incident-actions.js';
import { IncidentDetail } from './incident-detail.js';
import { Bar } from './parts.js';
import { allRulesQuery, incidentsQuery } from './queries.js';
import { useAlertsSearch } from './search.js';
import { eventWord, MUTED } from './words.js';

const choicesOf = <Choice extends string>(values: readonly Choice[], wordOf = humanize) =>
  values.map((value) => ({ value, text: wordOf(value) }));

/** The pipeline that it is about: a link, where its incidents are told apart by it, else that of its latest event. */
const PipelineLink = ({ labels: { pipeline, pipeline_id: id } }: Incident) =>
  id === undefined ? (
    <span className="text-ink-3">{pipeline ?? '–'}</span>
  ) : (
    <Link to="/pipelines/$id" params={{ id }} title={`Pipeline ${id}`} className="text-accent hover:underline">
      {pipeline ?? id}
    </Link>
  );

const columnsOf = (onOpen: (id: string) => void, mayOperate: boolean): Column<Incident>[] => [
  {
    id: 'title',
    head: 'Incident',
    cell: ({ id, title, severity }) => (
      <button
        type="button"
        onClick={() => onOpen(id)}
        className="inline-flex max-w-full items-baseline gap-2 rounded-sm text-left hover:underline"
      >
        <StatusIcon status={severity} className="translate-y-px xl:hidden" />
        <span className="min-w-0 break-words font-medium">
          {title} <span className="font-normal text-ink-3 text-xs xl:hidden">{humanize(severity)}</span>
        </span>
      </button>
    ),
    wrap: true,
  },
  { id: 'severity', head: 'Severity', width: 'w-26', from: 'xl', cell: ({ severity }) => <StatusBadge status={severity} /> },
  {
    id: 'status',
    head: 'State',
    width: 'w-36',
    wrap: true,
    cell: ({ status, muted }) => (
      <>
        <StatusBadge status={status} />
        {muted && status !== 'resolved' && <p className="text-ink-3 text-xs">{MUTED[muted]}</p>}
      </>
    ),
  },
  { id: 'rule', head: 'Rule', width: 'w-40', from: 'xl', wrap: true, cell: ({ rule }) => rule.name },
  { id: 'pipeline', head: 'Pipeline', width: 'w-26', from: 'lg', cell: PipelineLink },
  { id: 'events', head: 'Events', align: 'right', width: 'w-18', from: 'xl', cell: ({ events }) => formatCount(events) },
  { id: 'told', head: 'Told', align: 'right', width: 'w-18', from: 'xl', cell: ({ notified }) => `${formatCount(notified)}×` },
  { id: 'since', head: 'Opened', align: 'right', width: 'w-28', from: 'md', cell: ({ openedAt }) => <Time at={openedAt} /> },
  ...(mayOperate
    ? [actionsColumn((incident: Incident) => <AcknowledgeInRow incident={incident} />, { width: 'w-32', from: 'md' })]
    : []),
];

/** What goes wrong, and what went wrong. */
export function Incidents() {
  const { search, trail, change, onTrail } = useAlertsSearch();
  const { status = 'open', event, severity, rule, incident } = search;
  const isNarrowed = event !== undefined || severity !== undefined || rule !== undefined;
  const query = useQuery(
    incidentsQuery(given({ status: status === 'all' ? undefined : status, event, severity, rule, cursor: trail.at(-1) })),
  );
  const columns = columnsOf((id) => change({ incident: id }), useMay('operate'));
  return (
    <>
      <Filters />
      <Card flush className="overflow-hidden">
        {query.error && !query.data ? (
          <ErrorState error={query.error} onRetry={() => void query.refetch()} />
        ) : (
          <Table
            label="Incidents"
            columns={columns}
            rows={query.data?.items}
            keyOf={({ id }) => id}
            empty={<NoIncident isNarrowed={isNarrowed} status={status} />}
          />
        )}
        <Pager nextCursor={query.data?.nextCursor} trail={trail} onTrail={onTrail} />
      </Card>
      {incident !== undefined && <IncidentDetail key={incident} id={incident} onClose={() => change({ incident: undefined })} />}
    </>
  );
}

function NoIncident({ isNarrowed, status }: { isNarrowed: boolean; status: string }) {
  if (isNarrowed) return <EmptyState title="No incident fits these filters" />;
  if (status !== 'open')
    return (
      <EmptyState title={status === 'all' ? 'No incident yet' : `No incident is ${status}`}>
        Rules open incidents when something happens that people must hear of.
      </EmptyState>
    );
  return (
    <EmptyState title="No incident is open">
      Nobody needs you. When a rule finds something that people must hear of, it shows here at once.
    </EmptyState>
  );
}

function Filters() {
  const { search, filter } = useAlertsSearch();
  const rules = useQuery(allRulesQuery).data?.items ?? [];
  return (
    <Bar>
      <Select
        aria-label="State"
        className={FILTER}
        value={search.status ?? 'open'}
        onChange={({ target }) =>
          filter({ status: ([...INCIDENT_STATES, 'all'] as const).find((each) => each === target.value) })
        }
      >
        {INCIDENT_STATES.map((state) => (
          <option key={state} value={state}>
            {humanize(state)}
          </option>
        ))}
        <option value="all">All states</option>
      </Select>
      <FilterSelect
        label="Severity"
        any="Any severity"
        choices={choicesOf(ALERT_SEVERITIES)}
        chosen={search.severity}
        onChoose={(severity) => filter({ severity })}
      />
      <FilterSelect
        label="Event"
        any="Any event"
        choices={choicesOf(ALERT_EVENTS, eventWord)}
        chosen={search.event}
        onChoose={(event) => filter({ event })}
      />
      <FilterSelect
        label="Rule"
        any="Any rule"
        choices={rules.map(({ id, name }) => ({ value: id, text: name }))}
        chosen={search.rule}
        onChoose={(rule) => filter({ rule })}
      />
    </Bar>
  );
}
