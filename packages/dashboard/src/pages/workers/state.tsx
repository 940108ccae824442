import type { Worker } from '@pipelogiq/protocol';
import { StatusBadge } from '../../ui/status.js';

/** As people see it: one that was told to drain drains, though it may not have heard of it yet. */
export const shownState = ({ state, order }: Pick<Worker, 'state' | 'order'>): Worker['state'] =>
  order === 'drain' && state === 'running' ? 'draining' : state;

export const WorkerState = ({ worker, soft = false }: { worker: Worker; soft?: boolean }) => (
  <StatusBadge status={shownState(worker)} soft={soft} />
);

/** What a state means, for who has to decide on it. */
export function meaningOf(worker: Worker): string {
  const { state, order, inFlight } = worker;
  const jobs = inFlight === 1 ? '1 job' : `${inFlight} jobs`;
  if (state === 'offline')
    return `Nothing was heard of it for three heartbeat intervals: it may have crashed, or lost its network. ${
      inFlight === 0 ? 'It had no job.' : `It had ${jobs}; when their leases end, other workers take them over.`
    }`;
  if (state === 'stopped') return 'It ended its session in order, and gave back what it had not finished.';
  if (state === 'starting') return 'It has announced itself and takes no job yet.';
  if (order === 'drain' && state === 'running')
    return 'It was told to drain and hears of it with its next heartbeat. It is given nothing new from now on.';
  if (state === 'draining')
    return inFlight === 0
      ? 'It takes nothing new and has no job left: it can be stopped without loss.'
      : `It takes nothing new and finishes ${jobs}. With none left it can be stopped without loss.`;
  return 'It takes jobs and runs them.';
}

export const isPresent = ({ state }: Worker): boolean => state !== 'stopped';
export const mayBeDrained = ({ state, order }: Worker): boolean => ['starting', 'running'].includes(state) && order === 'run';
