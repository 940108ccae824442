import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { ApiError } from '../../../api/problem.js';
import { buttonClass } from '../../../ui/button.js';
import { PageHeader } from '../../../ui/page.js';
import { EmptyState, ErrorState, Loaded, Skeleton } from '../../../ui/states.js';
import { Head } from './head.js';
import { pipelineQuery, traceQuery } from './queries.js';
import { Stages } from './stages.js';
import { useLivePipeline } from './use-live-pipeline.js';

export default function PipelineDetail() {
  const { id } = useParams({ from: '/shell/pipelines/$id' });
  const head = useQuery(pipelineQuery(id));
  const trace = useQuery(traceQuery(id));
  useLivePipeline(id);
  if (head.error && !head.data) return <Missing id={id} error={head.error} onRetry={() => void head.refetch()} />;
  return (
    <>
      {head.data ? <Head pipeline={head.data} /> : <Skeleton className="mb-4 h-28" />}
      <Loaded query={trace} loading={<Skeleton className="h-96" />}>
        {(data) => <Stages trace={data} />}
      </Loaded>
    </>
  );
}

function Missing({ id, error, onRetry }: { id: string; error: unknown; onRetry(): void }) {
  return (
    <>
      <PageHeader title={`Pipeline ${id}`} />
      {error instanceof ApiError && error.status === 404 ? (
        <EmptyState title="There is no such pipeline here">
          It may be of another application, or have been deleted at the end of its retention.
          <span className="mt-3 flex justify-center">
            <Link to="/pipelines" className={buttonClass()}>
              All pipelines
            </Link>
          </span>
        </EmptyState>
      ) : (
        <ErrorState error={error} onRetry={onRetry} />
      )}
    </>
  );
}
