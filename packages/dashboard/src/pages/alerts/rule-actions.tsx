import { type AlertRule, type AlertRuleSpec, ROUTES } from '@pipelogiq/protocol';
import { useMutation } from '@tanstack/react-query';
import { fill, put } from '../../api/http.js';
import { ConfirmDelete } from '../../ui/confirm-danger.js';
import { toast } from '../../ui/toast.js';
import { EntryMenu } from './entry-menu.js';
import { rereadAlerts } from './queries.js';

/** What is asked of somebody, in a dialog. */
export type RuleAsk = { what: 'make' | 'recommend'; rule?: undefined } | { what: 'open' | 'delete'; rule: AlertRule };

const specOf = ({ id: _id, createdAt: _made, updatedAt: _changed, ...spec }: AlertRule): AlertRuleSpec => spec;

export function RuleMenu({ rule, onAsk }: { rule: AlertRule; onAsk(ask: RuleAsk): void }) {
  const { id, name, enabled } = rule;
  const toggle = useMutation({
    mutationFn: () => put<AlertRule>(fill(ROUTES.alertRule, id), { ...specOf(rule), enabled: !enabled }),
    onSuccess: () => toast.done(enabled ? `${name} is switched off: its incidents are over` : `${name} is switched on`),
    onError: toast.failed,
    onSettled: rereadAlerts,
  });
  return (
    <EntryMenu
      entry={rule}
      isToggling={toggle.isPending}
      onEdit={() => onAsk({ what: 'open', rule })}
      onToggle={() => toggle.mutate()}
      onDelete={() => onAsk({ what: 'delete', rule })}
    />
  );
}

export function DeleteRule({ rule: { id, name }, onClose }: { rule: AlertRule; onClose(): void }) {
  return (
    <ConfirmDelete name={name} path={fill(ROUTES.alertRule, id)} onDeleted={rereadAlerts} onClose={onClose}>
      Its open incidents are resolved, and who was told of them hears of that. To stop it for a while, switch it off.
    </ConfirmDelete>
  );
}
