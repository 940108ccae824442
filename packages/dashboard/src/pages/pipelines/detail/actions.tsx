import type { Pipeline } from '@pipelogiq/protocol';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Ban, ChevronDown, Pause, Play, RotateCcw, RotateCw } from 'lucide-react';
import { useState } from 'react';
import { markStale } from '../../../api/live-topics.js';
import { useMay } from '../../../session/session.js';
import { Button } from '../../../ui/button.js';
import { Confirm } from '../../../ui/dialog.js';
import { Field, Input } from '../../../ui/field.js';
import { Menu } from '../../../ui/menu.js';
import { toast } from '../../../ui/toast.js';
import { actOn, type BulkChoice, KINDS } from '../bulk.js';
import { CopyAs } from './copy-as.js';
import { ofPipeline } from './queries.js';

export const NOT_ALLOWED = 'Your role may look, and not act: it takes operator or more.';

/** Why it cannot be done now; undefined: it can. */
function refusal({ status, stages }: Pick<Pipeline, 'status' | 'stages'>, choice: BulkChoice): string | undefined {
  if (choice === 'rerun_failed' && stages.failed + stages.cancelled === 0) return 'Nothing failed or was cancelled.';
  if (choice === 'rerun_start' && ['not_started', 'running', 'paused'].includes(status)) return 'It has not ended.';
  if (choice === 'pause' && status === 'paused') return 'It is paused already.';
  if (choice === 'resume' && status !== 'paused') return 'It is not paused.';
  if ((choice === 'pause' || choice === 'cancel') && ['completed', 'failed', 'cancelled'].includes(status))
    return `It is ${status} already.`;
  return undefined;
}

export function PipelineActions({ pipeline }: { pipeline: Pipeline }) {
  const { id, status } = pipeline;
  const client = useQueryClient();
  const mayAct = useMay('operate');
  const [isCancelling, setCancelling] = useState(false);
  const act = useMutation({
    mutationFn: ({ choice, reason }: { choice: BulkChoice; reason?: string }) => actOn(choice, id, reason ? { reason } : {}),
    onSuccess: (_, { choice }) => {
      setCancelling(false);
      toast.done(`Pipeline ${id} ${KINDS[choice].done}`);
      void client.invalidateQueries({ queryKey: ofPipeline(id) });
      markStale(['pipelines', 'overview']);
    },
    onError: (error, { choice }) => choice !== 'cancel' && toast.failed(error),
  });
  const why = (choice: BulkChoice) => (mayAct ? refusal(pipeline, choice) : NOT_ALLOWED);
  const hold: BulkChoice = status === 'paused' ? 'resume' : 'pause';
  const rerun = (choice: BulkChoice, icon: typeof RotateCw) => item(choice, icon, () => act.mutate({ choice }));
  const item = (choice: BulkChoice, Icon: typeof RotateCw, onSelect: () => void) => ({
    id: choice,
    label: <Reasoned label={KINDS[choice].label} why={why(choice)} />,
    icon: <Icon aria-hidden size={14} />,
    disabled: why(choice) !== undefined,
    onSelect,
  });
  return (
    <>
      <CopyAs pipeline={pipeline} />
      <Menu
        trigger={
          <Button disabled={!mayAct} title={mayAct ? undefined : NOT_ALLOWED} icon={<RotateCw aria-hidden size={14} />}>
            Rerun
            <ChevronDown aria-hidden size={13} />
          </Button>
        }
        groups={[{ title: null, items: [rerun('rerun_failed', RotateCw), rerun('rerun_start', RotateCcw)] }]}
      />
      <Button
        disabled={why(hold) !== undefined}
        title={why(hold)}
        busy={act.isPending && act.variables.choice === hold}
        icon={hold === 'pause' ? <Pause aria-hidden size={14} /> : <Play aria-hidden size={14} />}
        onClick={() => act.mutate({ choice: hold })}
      >
        {KINDS[hold].label}
      </Button>
      <Button
        tone="danger"
        disabled={why('cancel') !== undefined}
        title={why('cancel')}
        icon={<Ban aria-hidden size={14} />}
        onClick={() => setCancelling(true)}
      >
        Cancel
      </Button>
      {isCancelling && (
        <CancelDialog
          busy={act.isPending}
          error={act.error}
          onClose={() => setCancelling(false)}
          onCancel={(reason) => act.mutate({ choice: 'cancel', reason })}
        />
      )}
    </>
  );
}

/** What cannot be done says why, where it would be done. */
const Reasoned = ({ label, why }: { label: string; why: string | undefined }) => (
  <span title={why}>
    {label}
    {why && <span className="sr-only">: {why}</span>}
  </span>
);

interface CancelDialogProps {
  busy: boolean;
  error: unknown;
  onClose(): void;
  onCancel(reason: string): void;
}

function CancelDialog({ busy, error, onClose, onCancel }: CancelDialogProps) {
  const [reason, setReason] = useState('');
  return (
    <Confirm
      open
      onOpenChange={(open) => !open && onClose()}
      title="Cancel this pipeline?"
      action="Cancel the pipeline"
      danger
      busy={busy}
      error={error}
      onConfirm={() => onCancel(reason.trim())}
    >
      <p>{KINDS.cancel.says}</p>
      <Field label="Reason" required={false} className="mt-3">
        {(props) => <Input {...props} maxLength={500} value={reason} onChange={({ target }) => setReason(target.value)} />}
      </Field>
    </Confirm>
  );
}
