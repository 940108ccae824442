import type { TraceStage } from '@pipelogiq/protocol';
import { Handle, type Node, type NodeProps, Position } from '@xyflow/react';
import { memo } from 'react';
import { cx } from '../../../../lib/cx.js';
import { formatDuration, humanize } from '../../../../lib/format.js';
import { StatusIcon } from '../../../../ui/status.js';
import { useOpenStage } from '../use-stage.js';

export type StageNodeType = Node<{ stage: TraceStage }, 'stage'>;

/** What the second line says beside the status. */
function noteOf({ attempts }: TraceStage): string | undefined {
  const last = attempts.at(-1);
  if (!last) return undefined;
  const times = attempts.length > 1 ? ` · ${attempts.length}×` : '';
  return `${formatDuration(last.runMs)}${times}`;
}

export const StageNode = memo(function StageNode({ data: { stage }, selected }: NodeProps<StageNodeType>) {
  const open = useOpenStage();
  const { stageId, name, status } = stage;
  const note = noteOf(stage);
  return (
    <>
      <Handle type="target" position={Position.Left} isConnectable={false} className="invisible" />
      <button
        type="button"
        data-stage={stageId}
        aria-pressed={selected}
        onClick={() => open(stageId)}
        className={cx(
          'pointer-events-auto flex h-full w-full items-start gap-2 rounded-md border bg-surface px-2.5 py-1.5 text-left hover:border-ink-3',
          selected ? 'border-accent outline-2 outline-accent' : 'border-line-strong',
          (status === 'skipped' || status === 'cancelled' || status === 'blocked') && 'border-dashed',
        )}
      >
        <StatusIcon status={status} size={14} className="mt-[3px]" />
        <span className="min-w-0">
          <span className="block truncate font-medium text-sm">{name}</span>
          <span className="num block truncate text-ink-3 text-xs">
            {humanize(status)}
            {note && ` · ${note}`}
          </span>
        </span>
      </button>
      <Handle type="source" position={Position.Right} isConnectable={false} className="invisible" />
    </>
  );
});
