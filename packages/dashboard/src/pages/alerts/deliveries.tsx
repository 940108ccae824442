import { ALERT_DELIVERY_STATES, type AlertDelivery, ROUTES } from '@pipelogiq/protocol';
import { useMutation, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { fill, post } from '../../api/http.js';
import { formatCount, humanize } from '../../lib/format.js';
import { given } from '../../lib/search.js';
import { useMay } from '../../session/session.js';
import { Button } from '../../ui/button.js';
import { Card } from '../../ui/card.js';
import { FilterSelect } from '../../ui/filter-select.js';
import { EmptyState, ErrorState } from '../../ui/states.js';
import { StatusBadge, StatusIcon } from '../../ui/status.js';
import { actionsColumn, type Column, Pager, Table } from '../../ui/table.js';
import { Time, useNow } from '../../ui/time.js';
import { toast } from '../../ui/toast.js';
import { Bar } from './parts.js';
import { allChannelsQuery, deliveriesQuery, rereadAlerts } from './queries.js';
import { useAlertsSearch } from './search.js';

const answerOf = ({ lastStatus, lastAnswer }: AlertDelivery) =>
  [lastStatus, lastAnswer].filter((part) => part !== undefined && part !== '').join(' · ');

/** One that is due is tried as soon as its turn comes. */
function NextTry({ at }: { at: string | undefined }) {
  const now = useNow();
  if (at === undefined) return <span className="text-ink-3">–</span>;
  return Date.parse(at) <= now ? <>due</> : <Time at={at} />;
}

const columnsOf = (mayOperate: boolean): Column<AlertDelivery>[] => [
  {
    id: 'message',
    head: 'Message',
    wrap: true,
    cell: ({ title, incidentId, action, state }) => (
      <>
        <StatusIcon status={state} className="mr-2 inline md:hidden" />
        <span className="sr-only md:hidden">{humanize(state)}: </span>
        <Link
          to="/alerts"
          search={{ status: 'all', incident: incidentId }}
          className="font-medium hover:text-accent hover:underline"
        >
          {title}
        </Link>{' '}
        <span className="hidden text-ink-3 text-xs lg:inline">{humanize(action)}</span>
      </>
    ),
  },
  { id: 'channel', head: 'Channel', width: 'w-32 xl:w-36', from: 'md', wrap: true, cell: ({ channel }) => channel },
  { id: 'state', head: 'State', width: 'w-28', from: 'md', cell: ({ state }) => <StatusBadge status={state} /> },
  { id: 'attempts', head: 'Tries', align: 'right', width: 'w-16', from: 'lg', cell: ({ attempts }) => formatCount(attempts) },
  {
    id: 'answer',
    head: 'Last answer',
    width: 'w-48',
    from: 'xl',
    wrap: true,
    cell: (delivery) => <span className="text-ink-2">{answerOf(delivery) || <span className="text-ink-3">–</span>}</span>,
  },
  {
    id: 'next',
    head: 'Next try',
    align: 'right',
    width: 'w-24',
    from: 'md',
    cell: ({ nextTryAt }) => <NextTry at={nextTryAt} />,
  },
  { id: 'made', head: 'Made', align: 'right', width: 'w-28', from: 'xl', cell: ({ createdAt }) => <Time at={createdAt} /> },
  ...(mayOperate ? [actionsColumn((delivery: AlertDelivery) => <Actions delivery={delivery} />, { width: 'w-36' })] : []),
];

function useDeliveryAction({ id }: AlertDelivery, route: string, done: string) {
  return useMutation({
    mutationFn: () => post<AlertDelivery>(fill(route, id)),
    onSuccess: () => toast.done(done),
    onError: toast.failed,
    onSettled: rereadAlerts,
  });
}

function Actions({ delivery }: { delivery: AlertDelivery }) {
  const retry = useDeliveryAction(delivery, ROUTES.alertDeliveryRetry, 'It is tried now');
  const drop = useDeliveryAction(delivery, ROUTES.alertDeliveryDrop, 'The message is given up');
  const { state, title } = delivery;
  if (state === 'delivered') return null;
  return (
    <span className="inline-flex gap-1">
      <Button size="sm" busy={retry.isPending} aria-label={`Retry ${title}`} onClick={() => retry.mutate()}>
        Retry
      </Button>
      {state === 'pending' && (
        <Button size="sm" tone="ghost" busy={drop.isPending} aria-label={`Drop ${title}`} onClick={() => drop.mutate()}>
          Drop
        </Button>
      )}
    </span>
  );
}

/** Each message to each channel, and what became of it. */
export function Deliveries() {
  const { search, trail, filter, onTrail } = useAlertsSearch();
  const { state, channel } = search;
  const mayOperate = useMay('operate');
  const query = useQuery(deliveriesQuery(given({ state, channel, cursor: trail.at(-1) })));
  const channels = useQuery(allChannelsQuery);
  const isNarrowed = state !== undefined || channel !== undefined;
  const empty = isNarrowed ? (
    <EmptyState title="No message fits these filters" />
  ) : (
    <EmptyState title="No message yet">
      What channels are told of incidents stands here, with what their providers answered.
    </EmptyState>
  );
  return (
    <>
      <Bar>
        <FilterSelect
          label="State"
          any="All states"
          choices={ALERT_DELIVERY_STATES.map((value) => ({ value, text: humanize(value) }))}
          chosen={state}
          onChoose={(chosen) => filter({ state: chosen })}
        />
        <FilterSelect
          label="Channel"
          any="All channels"
          choices={channels.data?.items.map(({ id, name }) => ({ value: id, text: name })) ?? []}
          chosen={channel}
          onChoose={(chosen) => filter({ channel: chosen })}
        />
      </Bar>
      <Card flush className="overflow-hidden">
        {query.error && !query.data ? (
          <ErrorState error={query.error} onRetry={() => void query.refetch()} />
        ) : (
          <Table
            label="Deliveries"
            columns={columnsOf(mayOperate)}
            rows={query.data?.items}
            keyOf={({ id }) => id}
            empty={empty}
          />
        )}
        <Pager nextCursor={query.data?.nextCursor} trail={trail} onTrail={onTrail} />
      </Card>
    </>
  );
}
