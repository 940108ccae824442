import {
  type Integration,
  type IntegrationTested,
  ROUTES,
  type SaveIntegration,
  type TestIntegration,
} from '@pipelogiq/protocol';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useId, useState } from 'react';
import { post } from '../../api/http.js';
import { markStale } from '../../api/live-topics.js';
import { ApiError } from '../../api/problem.js';
import { Button } from '../../ui/button.js';
import { Dialog } from '../../ui/dialog.js';
import { Checkbox } from '../../ui/field.js';
import { filledValues, SchemaForm, startValues } from '../../ui/schema-form.js';
import { ErrorNote } from '../../ui/states.js';
import { toast } from '../../ui/toast.js';
import { TemplatePreview } from './preview.js';
import { Tested } from './tested.js';

/** Sets an integration up, or changes it; what was typed can be tried before it is stored. */
export function IntegrationForm({ integration, onClose }: { integration: Integration; onClose(): void }) {
  const { type, title, purpose, fields, configured } = integration;
  const form = useId();
  const [values, setValues] = useState(() => startValues(fields, integration.config));
  const [enabled, setEnabled] = useState(!configured || integration.enabled);
  const config = filledValues(values);
  const save = useMutation({
    mutationFn: () => post<Integration>(ROUTES.observabilityConfig, { type, enabled, config } satisfies SaveIntegration),
    onSuccess: () => {
      markStale(['observability']);
      toast.done(`${title} was saved`);
      onClose();
    },
  });
  const test = useMutation({
    mutationFn: () => post<IntegrationTested>(ROUTES.observabilityTest, { type, config } satisfies TestIntegration),
  });
  const error = save.error ?? test.error;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    test.reset();
    save.mutate();
  };
  const tryIt = () => {
    save.reset();
    test.mutate();
  };
  const footer = (
    <>
      <Button className="mr-auto" busy={test.isPending} onClick={tryIt}>
        Test
      </Button>
      <Button onClick={onClose}>Cancel</Button>
      <Button tone="primary" type="submit" form={form} busy={save.isPending}>
        Save
      </Button>
    </>
  );
  return (
    <Dialog open onOpenChange={(open) => open || onClose()} kind="side" title={title} description={purpose} footer={footer}>
      <form id={form} noValidate onSubmit={submit} className="flex flex-col gap-4">
        <SchemaForm fields={fields} values={values} onChange={setValues} errors={error instanceof ApiError ? error.errors : []} />
        {type === 'opentelemetry' && <TemplatePreview values={values} />}
        <Checkbox label="Enabled" checked={enabled} onChange={({ target }) => setEnabled(target.checked)} />
        {test.data && <Tested tested={test.data} />}
        {error && <ErrorNote error={error} />}
      </form>
    </Dialog>
  );
}
