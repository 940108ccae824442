import type { Insights } from '@pipelogiq/protocol';
import type { UseQueryResult } from '@tanstack/react-query';
import { Card } from '../../ui/card.js';
import { Chart } from '../../ui/chart.js';
import { Loaded, Skeleton } from '../../ui/states.js';
import { formatSpan } from '../insights/span.js';
import { courseOf } from './series.js';

const HEIGHT = 208;

export function Throughput({ query }: { query: UseQueryResult<Insights> }) {
  return (
    <Card
      title="Stages that ended"
      actions={query.data && `each ${formatSpan(courseOf(query.data).periodMs)}`}
      className="md:col-span-2"
    >
      <Loaded query={query} loading={<Skeleton className="h-58" />}>
        {(insights) => <Course insights={insights} />}
      </Loaded>
    </Card>
  );
}

function Course({ insights }: { insights: Insights }) {
  const { times, completed, failed } = courseOf(insights);
  const { completedStages, failedStages } = insights.summary;
  return (
    <Chart
      label={`Stages that ended over time: ${completedStages} completed, ${failedStages} failed`}
      times={times}
      kind="bars"
      height={HEIGHT}
      unit="count"
      series={[
        { label: 'Completed', tone: 'ok', values: completed },
        { label: 'Failed', tone: 'bad', values: failed },
      ]}
      marks={insights.marks.map(({ at, version }) => ({ at: Date.parse(at), label: version }))}
    />
  );
}
