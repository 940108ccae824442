import type { Worker } from '@pipelogiq/protocol';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { workerQuery } from './queries.js';

const SELDOM_MS = 60_000;

/** Where a worker runs: workers of one name differ in it. */
export const placeOf = ({ hostName, pid }: Pick<Worker, 'hostName' | 'pid'>): string | undefined => {
  const process = pid === undefined ? undefined : `process ${pid}`;
  return [hostName, process].filter((part) => part !== undefined).join(', ') || undefined;
};

/** A worker that something names by its id alone: by its name too as soon as that is known, and to its page. */
export function WorkerLink({ id }: { id: string }) {
  const { data } = useQuery({ ...workerQuery(id), refetchInterval: false, staleTime: SELDOM_MS });
  const place = data && placeOf(data);
  return (
    <Link to="/workers/$id" params={{ id }} title={place} className="hover:text-accent hover:underline">
      {data?.name ?? 'worker'} {id}
    </Link>
  );
}
