import type { Worker } from '@pipelogiq/protocol';
import { ROUTES } from '@pipelogiq/protocol';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { queryClient } from '../../api/client.js';
import { fill, post } from '../../api/http.js';
import { markStale } from '../../api/live-topics.js';
import { useMay } from '../../session/session.js';
import { Button } from '../../ui/button.js';
import { Confirm } from '../../ui/dialog.js';
import { toast } from '../../ui/toast.js';
import { workerQuery } from './queries.js';
import { mayBeDrained } from './state.js';

/** Has it finish what it holds and take no more, after a question. */
export function Drain({ worker }: { worker: Worker }) {
  const mayOperate = useMay('operate');
  const [isAsking, setAsking] = useState(false);
  const drain = useMutation({
    mutationFn: () => post<Worker>(fill(ROUTES.workerDrain, worker.id)),
    onSuccess: (after) => {
      queryClient.setQueryData(workerQuery(worker.id).queryKey, after);
      markStale(['workers', 'overview']);
      setAsking(false);
      toast.done(`${worker.name} was told to drain`);
    },
  });
  if (!mayBeDrained(worker)) return null;
  return (
    <>
      <Button
        disabled={!mayOperate}
        title={mayOperate ? undefined : 'Only operators may drain workers'}
        onClick={() => setAsking(true)}
      >
        Drain…
      </Button>
      <Confirm
        open={isAsking}
        onOpenChange={setAsking}
        title={`Drain ${worker.name}?`}
        action="Drain"
        danger
        busy={drain.isPending}
        error={drain.error}
        onConfirm={() => drain.mutate()}
      >
        <p>
          It finishes the jobs it has and is given no more, from its next heartbeat on. Its process goes on until you stop it.
        </p>
        <p className="mt-2">This cannot be taken back: it takes jobs again when it is started anew.</p>
      </Confirm>
    </>
  );
}
