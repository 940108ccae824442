import { Link } from '@tanstack/react-router';
import { cx } from '../../lib/cx.js';
import { StatusBadge } from '../../ui/status.js';
import type { Column } from '../../ui/table.js';
import { Duration, Time } from '../../ui/time.js';
import type { Row } from './live-rows.js';
import { StageProgress } from './stage-progress.js';
import { triggerWord } from './words.js';

const dash = <span className="text-ink-3">–</span>;

/** The link covers the whole row: a click anywhere opens it, in a new tab too where the browser is asked to. */
function RowLink({ row: { id, name, gone } }: { row: Row }) {
  return (
    <Link
      to="/pipelines/$id"
      params={{ id }}
      data-row-link
      className={cx(
        'font-medium after:absolute after:inset-0 focus-visible:outline-none focus-visible:after:rounded-sm focus-visible:after:outline-2 focus-visible:after:outline-accent focus-visible:after:outline-offset-[-2px]',
        gone && 'text-ink-3',
      )}
    >
      {name} <span className="num ml-1 font-normal text-ink-3 text-xs">{id}</span>
    </Link>
  );
}

function Keywords({ keywords }: { keywords: readonly string[] }) {
  if (keywords.length === 0) return dash;
  return (
    <span className="flex gap-1 overflow-hidden" title={keywords.join(', ')}>
      {keywords.slice(0, 3).map((keyword) => (
        <span key={keyword} className="max-w-28 truncate rounded-sm bg-idle-soft px-1.5 text-ink-2 text-xs leading-5">
          {keyword}
        </span>
      ))}
      {keywords.length > 3 && <span className="num text-ink-3 text-xs leading-5">+{keywords.length - 3}</span>}
    </span>
  );
}

/** The tooltip needs the pointer, which the link of the row would take. */
const Above = ({ children }: { children: React.ReactNode }) => <span className="relative z-[1]">{children}</span>;

export const COLUMNS: readonly Column<Row>[] = [
  { id: 'name', head: 'Pipeline', cell: (row) => <RowLink row={row} /> },
  {
    id: 'status',
    head: 'Status',
    width: 'w-32',
    cell: ({ status, gone }) => (
      <span className={cx(gone && 'opacity-60')} title={gone ? 'It does not match the filters any more' : undefined}>
        <StatusBadge status={status} />
      </span>
    ),
  },
  { id: 'stages', head: 'Stages', width: 'w-32', from: 'md', cell: ({ stages }) => <StageProgress stages={stages} /> },
  { id: 'keywords', head: 'Keywords', width: 'w-48', from: 'lg', cell: ({ keywords }) => <Keywords keywords={keywords} /> },
  { id: 'trigger', head: 'Trigger', width: 'w-24', from: 'xl', cell: ({ trigger }) => triggerWord(trigger) },
  {
    id: 'version',
    head: 'Version',
    width: 'w-28',
    from: 'xl',
    cell: ({ version }) => (version === undefined ? dash : <span className="num">{version}</span>),
  },
  {
    id: 'duration',
    head: 'Duration',
    align: 'right',
    width: 'w-24',
    from: 'md',
    cell: ({ startedAt, finishedAt }) => <Duration since={startedAt} until={finishedAt} />,
  },
  {
    id: 'created',
    head: 'Created',
    align: 'right',
    width: 'w-28',
    from: 'md',
    cell: ({ createdAt }) => (
      <Above>
        <Time at={createdAt} />
      </Above>
    ),
  },
];
