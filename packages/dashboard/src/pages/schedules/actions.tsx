import type { PipelineCreated, Schedule } from '@pipelogiq/protocol';
import { ROUTES } from '@pipelogiq/protocol';
import { useMutation } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { Pause, Pencil, Play, Trash2, Zap } from 'lucide-react';
import { useState } from 'react';
import { queryClient } from '../../api/client.js';
import { fill, post } from '../../api/http.js';
import { markStale } from '../../api/live-topics.js';
import { useMay } from '../../session/session.js';
import { Button } from '../../ui/button.js';
import { ConfirmDelete } from '../../ui/confirm-danger.js';
import { Confirm } from '../../ui/dialog.js';
import { toast } from '../../ui/toast.js';
import { ScheduleForm } from './form.js';
import { scheduleQuery } from './queries.js';

const icon = { 'aria-hidden': true, size: 14 } as const;

/** What an operator may do with a schedule; who may not sees none of it. */
export function Actions({ schedule }: { schedule: Schedule }) {
  const [asks, setAsks] = useState<'trigger' | 'edit' | 'delete'>();
  const close = () => setAsks(undefined);
  if (!useMay('operate')) return <span className="text-ink-3 text-xs">Only operators may change schedules.</span>;
  return (
    <>
      <Button icon={<Zap {...icon} />} onClick={() => setAsks('trigger')}>
        Trigger now…
      </Button>
      <PauseOrResume schedule={schedule} />
      <Button icon={<Pencil {...icon} />} onClick={() => setAsks('edit')}>
        Edit
      </Button>
      <Button tone="danger" icon={<Trash2 {...icon} />} onClick={() => setAsks('delete')}>
        Delete…
      </Button>
      {asks === 'trigger' && <Trigger schedule={schedule} onClose={close} />}
      {asks === 'edit' && <ScheduleForm schedule={schedule} onClose={close} />}
      {asks === 'delete' && <Delete schedule={schedule} onClose={close} />}
    </>
  );
}

function PauseOrResume({ schedule: { id, name, status } }: { schedule: Schedule }) {
  const isPaused = status === 'paused';
  const change = useMutation({
    mutationFn: () => post<Schedule>(fill(isPaused ? ROUTES.scheduleResume : ROUTES.schedulePause, id)),
    onSuccess: (after) => {
      queryClient.setQueryData(scheduleQuery(id).queryKey, after);
      markStale(['schedules']);
      toast.done(isPaused ? `${name} fires again, from now on` : `${name} fires no more until it is resumed`);
    },
    onError: toast.failed,
  });
  return (
    <Button busy={change.isPending} icon={isPaused ? <Play {...icon} /> : <Pause {...icon} />} onClick={() => change.mutate()}>
      {isPaused ? 'Resume' : 'Pause'}
    </Button>
  );
}

interface QuestionProps {
  schedule: Schedule;
  onClose(): void;
}

function Trigger({ schedule: { id, name, template }, onClose }: QuestionProps) {
  const trigger = useMutation({
    mutationFn: () => post<PipelineCreated>(fill(ROUTES.scheduleTrigger, id)),
    onSuccess: (created) => {
      markStale(['schedules', 'pipelines', 'overview']);
      toast.done(`${name} made pipeline ${created.id}`);
      onClose();
    },
  });
  return (
    <Confirm
      open
      onOpenChange={onClose}
      title={`Trigger ${name} now?`}
      action="Trigger"
      busy={trigger.isPending}
      error={trigger.error}
      onConfirm={() => trigger.mutate()}
    >
      It makes one pipeline “{template.name}” now, beside those that its clock makes.
    </Confirm>
  );
}

function Delete({ schedule: { id, name }, onClose }: QuestionProps) {
  const navigate = useNavigate();
  const leave = async () => {
    markStale(['schedules']);
    await navigate({ to: '/schedules' });
    queryClient.removeQueries({ queryKey: scheduleQuery(id).queryKey });
  };
  return (
    <ConfirmDelete name={name} path={fill(ROUTES.schedule, id)} onDeleted={leave} onClose={onClose}>
      It makes no more pipelines. Those that it made stay. This cannot be taken back; to stop it for a while, pause it.
    </ConfirmDelete>
  );
}
