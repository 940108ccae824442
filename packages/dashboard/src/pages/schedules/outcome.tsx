import type { Pipeline } from '@pipelogiq/protocol';
import { Link } from '@tanstack/react-router';
import { StatusBadge } from '../../ui/status.js';

export const pipelinePath = (id: string): string => `/pipelines/${id}`;

/** What became of a firing, as a link to its pipeline. */
export function Outcome({ id, outcome }: { id: string; outcome: Pipeline | 'gone' | undefined }) {
  if (outcome === 'gone') return <span className="text-ink-3">no longer kept</span>;
  return (
    <Link to={pipelinePath(id)} aria-label={`Pipeline ${id}${outcome ? `, ${outcome.status}` : ''}`} className="hover:underline">
      {outcome ? <StatusBadge status={outcome.status} /> : <span className="num">{id}</span>}
    </Link>
  );
}
