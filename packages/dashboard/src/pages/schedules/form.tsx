import { type Json, ROUTES, SCHEDULE_DEFAULTS, type Schedule, type ScheduleSpec } from '@pipelogiq/protocol';
import { useMutation } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { fill, post, put } from '../../api/http.js';
import { reread } from '../../api/live-topics.js';
import { fieldError } from '../../lib/field-errors.js';
import { FormDialog } from '../../ui/form-dialog.js';
import { toast } from '../../ui/toast.js';
import { FormFields } from './form-fields.js';

/** As they are typed. */
export interface FormValues {
  name: string;
  cron: string;
  timeZone: string;
  missedRuns: ScheduleSpec['missedRuns'];
  graceSeconds: string;
  template: string;
}

const NEW: FormValues = {
  name: '',
  cron: '',
  timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone || SCHEDULE_DEFAULTS.timeZone,
  missedRuns: SCHEDULE_DEFAULTS.missedRuns,
  graceSeconds: String(SCHEDULE_DEFAULTS.graceMs / 1_000),
  template: JSON.stringify({ name: 'report', stages: [{ name: 'build', handler: 'build-report', input: {} }] }, null, 2),
};

const valuesOf = ({ name, cron, timeZone, missedRuns, graceMs, template }: Schedule): FormValues => ({
  name,
  cron,
  timeZone,
  missedRuns,
  graceSeconds: String(graceMs / 1_000),
  template: JSON.stringify(template, null, 2),
});

/** The template as JSON, or what is wrong with it; the server checks what it says. */
function parsed(text: string): { value: Json } | { problem: string } {
  try {
    return { value: JSON.parse(text) as Json };
  } catch (error) {
    return { problem: `is not JSON: ${error instanceof Error ? error.message : String(error)}` };
  }
}

/** Makes a schedule, or replaces the one given. */
export function ScheduleForm({ schedule, onClose }: { schedule?: Schedule; onClose(): void }) {
  const navigate = useNavigate();
  const [values, setValues] = useState<FormValues>(schedule ? valuesOf(schedule) : NEW);
  const template = parsed(values.template);
  const [wasSent, setSent] = useState(false);
  const save = useMutation({
    mutationFn: (body: object) =>
      schedule ? put<Schedule>(fill(ROUTES.schedule, schedule.id), body) : post<Schedule>(ROUTES.schedules, body),
    onSuccess: async ({ id, name }) => {
      await reread(['schedules']);
      toast.done(schedule ? `${name} was changed` : `${name} was made`);
      onClose();
      if (!schedule) void navigate({ to: '/schedules/$id', params: { id } });
    },
  });
  const submit = () => {
    setSent(true);
    if ('problem' in template) return;
    const { name, cron, timeZone, missedRuns, graceSeconds } = values;
    const graceMs = graceSeconds.trim() === '' ? undefined : Number(graceSeconds) * 1_000;
    save.mutate({ name, cron, timeZone: timeZone.trim() || undefined, missedRuns, graceMs, template: template.value });
  };
  const errors = (name: string) =>
    name === 'template' && wasSent && 'problem' in template ? template.problem : fieldError(save.error, name);
  return (
    <FormDialog
      kind="side"
      title={schedule ? `Edit ${schedule.name}` : 'New schedule'}
      description={
        schedule ? 'Another expression or time zone counts from now. Pipelines that exist stay as they are.' : undefined
      }
      action={schedule ? 'Save' : 'Create'}
      busy={save.isPending}
      error={save.error}
      onSubmit={submit}
      onClose={onClose}
    >
      <FormFields values={values} errors={errors} onChange={(changed) => setValues({ ...values, ...changed })} />
    </FormDialog>
  );
}
