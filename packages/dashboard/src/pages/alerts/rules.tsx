import type { AlertRule } from '@pipelogiq/protocol';
import { useQuery } from '@tanstack/react-query';
import { Plus, Sparkles } from 'lucide-react';
import { useState } from 'react';
import { useMay } from '../../session/session.js';
import { Button } from '../../ui/button.js';
import { Card } from '../../ui/card.js';
import { EmptyState, ErrorState } from '../../ui/states.js';
import { StatusBadge } from '../../ui/status.js';
import { actionsColumn, type Column, Pager, Table } from '../../ui/table.js';
import { Bar, Lead } from './parts.js';
import { allChannelsQuery, rulesQuery } from './queries.js';
import { Recommended } from './recommended.js';
import { DeleteRule, type RuleAsk, RuleMenu } from './rule-actions.js';
import { RuleForm } from './rule-form.js';
import { useAlertsSearch } from './search.js';
import { eventWord } from './words.js';

interface Given {
  names: ReadonlyMap<string, string>;
  mayOperate: boolean;
  onAsk(ask: RuleAsk): void;
}

const columnsOf = ({ names, mayOperate, onAsk }: Given): Column<AlertRule>[] => [
  {
    id: 'name',
    head: 'Rule',
    wrap: true,
    cell: (rule) => (
      <button
        type="button"
        onClick={() => onAsk({ what: 'open', rule })}
        className="max-w-full break-words rounded-sm text-left font-medium hover:underline"
      >
        {rule.name}
      </button>
    ),
  },
  {
    id: 'events',
    head: 'Tells when',
    from: 'md',
    wrap: true,
    cell: ({ events }) => events.map(eventWord).join(', '),
  },
  {
    id: 'severity',
    head: 'Severity',
    width: 'w-32',
    from: 'lg',
    cell: ({ severity }) =>
      severity === undefined ? <span className="text-ink-3">By event</span> : <StatusBadge status={severity} />,
  },
  {
    id: 'channels',
    head: 'Channels',
    width: 'w-52',
    from: 'md',
    wrap: true,
    cell: ({ channels }) =>
      channels.length === 0 ? (
        <span className="text-warn">Tells nobody</span>
      ) : (
        channels.map((id) => names.get(id) ?? id).join(', ')
      ),
  },
  {
    id: 'state',
    head: 'State',
    width: 'w-28',
    cell: ({ enabled }) => <StatusBadge status={enabled ? 'active' : 'disabled'} word={enabled ? 'On' : 'Off'} />,
  },
  ...(mayOperate ? [actionsColumn((rule: AlertRule) => <RuleMenu rule={rule} onAsk={onAsk} />)] : []),
];

/** Which events people must hear of. */
export function Rules() {
  const { trail, onTrail } = useAlertsSearch();
  const [ask, setAsk] = useState<RuleAsk>();
  const mayOperate = useMay('operate');
  const query = useQuery(rulesQuery(trail.at(-1)));
  const channels = useQuery(allChannelsQuery);
  const names = new Map(channels.data?.items.map(({ id, name }) => [id, name]));
  const recommend = (
    <Button icon={<Sparkles aria-hidden size={14} />} onClick={() => setAsk({ what: 'recommend' })}>
      Recommended rules…
    </Button>
  );
  const actions = mayOperate && (
    <>
      {recommend}
      <Button tone="primary" icon={<Plus aria-hidden size={14} />} onClick={() => setAsk({ what: 'make' })}>
        New rule
      </Button>
    </>
  );
  return (
    <>
      <Bar actions={actions}>
        <Lead>Which events people hear of, and where. Events that are alike are one incident.</Lead>
      </Bar>
      <Card flush className="overflow-hidden">
        {query.error && !query.data ? (
          <ErrorState error={query.error} onRetry={() => void query.refetch()} />
        ) : (
          <Table
            label="Rules"
            columns={columnsOf({ names, mayOperate, onAsk: setAsk })}
            rows={query.data?.items}
            keyOf={({ id }) => id}
            empty={
              <EmptyState title="No rule yet">
                Without rules nobody is told of anything. The recommended ones cover what nearly everybody wants to hear of:
                pipelines that fail or are late, silent workers, queues that grow.
              </EmptyState>
            }
          />
        )}
        <Pager nextCursor={query.data?.nextCursor} trail={trail} onTrail={onTrail} />
      </Card>
      {ask && <Question ask={ask} onClose={() => setAsk(undefined)} />}
    </>
  );
}

function Question({ ask, onClose }: { ask: RuleAsk; onClose(): void }) {
  switch (ask.what) {
    case 'make':
      return <RuleForm onClose={onClose} />;
    case 'open':
      return <RuleForm rule={ask.rule} onClose={onClose} />;
    case 'recommend':
      return <Recommended onClose={onClose} />;
    case 'delete':
      return <DeleteRule rule={ask.rule} onClose={onClose} />;
  }
}
