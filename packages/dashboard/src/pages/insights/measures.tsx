import type { Insights, MeasureInsight } from '@pipelogiq/protocol';
import { formatCount, formatFigure } from '../../lib/format.js';
import { Card } from '../../ui/card.js';
import { CodeBlock } from '../../ui/code.js';
import { EmptyState } from '../../ui/states.js';
import { type Column, Table } from '../../ui/table.js';

const EXAMPLE = "job.measure('amount', input.cents / 100, { unit: 'eur' });";

const COLUMNS: Column<MeasureInsight>[] = [
  {
    id: 'name',
    head: 'Measure',
    cell: ({ name, unit }) => (
      <>
        <span className="font-medium">{name}</span> {unit && <span className="text-ink-3">{unit}</span>}
      </>
    ),
  },
  {
    id: 'of',
    head: 'Measured in',
    from: 'md',
    cell: ({ pipeline, handler }) => (
      <>
        <span className="text-ink-3">{pipeline} ›</span> {handler}
      </>
    ),
  },
  { id: 'count', head: 'Times', align: 'right', width: 'w-20', from: 'md', cell: ({ values }) => formatCount(values.count) },
  { id: 'sum', head: 'Sum', align: 'right', width: 'w-20', cell: ({ sum }) => formatFigure(sum) },
  { id: 'mean', head: 'Mean', align: 'right', width: 'w-20', from: 'md', cell: ({ values }) => formatFigure(values.mean) },
  { id: 'p50', head: 'p50', align: 'right', width: 'w-20', from: 'lg', cell: ({ values }) => formatFigure(values.p50) },
  { id: 'p95', head: 'p95', align: 'right', width: 'w-20', cell: ({ values }) => formatFigure(values.p95) },
  { id: 'max', head: 'Most', align: 'right', width: 'w-20', from: 'lg', cell: ({ values }) => formatFigure(values.max) },
];

/** What handlers measured themselves. */
export function Measures({ insights }: { insights: Insights | undefined }) {
  return (
    <Card title="Your own measures" flush>
      <Table
        label="Your own measures"
        columns={COLUMNS}
        rows={insights?.measures}
        keyOf={({ name, unit, pipeline, handler }) => [name, unit, pipeline, handler].join('\n')}
        expected={3}
        empty={
          <EmptyState title="Nothing was measured in this time" action={<CodeBlock label="measuring" code={EXAMPLE} />}>
            A handler measures what matters to you; sums and percentiles show here.
          </EmptyState>
        }
      />
    </Card>
  );
}
