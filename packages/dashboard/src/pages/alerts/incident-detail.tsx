import type { AlertDelivery, Incident } from '@pipelogiq/protocol';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { ExternalLink } from 'lucide-react';
import type { ReactNode } from 'react';
import { humanize, plural } from '../../lib/format.js';
import { given } from '../../lib/search.js';
import { Mono } from '../../ui/code.js';
import { Dialog } from '../../ui/dialog.js';
import { Facts } from '../../ui/facts.js';
import { ErrorState, Loaded, Skeleton } from '../../ui/states.js';
import { StatusBadge } from '../../ui/status.js';
import { Time } from '../../ui/time.js';
import { IncidentActions } from './incident-actions.js';
import { deliveriesQuery, incidentQuery } from './queries.js';
import { eventWord } from './words.js';

const SYSTEM = 'system';
const WHY_MUTED = {
  silenced: 'A silence fits it, so nobody is told as long as that lasts.',
  inhibited: 'A failing pipeline speaks for its stages, so nobody is told of this one.',
} as const;

/** One incident, beside the list: what it says, what happened to it, and who was told. */
export function IncidentDetail({ id, onClose }: { id: string; onClose(): void }) {
  const query = useQuery(incidentQuery(id));
  const incident = query.data;
  return (
    <Dialog
      open
      onOpenChange={(open) => open || onClose()}
      kind="side"
      title={incident?.title ?? `Incident ${id}`}
      description={incident && `${eventWord(incident.event)} · rule ${incident.rule.name}`}
      footer={incident && <IncidentActions incident={incident} />}
    >
      {incident ? (
        <Detail incident={incident} />
      ) : query.error ? (
        <ErrorState error={query.error} title="This incident could not be read" onRetry={() => void query.refetch()} />
      ) : (
        <Skeleton className="h-64" />
      )}
    </Dialog>
  );
}

function Detail({ incident }: { incident: Incident }) {
  const { id, status, severity, body, muted, runbookUrl, labels } = incident;
  return (
    <div className="flex flex-col gap-5 pb-4">
      <p className="flex flex-wrap items-center gap-2">
        <StatusBadge status={status} soft />
        <StatusBadge status={severity} soft />
        {runbookUrl !== undefined && (
          <a
            href={runbookUrl}
            target="_blank"
            rel="noreferrer"
            className="inline-flex items-center gap-1 text-accent hover:underline"
          >
            Runbook <ExternalLink aria-hidden size={12} />
          </a>
        )}
      </p>
      {body !== '' && (
        <p className="whitespace-pre-wrap break-words rounded-md border border-line bg-canvas px-3 py-2.5 text-sm">{body}</p>
      )}
      {muted && status !== 'resolved' && <p className="text-ink-2 text-sm">{WHY_MUTED[muted]}</p>}
      <Section title="What happened">
        <Course incident={incident} />
      </Section>
      <Section title="Messages">
        <Messages id={id} isOver={status === 'resolved'} />
      </Section>
      <Section title="Labels">
        <Facts facts={Object.entries(labels).map(([name, value]) => [name, <Mono key={name}>{value}</Mono>] as const)} />
      </Section>
    </div>
  );
}

const Section = ({ title, children }: { title: string; children: ReactNode }) => (
  <section>
    <h3 className="mb-1.5 text-sm">{title}</h3>
    {children}
  </section>
);

function Course({ incident }: { incident: Incident }) {
  const { labels, events, openedAt, lastEventAt, acknowledgedAt, acknowledgedBy, resolvedAt, resolvedBy } = incident;
  const id = labels.pipeline_id;
  const facts: [string, ReactNode][] = [
    ['Opened', <Time key="opened" at={openedAt} />],
    [
      'Events',
      <span key="events">
        {plural(events, 'event')}, the last <Time at={lastEventAt} />
      </span>,
    ],
  ];
  if (id !== undefined)
    facts.push([
      events > 1 ? 'Last pipeline' : 'Pipeline',
      <Link key="pipeline" to="/pipelines/$id" params={{ id }} className="text-accent hover:underline">
        {labels.pipeline} {id}
      </Link>,
    ]);
  if (acknowledgedAt !== undefined) facts.push(['Acknowledged', <By key="ack" at={acknowledgedAt} who={acknowledgedBy} />]);
  if (resolvedAt !== undefined) facts.push(['Resolved', <By key="end" at={resolvedAt} who={resolvedBy} />]);
  return <Facts facts={facts} />;
}

const By = ({ at, who }: { at: string; who: string | undefined }) => (
  <>
    <Time at={at} />
    {who === SYSTEM ? ', as its cause was over' : who !== undefined && ` by ${who}`}
  </>
);

/** What was sent because of it. */
function Messages({ id, isOver }: { id: string; isOver: boolean }) {
  const query = useQuery(deliveriesQuery(given({ incident: id })));
  return (
    <Loaded query={query} loading={<Skeleton className="h-20" />}>
      {({ items, nextCursor }) =>
        items.length === 0 ? (
          <p className="text-ink-3 text-sm">{isOver ? 'It was over before anybody was told.' : 'Nobody was told yet.'}</p>
        ) : (
          <>
            <ul className="rounded-md border border-line">
              {items.map((message) => (
                <Message key={message.id} message={message} />
              ))}
            </ul>
            {nextCursor !== null && <p className="mt-1 text-ink-3 text-xs">Earlier ones are left out here.</p>}
          </>
        )
      }
    </Loaded>
  );
}

function Message({ message }: { message: AlertDelivery }) {
  const { channel, action, state, createdAt, settledAt, lastAnswer, lastStatus } = message;
  const answer = [lastStatus, lastAnswer].filter((part) => part !== undefined && part !== '').join(' · ');
  return (
    <li className="border-line border-b px-3 py-1.5 last:border-b-0">
      <div className="flex items-center justify-between gap-3">
        <span className="min-w-0 truncate">
          <span className="font-medium">{channel}</span> <span className="text-ink-3 text-xs">{humanize(action)}</span>
        </span>
        <span className="flex shrink-0 items-center gap-3 text-ink-2">
          <StatusBadge status={state} />
          <Time at={settledAt ?? createdAt} />
        </span>
      </div>
      {answer !== '' && <p className="break-words text-ink-3 text-xs">{answer}</p>}
    </li>
  );
}
