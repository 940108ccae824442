import type { ApiKey } from '@pipelogiq/protocol';
import { useQuery } from '@tanstack/react-query';
import { Plus } from 'lucide-react';
import { useState } from 'react';
import { useMay, useMe } from '../../../session/session.js';
import { Button } from '../../../ui/button.js';
import { Card } from '../../../ui/card.js';
import { Mono } from '../../../ui/code.js';
import { PartHeader } from '../../../ui/page.js';
import { EmptyState, ErrorState } from '../../../ui/states.js';
import { StatusBadge } from '../../../ui/status.js';
import { actionsColumn, type Column, Table } from '../../../ui/table.js';
import { Time, useNow } from '../../../ui/time.js';
import { Refused } from '../refused.js';
import { KeyActions } from './actions.js';
import { KeyForm } from './form.js';
import { apiKeysQuery, stateOf } from './queries.js';

const absent = (word: string) => <span className="text-ink-3">{word}</span>;

function State({ apiKey }: { apiKey: ApiKey }) {
  const now = Math.max(useNow(), Date.now() - 1_000);
  return <StatusBadge status={stateOf(apiKey, now)} />;
}

/** Until when it works; while a secret was rotated, until when the one before does. */
function Expires({ apiKey: { expiresAt, oldSecretUntil } }: { apiKey: ApiKey }) {
  const now = useNow();
  if (oldSecretUntil !== undefined && Date.parse(oldSecretUntil) > now)
    return (
      <span className="text-warn">
        old secret <Time at={oldSecretUntil} />
      </span>
    );
  return expiresAt === undefined ? absent('never') : <Time at={expiresAt} />;
}

const COLUMNS: readonly Column<ApiKey>[] = [
  {
    id: 'name',
    head: 'Key',
    wrap: true,
    cell: ({ name, prefix }) => (
      <>
        <span className="font-medium">{name}</span> <Mono className="text-ink-3">{`${prefix}…`}</Mono>
      </>
    ),
  },
  { id: 'scopes', head: 'Scopes', width: 'w-44 xl:w-56', from: 'md', wrap: true, cell: ({ scopes }) => scopes.join(', ') },
  { id: 'application', head: 'Application', width: 'w-32', from: 'xl', cell: ({ application }) => application },
  { id: 'state', head: 'State', width: 'w-28', cell: (apiKey) => <State apiKey={apiKey} /> },
  { id: 'created', head: 'Created', width: 'w-28', align: 'right', from: 'xl', cell: ({ createdAt }) => <Time at={createdAt} /> },
  { id: 'expires', head: 'Expires', width: 'w-36', align: 'right', from: 'md', cell: (apiKey) => <Expires apiKey={apiKey} /> },
  {
    id: 'used',
    head: 'Last used',
    width: 'w-28',
    align: 'right',
    from: 'lg',
    cell: ({ lastUsedAt }) => (lastUsedAt === undefined ? absent('never') : <Time at={lastUsedAt} />),
  },
  actionsColumn((apiKey) => <KeyActions apiKey={apiKey} />),
];

/** What programs call with. */
export default function ApiKeys() {
  const mayAdmin = useMay('admin');
  const [isMaking, setMaking] = useState(false);
  const create = mayAdmin && (
    <Button tone="primary" icon={<Plus aria-hidden size={14} />} onClick={() => setMaking(true)}>
      New key
    </Button>
  );
  return (
    <>
      <PartHeader title="API keys" description="What your programs and workers call with." actions={create} />
      {mayAdmin ? (
        <Keys />
      ) : (
        <Refused title="Only admins may see API keys">Ask an admin of this application for a key, or for the role.</Refused>
      )}
      {isMaking && <KeyForm onClose={() => setMaking(false)} />}
    </>
  );
}

function Keys() {
  const query = useQuery(apiKeysQuery);
  const { application } = useMe();
  return (
    <Card flush className="overflow-hidden">
      {query.error && !query.data ? (
        <ErrorState error={query.error} onRetry={() => void query.refetch()} />
      ) : (
        <Table
          label="API keys"
          columns={COLUMNS}
          rows={query.data?.items}
          keyOf={({ id }) => id}
          empty={
            <EmptyState title={`No API key in ${application} yet`}>
              A key lets a program make pipelines, or work on them. Make one for each program, with no more scopes than it needs.
            </EmptyState>
          }
        />
      )}
    </Card>
  );
}
