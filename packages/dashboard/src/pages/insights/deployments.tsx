import type { Insights, MarkInsight } from '@pipelogiq/protocol';
import { cx } from '../../lib/cx.js';
import { formatDuration, formatRatio } from '../../lib/format.js';
import { Card } from '../../ui/card.js';
import { CodeBlock } from '../../ui/code.js';
import { EmptyState } from '../../ui/states.js';
import { type Column, Table } from '../../ui/table.js';
import { Time } from '../../ui/time.js';

const EXAMPLE = `curl -fsS "$PIPELOGIQ_URL/observability/marks" \\
  -H "authorization: Bearer $PIPELOGIQ_API_KEY" \\
  -H 'content-type: application/json' \\
  -d "{\\"version\\": \\"$GIT_SHA\\"}"`;

/** From here on a change is worth a colour. */
const NOTABLE = 1.1;

interface Change {
  before: number | null;
  after: number | null;
  enough: boolean;
  format(value: number | null): string;
}

/** A figure before and after: worse and better are told by word and arrow too. */
function Changed({ before, after, enough, format }: Change) {
  const isWorse = enough && (after ?? 0) > (before ?? 0) * NOTABLE;
  const isBetter = enough && (after ?? 0) * NOTABLE < (before ?? 0);
  return (
    <>
      <span className="text-ink-3">{format(before)} → </span>
      <span className={cx(isWorse && 'text-bad', isBetter && 'text-ok')}>
        {format(after)}
        {isWorse && ' worse'}
        {isBetter && ' better'}
      </span>
    </>
  );
}

function Version({ version, title, link }: Pick<MarkInsight, 'version' | 'title' | 'link'>) {
  return (
    <>
      {link ? (
        <a href={link} target="_blank" rel="noreferrer" className="font-medium text-accent hover:underline">
          {version}
        </a>
      ) : (
        <span className="font-medium">{version}</span>
      )}
      {title && <span className="text-ink-3"> {title}</span>}
    </>
  );
}

const COLUMNS: Column<MarkInsight>[] = [
  { id: 'version', head: 'Version', cell: Version },
  {
    id: 'of',
    head: 'Of',
    width: 'w-48',
    from: 'xl',
    cell: ({ pipeline, environment }) => [pipeline ?? 'all pipelines', environment].filter(Boolean).join(', '),
  },
  { id: 'at', head: 'When', width: 'w-28', from: 'md', cell: ({ at }) => <Time at={at} /> },
  {
    id: 'p95',
    head: 'Run time p95',
    align: 'right',
    width: 'w-44',
    cell: ({ before, after, enough }) => (
      <Changed before={before.runTimeP95} after={after.runTimeP95} enough={enough} format={formatDuration} />
    ),
  },
  {
    id: 'failed',
    head: 'Failed attempts',
    align: 'right',
    width: 'w-44',
    from: 'md',
    cell: ({ before, after, enough }) => (
      <Changed before={before.failureRate} after={after.failureRate} enough={enough} format={formatRatio} />
    ),
  },
  {
    id: 'says',
    head: 'Verdict',
    width: 'w-44',
    from: 'xl',
    cell: ({ enough, regressions }) =>
      !enough ? (
        <span className="text-ink-3">too few runs to say</span>
      ) : regressions.length === 0 ? (
        'no stage slower'
      ) : (
        <span className="text-bad" title={regressions.map(({ pipeline, stage }) => `${pipeline} › ${stage}`).join('\n')}>
          {regressions.length === 1 ? `${regressions[0]?.stage} slower` : `${regressions.length} stages slower`}
        </span>
      ),
  },
];

/** The latest deployments of the range, each between an hour before and an hour after. */
export function Deployments({ insights }: { insights: Insights | undefined }) {
  return (
    <Card title="Deployments" actions="an hour before against an hour after; the latest five of the range" flush>
      <Table
        label="Deployments"
        columns={COLUMNS}
        rows={insights?.marks}
        keyOf={({ id }) => id}
        expected={2}
        empty={
          <EmptyState title="No deployment was marked in this time" action={<CodeBlock label="marking" code={EXAMPLE} />}>
            Have CI mark each: charts show where it was, and this table what it changed.
          </EmptyState>
        }
      />
    </Card>
  );
}
