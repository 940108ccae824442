import type { Channel } from '@pipelogiq/protocol';
import { useQuery } from '@tanstack/react-query';
import { Plus } from 'lucide-react';
import { useState } from 'react';
import { formatCount } from '../../lib/format.js';
import { useMay } from '../../session/session.js';
import { Button } from '../../ui/button.js';
import { Card } from '../../ui/card.js';
import { EmptyState, ErrorState } from '../../ui/states.js';
import { StatusBadge } from '../../ui/status.js';
import { actionsColumn, type Column, Pager, Table } from '../../ui/table.js';
import { Time } from '../../ui/time.js';
import { type ChannelAsk, ChannelMenu, ChannelQuestion } from './channel-actions.js';
import { Bar, Lead } from './parts.js';
import { channelsQuery, kindsQuery } from './queries.js';
import { useAlertsSearch } from './search.js';

function LastAnswer({ channel: { disabledReason, lastError, lastSuccessAt, status } }: { channel: Channel }) {
  if (disabledReason !== undefined)
    return (
      <span className="text-bad" title={disabledReason}>
        {disabledReason}
      </span>
    );
  if (status === 'failing' && lastError !== undefined)
    return (
      <span title={lastError.message}>
        <span className="text-ink-3">
          <Time at={lastError.at} />
        </span>{' '}
        <span className="text-bad">{lastError.message}</span>
      </span>
    );
  if (lastSuccessAt === undefined) return <span className="text-ink-3">Nothing was sent yet</span>;
  return (
    <>
      Taken <Time at={lastSuccessAt} />
    </>
  );
}

const columnsOf = (
  titles: ReadonlyMap<string, string>,
  mayOperate: boolean,
  onAsk: (ask: ChannelAsk) => void,
): Column<Channel>[] => [
  {
    id: 'name',
    head: 'Channel',
    width: 'md:w-40 xl:w-56',
    wrap: true,
    cell: ({ name }) => (
      <span className="font-medium" title={name}>
        {name}
      </span>
    ),
  },
  { id: 'kind', head: 'Kind', width: 'md:w-28 xl:w-36', from: 'md', cell: ({ type }) => titles.get(type) ?? type },
  {
    id: 'status',
    head: 'State',
    width: 'w-28',
    cell: ({ status }) => <StatusBadge status={status} {...(status === 'ok' && { word: 'Works' })} />,
  },
  { id: 'answer', head: 'Last answer', from: 'md', wrap: true, cell: (channel) => <LastAnswer channel={channel} /> },
  { id: 'queued', head: 'Waiting', align: 'right', width: 'w-20', from: 'lg', cell: ({ queued }) => formatCount(queued) },
  {
    id: 'delivered',
    head: 'Delivered',
    align: 'right',
    width: 'w-24',
    from: 'lg',
    cell: ({ delivered }) => formatCount(delivered),
  },
  {
    id: 'failed',
    head: 'Given up',
    align: 'right',
    width: 'w-24',
    from: 'lg',
    cell: ({ failed }) => <span className={failed > 0 ? 'text-bad' : 'text-ink-3'}>{formatCount(failed)}</span>,
  },
  ...(mayOperate
    ? [actionsColumn((channel: Channel) => <ChannelMenu channel={channel} onAsk={onAsk} />, { width: 'w-14 md:w-44' })]
    : []),
];

/** Where people are told. */
export function Channels() {
  const { trail, onTrail } = useAlertsSearch();
  const [ask, setAsk] = useState<ChannelAsk>();
  const mayOperate = useMay('operate');
  const query = useQuery(channelsQuery(trail.at(-1)));
  const kinds = useQuery(kindsQuery);
  const titles = new Map(kinds.data?.items.map(({ type, title }) => [type as string, title]));
  const make = mayOperate && (
    <Button tone="primary" icon={<Plus aria-hidden size={14} />} onClick={() => setAsk({ what: 'make' })}>
      New channel
    </Button>
  );
  return (
    <>
      <Bar actions={make}>
        <Lead>Where rules tell people. Test each one: what its provider answers is shown.</Lead>
      </Bar>
      <Card flush className="overflow-hidden">
        {query.error && !query.data ? (
          <ErrorState error={query.error} onRetry={() => void query.refetch()} />
        ) : (
          <Table
            label="Channels"
            columns={columnsOf(titles, mayOperate, setAsk)}
            rows={query.data?.items}
            keyOf={({ id }) => id}
            empty={
              <EmptyState title="No channel yet">
                A channel is a place where people are told: a Slack channel, a mailbox, a pager. Rules name the channels that they
                tell, so begin with one.
              </EmptyState>
            }
          />
        )}
        <Pager nextCursor={query.data?.nextCursor} trail={trail} onTrail={onTrail} />
      </Card>
      {ask && <ChannelQuestion key={`${ask.what} ${ask.channel?.id}`} ask={ask} onAsk={setAsk} />}
    </>
  );
}
