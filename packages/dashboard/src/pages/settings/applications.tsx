import { type Application, type CreateApplication, ROUTES } from '@pipelogiq/protocol';
import { useMutation, useQuery } from '@tanstack/react-query';
import { Plus } from 'lucide-react';
import { useState } from 'react';
import { queryClient } from '../../api/client.js';
import { post } from '../../api/http.js';
import { SESSION_KEY } from '../../api/keys.js';
import { markStale } from '../../api/live-topics.js';
import { fieldError } from '../../lib/field-errors.js';
import { switchApplication, useMay, useMe } from '../../session/session.js';
import { Button } from '../../ui/button.js';
import { Card } from '../../ui/card.js';
import { Field, Input } from '../../ui/field.js';
import { FormDialog } from '../../ui/form-dialog.js';
import { PartHeader } from '../../ui/page.js';
import { ErrorState } from '../../ui/states.js';
import { StatusBadge } from '../../ui/status.js';
import { type Column, Table } from '../../ui/table.js';
import { Time } from '../../ui/time.js';
import { toast } from '../../ui/toast.js';
import { applicationsQuery } from './keys/queries.js';
import { useMayServer } from './layout.js';
import { Refused } from './refused.js';

function Open({ name }: { name: string }) {
  const { application } = useMe();
  if (name === application) return <StatusBadge status="active" word="Shown" />;
  return (
    <Button size="sm" aria-label={`Show ${name}`} onClick={() => void switchApplication(name).catch(toast.failed)}>
      Show
    </Button>
  );
}

const COLUMNS: readonly Column<Application>[] = [
  { id: 'name', head: 'Application', cell: ({ name }) => <span className="font-medium">{name}</span> },
  { id: 'id', head: 'Id', width: 'w-20', align: 'right', from: 'md', cell: ({ id }) => id },
  { id: 'created', head: 'Created', width: 'w-28', align: 'right', cell: ({ createdAt }) => <Time at={createdAt} /> },
  {
    id: 'open',
    head: <span className="sr-only">Show</span>,
    width: 'w-28',
    align: 'right',
    cell: ({ name }) => <Open name={name} />,
  },
];

/** What keeps pipelines, keys and figures apart. */
export default function Applications() {
  const mayAdmin = useMay('admin');
  const mayServer = useMayServer();
  const [isMaking, setMaking] = useState(false);
  const query = useQuery({ ...applicationsQuery, enabled: mayAdmin });
  const create = mayServer && (
    <Button tone="primary" icon={<Plus aria-hidden size={14} />} onClick={() => setMaking(true)}>
      New application
    </Button>
  );
  return (
    <>
      <PartHeader
        title="Applications"
        description="Each has pipelines, workers, keys and figures of its own, that no other sees."
        actions={create}
      />
      {mayAdmin ? (
        <Card flush className="overflow-hidden">
          {query.error && !query.data ? (
            <ErrorState error={query.error} onRetry={() => void query.refetch()} />
          ) : (
            <Table label="Applications" columns={COLUMNS} rows={query.data?.items} keyOf={({ id }) => id} />
          )}
        </Card>
      ) : (
        <Refused title="Only admins may see applications">Those that are yours stand above the navigation.</Refused>
      )}
      {isMaking && <ApplicationForm onClose={() => setMaking(false)} />}
    </>
  );
}

function ApplicationForm({ onClose }: { onClose(): void }) {
  const [name, setName] = useState('');
  const create = useMutation({
    mutationFn: () => post<Application>(ROUTES.applications, { name: name.trim() } satisfies CreateApplication),
    onSuccess: async () => {
      markStale(['settings']);
      toast.done(`${name.trim()} was made`);
      onClose();
      await queryClient.invalidateQueries({ queryKey: SESSION_KEY }); // which has the names to choose from
    },
  });
  return (
    <FormDialog
      title="New application"
      action="Create"
      busy={create.isPending}
      error={create.error}
      onSubmit={() => create.mutate()}
      onClose={onClose}
    >
      <Field label="Name" required error={fieldError(create.error, 'name')} help="It cannot be changed, and is not deleted.">
        {(control) => (
          <Input {...control} name="name" autoComplete="off" value={name} onChange={({ target }) => setName(target.value)} />
        )}
      </Field>
    </FormDialog>
  );
}
