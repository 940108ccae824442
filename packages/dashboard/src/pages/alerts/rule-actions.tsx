import { type AlertRule, type AlertRuleSpec, ROUTES } from '@pipelogiq/protocol';
import { useMutation } from '@tanstack/react-query';
import { Ellipsis, Pencil, Power, Trash2 } from 'lucide-react';
import { fill, put, remove } from '../../api/http.js';
import { IconButton } from '../../ui/button.js';
import { Confirm } from '../../ui/dialog.js';
import { Menu } from '../../ui/menu.js';
import { toast } from '../../ui/toast.js';
import { reread } from './queries.js';

/** What is asked of somebody, in a dialog. */
export type RuleAsk = { what: 'make' | 'recommend'; rule?: undefined } | { what: 'open' | 'delete'; rule: AlertRule };

const icon = { 'aria-hidden': true, size: 14 } as const;

const specOf = ({ id: _id, createdAt: _made, updatedAt: _changed, ...spec }: AlertRule): AlertRuleSpec => spec;

export function RuleMenu({ rule, onAsk }: { rule: AlertRule; onAsk(ask: RuleAsk): void }) {
  const { id, name, enabled } = rule;
  const toggle = useMutation({
    mutationFn: () => put<AlertRule>(fill(ROUTES.alertRule, id), { ...specOf(rule), enabled: !enabled }),
    onSuccess: () => toast.done(enabled ? `${name} is switched off: its incidents are over` : `${name} is switched on`),
    onError: toast.failed,
    onSettled: reread,
  });
  const trigger = (
    <IconButton label={`More for ${name}`}>
      <Ellipsis aria-hidden size={16} />
    </IconButton>
  );
  return (
    <Menu
      trigger={trigger}
      groups={[
        {
          title: null,
          items: [
            { id: 'edit', label: 'Edit', icon: <Pencil {...icon} />, onSelect: () => onAsk({ what: 'open', rule }) },
            {
              id: 'toggle',
              label: enabled ? 'Switch off' : 'Switch on',
              icon: <Power {...icon} />,
              disabled: toggle.isPending,
              onSelect: () => toggle.mutate(),
            },
          ],
        },
        {
          title: null,
          items: [
            {
              id: 'delete',
              label: 'Delete…',
              icon: <Trash2 {...icon} />,
              danger: true,
              onSelect: () => onAsk({ what: 'delete', rule }),
            },
          ],
        },
      ]}
    />
  );
}

export function DeleteRule({ rule: { id, name }, onClose }: { rule: AlertRule; onClose(): void }) {
  const deletion = useMutation({
    mutationFn: () => remove(fill(ROUTES.alertRule, id)),
    onSuccess: () => {
      reread();
      toast.done(`${name} was deleted`);
      onClose();
    },
  });
  return (
    <Confirm
      open
      onOpenChange={onClose}
      title={`Delete ${name}?`}
      action="Delete"
      danger
      busy={deletion.isPending}
      error={deletion.error}
      onConfirm={() => deletion.mutate()}
    >
      Its open incidents are resolved, and who was told of them hears of that. To stop it for a while, switch it off.
    </Confirm>
  );
}
