import type { PipelineTrace, StageStatus, TraceStage } from '@pipelogiq/protocol';
import { Link } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import { formatCount, formatDuration, humanize } from '../../../lib/format.js';
import { Button } from '../../../ui/button.js';
import { Card } from '../../../ui/card.js';
import { Input, Select } from '../../../ui/field.js';
import { EmptyState } from '../../../ui/states.js';
import { StatusBadge } from '../../../ui/status.js';
import { type Column, Table } from '../../../ui/table.js';

/** Rows that are shown at once; more come in steps of as many. */
const STEP = 200;

const waited = ({ attempts }: TraceStage) => attempts.reduce((sum, { queueWaitMs }) => sum + queueWaitMs, 0);
const ran = ({ attempts }: TraceStage) => attempts.reduce((sum, { runMs }) => sum + runMs, 0);
const errorOf = ({ attempts }: TraceStage) => attempts.findLast(({ errorCode }) => errorCode !== undefined)?.errorCode;
const dash = <span className="text-ink-3">–</span>;

const COLUMNS: readonly Column<TraceStage>[] = [
  {
    id: 'name',
    head: 'Stage',
    cell: ({ stageId, name }) => (
      <Link
        from="/pipelines/$id"
        to="."
        search={(was) => ({ ...was, stage: stageId })}
        resetScroll={false}
        className="font-medium after:absolute after:inset-0"
      >
        {name}
      </Link>
    ),
  },
  { id: 'status', head: 'Status', width: 'w-32', cell: ({ status }) => <StatusBadge status={status} /> },
  { id: 'handler', head: 'Handler', width: 'w-48', from: 'lg', cell: ({ handler }) => handler },
  {
    id: 'attempts',
    head: 'Deliveries',
    align: 'right',
    width: 'w-24',
    from: 'md',
    cell: ({ attempts }) => (attempts.length === 0 ? dash : formatCount(attempts.length)),
  },
  {
    id: 'waited',
    head: 'Waited',
    align: 'right',
    width: 'w-24',
    from: 'md',
    cell: (stage) => (stage.attempts.length === 0 ? dash : formatDuration(waited(stage))),
  },
  {
    id: 'ran',
    head: 'Ran',
    align: 'right',
    width: 'w-24',
    cell: (stage) => (stage.attempts.length === 0 ? dash : formatDuration(ran(stage))),
  },
  {
    id: 'error',
    head: 'Last error',
    width: 'w-44',
    from: 'lg',
    cell: (stage) => {
      const error = errorOf(stage);
      return error === undefined ? dash : <code className="font-mono text-bad text-xs">{error}</code>;
    },
  },
];

/** All of them, in the order of creation. */
export function Stages({ trace }: { trace: PipelineTrace }) {
  const [text, setText] = useState('');
  const [status, setStatus] = useState<StageStatus | ''>('');
  const [shown, setShown] = useState(STEP);
  const statuses = useMemo(() => [...new Set(trace.stages.map((stage) => stage.status))].sort(), [trace]);
  const matching = useMemo(() => {
    const wanted = text.trim().toLowerCase();
    return trace.stages.filter(
      (stage) =>
        (status === '' || stage.status === status) &&
        (wanted === '' || stage.name.toLowerCase().includes(wanted) || stage.handler.toLowerCase().includes(wanted)),
    );
  }, [trace, text, status]);
  return (
    <Card flush>
      <div className="flex flex-wrap items-center gap-2 border-line border-b px-4 py-2">
        <Input
          type="search"
          aria-label="Search stages"
          placeholder="Name or handler"
          className="max-w-64"
          value={text}
          onChange={({ target }) => setText(target.value)}
        />
        <Select
          aria-label="Status of stages"
          value={status}
          onChange={({ target }) => setStatus(statuses.find((each) => each === target.value) ?? '')}
        >
          <option value="">Any status</option>
          {statuses.map((each) => (
            <option key={each} value={each}>
              {humanize(each)}
            </option>
          ))}
        </Select>
        <span className="num ml-auto text-ink-3 text-xs">
          {formatCount(matching.length)} of {formatCount(trace.stages.length)}
        </span>
      </div>
      <Table
        label="Stages"
        columns={COLUMNS}
        rows={matching.slice(0, shown)}
        keyOf={({ stageId }) => stageId}
        empty={<EmptyState title="No stage matches" />}
      />
      {matching.length > shown && (
        <div className="border-line border-t px-4 py-2 text-center">
          <Button size="sm" onClick={() => setShown(shown + STEP)}>
            Show {formatCount(Math.min(STEP, matching.length - shown))} more
          </Button>
        </div>
      )}
    </Card>
  );
}
