import type { CreateMark, MarkCreated } from '@pipelogiq/protocol';
import { ROUTES } from '@pipelogiq/protocol';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { post } from '../../api/http.js';
import { markStale } from '../../api/live-topics.js';
import { fieldError } from '../../lib/field-errors.js';
import { Field, Input } from '../../ui/field.js';
import { FormDialog } from '../../ui/form-dialog.js';
import { toast } from '../../ui/toast.js';

const FIELDS = [
  { name: 'version', label: 'Version', required: true, help: 'As your deployments call it: a number, a commit.', type: 'text' },
  { name: 'title', label: 'Title', required: false, help: 'What changed, in a few words.', type: 'text' },
  { name: 'link', label: 'Link', required: false, help: 'To the release or the run that deployed it.', type: 'url' },
  {
    name: 'pipeline',
    label: 'Pipeline',
    required: false,
    help: 'Name of the pipelines it changes; all when left empty.',
    type: 'text',
  },
  { name: 'environment', label: 'Environment', required: false, help: undefined, type: 'text' },
  { name: 'at', label: 'When', required: false, help: 'In your time zone; now when left empty.', type: 'datetime-local' },
] as const;
type Name = (typeof FIELDS)[number]['name'];
type Values = Partial<Record<Name, string>>;

/** What is sent: what was filled in, and the time as the server reads it. */
function bodyOf({ version = '', at, ...rest }: Values): CreateMark {
  const filled = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== ''));
  return { version, ...filled, ...(at && { at: new Date(at).toISOString() }) };
}

export function MarkForm({ onClose }: { onClose(): void }) {
  const [values, setValues] = useState<Values>({});
  const mark = useMutation({
    mutationFn: () => post<MarkCreated>(ROUTES.marks, bodyOf(values)),
    onSuccess: ({ version }) => {
      markStale(['insights']);
      toast.done(`Marked the deployment of ${version}`);
      onClose();
    },
  });
  return (
    <FormDialog
      title="Mark a deployment"
      description="Charts show where it was; figures of an hour before and after it are compared."
      action="Mark"
      busy={mark.isPending}
      error={mark.error}
      onSubmit={() => mark.mutate()}
      onClose={onClose}
    >
      {FIELDS.map(({ name, label, required, help, type }) => (
        <Field key={name} label={label} required={required} help={help} error={fieldError(mark.error, name)}>
          {(control) => (
            <Input
              {...control}
              name={name}
              type={type}
              autoComplete="off"
              value={values[name] ?? ''}
              onChange={({ target }) => setValues({ ...values, [name]: target.value })}
            />
          )}
        </Field>
      ))}
    </FormDialog>
  );
}
