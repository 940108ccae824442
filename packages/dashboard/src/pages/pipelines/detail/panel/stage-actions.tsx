import { type CompleteStage, type Json, ROUTES, type TraceStage } from '@pipelogiq/protocol';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Check, ListRestart, RotateCw, SkipForward } from 'lucide-react';
import { useState } from 'react';
import { fill, post } from '../../../../api/http.js';
import { useMay } from '../../../../session/session.js';
import { Button } from '../../../../ui/button.js';
import { Confirm, Dialog } from '../../../../ui/dialog.js';
import { Field, Input, Select, Textarea } from '../../../../ui/field.js';
import { ErrorNote } from '../../../../ui/states.js';
import { toast } from '../../../../ui/toast.js';
import { NOT_ALLOWED } from '../actions.js';
import { ofPipeline } from '../queries.js';

const FINAL = ['completed', 'failed', 'skipped', 'cancelled'];

export function StageActions({ pipelineId, stage }: { pipelineId: string; stage: TraceStage }) {
  const { stageId, name, status } = stage;
  const client = useQueryClient();
  const mayAct = useMay('operate');
  const [asks, setAsks] = useState<'skip' | 'complete'>();
  const refresh = () => void client.invalidateQueries({ queryKey: ofPipeline(pipelineId) });
  const act = useMutation({
    mutationFn: ({ path, body }: { path: string; body?: object; done: string }) => post(fill(path, stageId), body ?? {}),
    onSuccess: (_, { done }) => {
      setAsks(undefined);
      toast.done(`${name} ${done}`);
      refresh();
    },
    onError: (error) => {
      if (asks === undefined) toast.failed(error);
    },
  });
  const isFinal = FINAL.includes(status);
  const notRun = isFinal ? undefined : 'It has not ended.';
  const why = (reason: string | undefined) => (mayAct ? reason : NOT_ALLOWED);
  const rerun = (following: boolean) => act.mutate({ path: ROUTES.stageRerun, body: { following }, done: 'runs again' });
  return (
    <div className="flex flex-wrap gap-2">
      {status === 'waiting' && (
        <Button
          size="sm"
          tone="primary"
          disabled={!mayAct}
          title={why(undefined)}
          icon={<Check aria-hidden size={13} />}
          onClick={() => setAsks('complete')}
        >
          Complete
        </Button>
      )}
      <Button
        size="sm"
        disabled={why(notRun) !== undefined}
        title={why(notRun)}
        icon={<RotateCw aria-hidden size={13} />}
        onClick={() => rerun(false)}
      >
        Rerun
      </Button>
      <Button
        size="sm"
        disabled={why(notRun) !== undefined}
        title={why(notRun)}
        icon={<ListRestart aria-hidden size={13} />}
        onClick={() => rerun(true)}
      >
        Rerun with following
      </Button>
      <Button
        size="sm"
        disabled={why(status === 'completed' ? 'It is completed.' : undefined) !== undefined || status === 'skipped'}
        title={why(status === 'completed' ? 'It is completed.' : undefined)}
        icon={<SkipForward aria-hidden size={13} />}
        onClick={() => setAsks('skip')}
      >
        Skip
      </Button>
      <Confirm
        open={asks === 'skip'}
        onOpenChange={(open) => !open && setAsks(undefined)}
        title={`Skip ${name}?`}
        action="Skip the stage"
        busy={act.isPending}
        error={asks === 'skip' ? act.error : undefined}
        onConfirm={() => act.mutate({ path: ROUTES.stageSkip, done: 'skipped' })}
      >
        It counts as done, without output. What waits for it goes on; a delivery under way is ended.
      </Confirm>
      {asks === 'complete' && <Complete stage={stage} onClose={() => setAsks(undefined)} onDone={refresh} />}
    </div>
  );
}

/** As text: JSON; nothing at all is no output. */
function parsed(text: string): { value?: Json; error?: string } {
  if (text.trim() === '') return {};
  try {
    return { value: JSON.parse(text) as Json };
  } catch {
    return { error: 'This is not JSON. Text needs quotes.' };
  }
}

/** What would come from outside, by hand. */
function Complete({ stage, onClose, onDone }: { stage: TraceStage; onClose(): void; onDone(): void }) {
  const [outcome, setOutcome] = useState<'completed' | 'failed'>('completed');
  const [output, setOutput] = useState('');
  const [message, setMessage] = useState('');
  const { value, error } = parsed(output);
  const body: CompleteStage =
    outcome === 'completed'
      ? { outcome, ...(value !== undefined && { output: value }) }
      : { outcome, ...(message.trim() && { error: { code: 'event_failed', message: message.trim() } }) };
  const complete = useMutation({
    mutationFn: () => post(fill(ROUTES.stageComplete, stage.stageId), body),
    onSuccess: () => {
      toast.done(`${stage.name} ${outcome}`);
      onDone();
      onClose();
    },
  });
  const isWrong = outcome === 'completed' && error !== undefined;
  const footer = (
    <>
      <Button onClick={onClose}>Let it wait</Button>
      <Button tone="primary" busy={complete.isPending} disabled={isWrong} onClick={() => complete.mutate()}>
        {outcome === 'completed' ? 'Complete the stage' : 'Fail the stage'}
      </Button>
    </>
  );
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={`Complete ${stage.name}`}
      description="It waits for an event from outside. This ends it in its place."
      footer={footer}
    >
      <div className="flex flex-col gap-3">
        <Field label="Outcome">
          {(props) => (
            <Select
              {...props}
              value={outcome}
              onChange={({ target }) => setOutcome(target.value === 'failed' ? 'failed' : 'completed')}
            >
              <option value="completed">Completed</option>
              <option value="failed">Failed</option>
            </Select>
          )}
        </Field>
        {outcome === 'completed' ? (
          <Field label="Output" help="JSON, for the stages that follow." required={false} error={error}>
            {(props) => <Textarea {...props} value={output} onChange={({ target }) => setOutput(target.value)} />}
          </Field>
        ) : (
          <Field label="Why" required={false}>
            {(props) => <Input {...props} value={message} onChange={({ target }) => setMessage(target.value)} />}
          </Field>
        )}
        {complete.error && <ErrorNote error={complete.error} />}
      </div>
    </Dialog>
  );
}
