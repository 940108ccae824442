import type { Pipeline, PipelineTrace } from '@pipelogiq/protocol';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { lazy, Suspense } from 'react';
import { ApiError } from '../../../api/problem.js';
import { buttonClass } from '../../../ui/button.js';
import { Card } from '../../../ui/card.js';
import { PageHeader } from '../../../ui/page.js';
import { EmptyState, ErrorState, Loaded, Skeleton } from '../../../ui/states.js';
import { Tabs } from '../../../ui/tabs.js';
import { Context } from './context.js';
import { Head } from './head.js';
import { LogTail } from './logs.js';
import { StagePanel } from './panel/index.js';
import { pipelineQuery, traceQuery } from './queries.js';
import { TABS } from './search.js';
import { Stages } from './stages.js';
import { useLivePipeline } from './use-live-pipeline.js';
import { Waterfall } from './waterfall.js';

/** The largest part of the page; the other tabs do without. */
const Graph = lazy(() => import('./graph/index.js'));

const TALL = <Skeleton className="h-96" />;

export default function PipelineDetail() {
  const { id } = useParams({ from: '/shell/pipelines/$id' });
  const { stage } = useSearch({ from: '/shell/pipelines/$id' });
  const head = useQuery(pipelineQuery(id));
  const trace = useQuery(traceQuery(id));
  useLivePipeline(id);
  if (head.error && !head.data) return <Missing id={id} error={head.error} onRetry={() => void head.refetch()} />;
  return (
    <>
      {head.data ? <Head pipeline={head.data} /> : <Skeleton className="mb-4 h-28" />}
      <Loaded query={trace} loading={TALL}>
        {(data) => (
          <div className="md:flex md:items-start md:gap-4">
            <div className="min-w-0 grow">
              <Views trace={data} isOver={isOver(data)} stage={stage} />
            </div>
            {stage !== undefined && <StagePanel trace={data} stageId={stage} isOver={isOver(data)} />}
          </div>
        )}
      </Loaded>
    </>
  );
}

const isOver = ({ status }: Pick<Pipeline, 'status'>) => ['completed', 'failed', 'cancelled'].includes(status);

function Views({ trace, isOver, stage }: { trace: PipelineTrace; isOver: boolean; stage: string | undefined }) {
  const { tab = 'graph' } = useSearch({ from: '/shell/pipelines/$id' });
  const navigate = useNavigate({ from: '/pipelines/$id' });
  const { pipelineId: id } = trace;
  const graph = (
    <Suspense fallback={TALL}>
      <Graph key={id} trace={trace} selected={stage} />
    </Suspense>
  );
  return (
    <Tabs
      label="Views of the pipeline"
      value={tab}
      onChange={(next) => {
        const to = TABS.find((each) => each === next) ?? 'graph';
        void navigate({
          search: ({ tab: _, ...was }) => (to === 'graph' ? was : { ...was, tab: to }),
          replace: true,
          resetScroll: false,
        });
      }}
      tabs={[
        { id: 'graph', label: 'Graph', content: graph },
        { id: 'waterfall', label: 'Waterfall', content: <Waterfall trace={trace} /> },
        { id: 'stages', label: <Counted label="Stages" count={trace.stages.length} />, content: <Stages trace={trace} /> },
        {
          id: 'logs',
          label: 'Logs',
          content: (
            <Card>
              <LogTail id={id} isTail={!isOver} height="max-h-[65dvh]" />
            </Card>
          ),
        },
        { id: 'context', label: 'Context', content: <Context id={id} /> },
      ]}
    />
  );
}

const Counted = ({ label, count }: { label: string; count: number }) => (
  <>
    {label} <span className="num ml-0.5 font-normal text-ink-3 text-xs">{count}</span>
  </>
);

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
