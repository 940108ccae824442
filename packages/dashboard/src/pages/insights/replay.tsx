import type { BulkAction, ErrorGroup, ReplayErrors } from '@pipelogiq/protocol';
import { ROUTES } from '@pipelogiq/protocol';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { fill, post } from '../../api/http.js';
import { keyOf } from '../../api/keys.js';
import { markStale } from '../../api/live-topics.js';
import { formatCount } from '../../lib/format.js';
import { useMay } from '../../session/session.js';
import { Button } from '../../ui/button.js';
import { Confirm } from '../../ui/dialog.js';
import { Checkbox } from '../../ui/field.js';
import { ErrorNote, Loaded, Skeleton } from '../../ui/states.js';
import { StatusBadge } from '../../ui/status.js';
import { actionQuery } from './queries.js';

const stages = (count: number) => `${formatCount(count)} ${count === 1 ? 'stage' : 'stages'}`;
const replay = ({ fingerprint }: ErrorGroup, body: ReplayErrors) =>
  post<BulkAction>(fill(ROUTES.errorsReplay, fingerprint), body);

/** Runs again what failed so for good: counted first, asked before, and watched until it is done. */
export function Replay({ group }: { group: ErrorGroup }) {
  const mayOperate = useMay('operate');
  return (
    <section className="rounded-md border border-line p-3">
      <h3 className="text-sm">Replay all of these</h3>
      <p className="mt-0.5 text-ink-2">
        Runs the stages again that failed so for good. What has run since, or failed in another way since, is left alone.
      </p>
      {mayOperate ? <Counted group={group} /> : <p className="mt-2 text-ink-3">Only operators may replay.</p>}
    </section>
  );
}

function Counted({ group }: { group: ErrorGroup }) {
  const [following, setFollowing] = useState(false);
  const [isAsking, setAsking] = useState(false);
  const dryRun = useQuery({
    queryKey: keyOf('insights', 'replay', group.fingerprint, following),
    queryFn: () => replay(group, { dryRun: true, following }),
    staleTime: 0,
  });
  const start = useMutation({
    mutationFn: () => replay(group, { following }),
    onSuccess: () => setAsking(false),
  });
  if (start.data?.id !== undefined) return <Progress id={start.data.id} />;
  const possible = dryRun.data?.possible ?? dryRun.data?.matched ?? 0;
  return (
    <div className="mt-3 flex flex-col gap-3">
      <Checkbox
        label="With everything that depends on them, also what has completed"
        checked={following}
        onChange={({ target }) => setFollowing(target.checked)}
      />
      <div className="flex min-h-8 flex-wrap items-center justify-between gap-3">
        <Loaded query={dryRun} loading={<Skeleton className="h-4 w-48" />}>
          {({ matched }) => (
            <p role="status">
              {matched === 0
                ? 'No stage is left that failed so.'
                : `${formatCount(possible)} of ${stages(matched)} can run again now.`}
            </p>
          )}
        </Loaded>
        <Button tone="primary" disabled={possible === 0} onClick={() => setAsking(true)}>
          Replay…
        </Button>
      </div>
      <Confirm
        open={isAsking}
        onOpenChange={setAsking}
        title={`Replay ${stages(possible)}?`}
        action={`Replay ${stages(possible)}`}
        busy={start.isPending}
        error={start.error}
        onConfirm={() => start.mutate()}
      >
        They run again with the input they had, and so do their side effects. It is done in small chunks behind other work, with
        an entry in the audit trail for each stage.
      </Confirm>
    </div>
  );
}

function Progress({ id }: { id: string }) {
  const query = useQuery(actionQuery(id));
  const status = query.data?.status;
  useEffect(() => {
    if (status !== undefined && status !== 'running') markStale(['insights', 'pipelines', 'overview']);
  }, [status]);
  return (
    <div className="mt-3" role="status">
      <Loaded query={query} loading={<Skeleton className="h-5 w-48" />}>
        {(action) => (
          <>
            <p className="flex flex-wrap items-center gap-3">
              <StatusBadge status={action.status} />
              <span className="num">
                {formatCount(action.done)} of {stages(action.matched)} run again
                {action.refused > 0 && `, ${formatCount(action.refused)} left as they are`}
                {action.failed > 0 && `, ${formatCount(action.failed)} pipelines passed over`}
              </span>
            </p>
            {action.lastError !== undefined && <ErrorNote error={action.lastError} className="mt-2" />}
          </>
        )}
      </Loaded>
    </div>
  );
}
