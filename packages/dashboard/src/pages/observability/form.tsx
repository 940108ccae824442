import {
  type Integration,
  type IntegrationTested,
  ROUTES,
  type SaveIntegration,
  type TestIntegration,
} from '@pipelogiq/protocol';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { post } from '../../api/http.js';
import { reread } from '../../api/live-topics.js';
import { ApiError } from '../../api/problem.js';
import { Button } from '../../ui/button.js';
import { Checkbox } from '../../ui/field.js';
import { FormDialog } from '../../ui/form-dialog.js';
import { filledValues, SchemaForm, startValues } from '../../ui/schema-form.js';
import { toast } from '../../ui/toast.js';
import { TemplatePreview } from './preview.js';
import { Tested } from './tested.js';

/** Sets an integration up, or changes it; what was typed can be tried before it is stored. */
export function IntegrationForm({ integration, onClose }: { integration: Integration; onClose(): void }) {
  const { type, title, purpose, fields, configured } = integration;
  const [values, setValues] = useState(() => startValues(fields, integration.config));
  const [enabled, setEnabled] = useState(!configured || integration.enabled);
  const config = filledValues(values);
  const save = useMutation({
    mutationFn: () => post<Integration>(ROUTES.observabilityConfig, { type, enabled, config } satisfies SaveIntegration),
    onSuccess: async () => {
      await reread(['observability']);
      toast.done(`${title} was saved`);
      onClose();
    },
  });
  const test = useMutation({
    mutationFn: () => post<IntegrationTested>(ROUTES.observabilityTest, { type, config } satisfies TestIntegration),
  });
  const error = save.error ?? test.error;
  const submit = () => {
    test.reset();
    save.mutate();
  };
  const tryIt = () => {
    save.reset();
    test.mutate();
  };
  return (
    <FormDialog
      kind="side"
      title={title}
      description={purpose}
      action="Save"
      busy={save.isPending}
      error={error}
      aside={
        <Button className="mr-auto" busy={test.isPending} onClick={tryIt}>
          Test
        </Button>
      }
      onSubmit={submit}
      onClose={onClose}
    >
      <SchemaForm fields={fields} values={values} onChange={setValues} errors={error instanceof ApiError ? error.errors : []} />
      {type === 'opentelemetry' && <TemplatePreview values={values} />}
      <Checkbox label="Enabled" checked={enabled} onChange={({ target }) => setEnabled(target.checked)} />
      {test.data && <Tested tested={test.data} />}
    </FormDialog>
  );
}
