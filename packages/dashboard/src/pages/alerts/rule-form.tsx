import { type AlertPreview, type AlertRule, type AlertRuleSpec, ROUTES } from '@pipelogiq/protocol';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useId, useState } from 'react';
import { fill, post, put } from '../../api/http.js';
import { fieldError } from '../../lib/field-errors.js';
import { useMay } from '../../session/session.js';
import { Button } from '../../ui/button.js';
import { Dialog } from '../../ui/dialog.js';
import { ErrorNote } from '../../ui/states.js';
import { toast } from '../../ui/toast.js';
import { rereadAlerts } from './queries.js';
import { RuleFields } from './rule-fields.js';
import { RulePreview } from './rule-preview.js';
import { NEW_RULE, type RuleValues, specOf, valuesOf } from './rule-values.js';

/** Makes a rule, or replaces the one given; who may not sees what it says. */
export function RuleForm({ rule, onClose }: { rule?: AlertRule; onClose(): void }) {
  const form = useId();
  const mayOperate = useMay('operate');
  const [values, setValues] = useState<RuleValues>(rule ? valuesOf(rule) : NEW_RULE);
  const [wasSent, setSent] = useState(false);
  const { spec, problems } = specOf(values);
  const save = useMutation({
    mutationFn: (body: AlertRuleSpec) =>
      rule ? put<AlertRule>(fill(ROUTES.alertRule, rule.id), body) : post<AlertRule>(ROUTES.alertRules, body),
    onSuccess: async ({ name }) => {
      await rereadAlerts();
      toast.done(rule ? `${name} was changed` : `${name} was made`);
      onClose();
    },
  });
  const preview = useMutation({
    mutationFn: (body: AlertRuleSpec) => post<AlertPreview>(ROUTES.alertRulesPreview, { rule: body }),
  });
  const send = (action: { mutate(spec: AlertRuleSpec): void }) => {
    setSent(true);
    if (Object.keys(problems).length === 0) action.mutate(spec);
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    send(save);
  };
  const failure = save.error ?? preview.error;
  const errors = (path: string) => (wasSent ? problems[path] : undefined) ?? fieldError(failure, path);
  const footer = mayOperate ? (
    <>
      <Button className="mr-auto" busy={preview.isPending} onClick={() => send(preview)}>
        Preview the message
      </Button>
      <Button onClick={onClose}>Cancel</Button>
      <Button tone="primary" type="submit" form={form} busy={save.isPending}>
        {rule ? 'Save' : 'Create'}
      </Button>
    </>
  ) : (
    <span className="text-ink-3 text-xs">Only operators may change rules.</span>
  );
  return (
    <Dialog
      open
      onOpenChange={(open) => open || onClose()}
      kind="side"
      title={rule?.name ?? 'New rule'}
      description="Which events people hear of, and where."
      footer={footer}
    >
      <form id={form} noValidate onSubmit={submit} className="pb-4">
        <fieldset disabled={!mayOperate} className="flex min-w-0 flex-col gap-4">
          <RuleFields values={values} errors={errors} onChange={(changed) => setValues({ ...values, ...changed })} />
          {failure && <ErrorNote error={failure} />}
        </fieldset>
      </form>
      {preview.data && <RulePreview preview={preview.data} onClose={() => preview.reset()} />}
    </Dialog>
  );
}
