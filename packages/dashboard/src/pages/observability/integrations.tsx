import type { Integration, IntegrationStatus } from '@pipelogiq/protocol';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { formatCount } from '../../lib/format.js';
import { useMay } from '../../session/session.js';
import { Card } from '../../ui/card.js';
import { Loaded, Skeleton } from '../../ui/states.js';
import { StatusBadge } from '../../ui/status.js';
import { Time } from '../../ui/time.js';
import { Actions } from './actions.js';
import { integrationsQuery, statusQuery, TITLES } from './queries.js';

const absent = (word: string) => <span className="text-ink-3">{word}</span>;
const ROWS = 7;

/** Each tool with how it does; what an operator may do stands at its end. */
export function Integrations() {
  const mayOperate = useMay('operate');
  const status = useQuery(statusQuery);
  const configs = useQuery({ ...integrationsQuery, enabled: mayOperate });
  const loading = Array.from({ length: ROWS }, (_, row) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: they are all alike
    <Skeleton key={row} className="mx-4 my-3 h-11" />
  ));
  return (
    <Card title="Integrations" flush>
      <Loaded query={status} loading={loading}>
        {({ items }) =>
          mayOperate ? (
            <Loaded query={configs} loading={loading}>
              {({ items: integrations }) => <List statuses={items} integrations={integrations} />}
            </Loaded>
          ) : (
            <List statuses={items} integrations={[]} />
          )
        }
      </Loaded>
    </Card>
  );
}

interface ListProps {
  statuses: readonly IntegrationStatus[];
  integrations: readonly Integration[];
}

/** Those that are set up come first. */
function List({ statuses, integrations }: ListProps) {
  const isSetUp = ({ status }: IntegrationStatus) => status !== 'not_configured';
  const sorted = [...statuses.filter(isSetUp), ...statuses.filter((each) => !isSetUp(each))];
  return (
    <ul aria-label="Integrations">
      {sorted.map((status) => (
        <Row key={status.type} status={status} integration={integrations.find(({ type }) => type === status.type)} />
      ))}
    </ul>
  );
}

function Row({ status, integration }: { status: IntegrationStatus; integration: Integration | undefined }) {
  const title = TITLES[status.type];
  return (
    <li aria-label={title} className="border-line border-b px-4 py-3 last:border-b-0">
      <div className="flex flex-wrap items-center gap-x-4 gap-y-1.5">
        <h3 className="w-32 shrink-0 text-sm">{title}</h3>
        <span className="w-36 shrink-0">
          <StatusBadge status={status.status} />
        </span>
        <div className="min-w-48 grow basis-0 text-ink-3 text-xs">
          {status.status === 'not_configured' ? <p>{integration?.purpose}</p> : <Facts status={status} />}
        </div>
        {integration && <Actions integration={integration} />}
      </div>
      {status.lastError && status.status !== 'not_configured' && (
        <p className="mt-1.5 break-words text-xs md:pl-36">
          <span className={status.status === 'failing' ? 'text-bad' : 'text-ink-3'}>{status.lastError.message}</span>{' '}
          <span className="text-ink-3">
            <Time at={status.lastError.at} />
          </span>
        </p>
      )}
      {status.detail && <p className="mt-1.5 text-ink-3 text-xs md:pl-36">{status.detail}</p>}
    </li>
  );
}

function Facts({ status: { lastTestedAt, lastSuccessAt, queued, sent, dropped, nextTryAt } }: { status: IntegrationStatus }) {
  const facts: [label: string, value: ReactNode][] = [
    ['Tested', lastTestedAt ? <Time key="tested" at={lastTestedAt} /> : absent('never')],
    ['Last success', lastSuccessAt ? <Time key="success" at={lastSuccessAt} /> : absent('none')],
    ['Sent', formatCount(sent)],
    ['Waiting', formatCount(queued)],
    ...(dropped > 0 ? [['Dropped', formatCount(dropped)] as [string, ReactNode]] : []),
    ...(nextTryAt ? [['Next try', <Time key="next" at={nextTryAt} />] as [string, ReactNode]] : []),
  ];
  return (
    <dl className="flex flex-wrap gap-x-4 gap-y-0.5">
      {facts.map(([label, value]) => (
        <div key={label} className="flex gap-1.5">
          <dt>{label}</dt>
          <dd className="num text-ink">{value}</dd>
        </div>
      ))}
    </dl>
  );
}
