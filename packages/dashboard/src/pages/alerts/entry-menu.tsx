import { Ellipsis, Pencil, Power, Trash2 } from 'lucide-react';
import { IconButton } from '../../ui/button.js';
import { Menu, type MenuItem } from '../../ui/menu.js';

const icon = { 'aria-hidden': true, size: 14 } as const;

interface EntryMenuProps {
  entry: { name: string; enabled: boolean };
  /** Above the others. */
  first?: MenuItem;
  isToggling: boolean;
  onEdit(): void;
  onToggle(): void;
  onDelete(): void;
}

/** What can be done with a rule or a channel. */
export function EntryMenu({ entry: { name, enabled }, first, isToggling, onEdit, onToggle, onDelete }: EntryMenuProps) {
  const changes = [
    ...(first ? [first] : []),
    { id: 'edit', label: 'Edit', icon: <Pencil {...icon} />, onSelect: onEdit },
    {
      id: 'toggle',
      label: enabled ? 'Switch off' : 'Switch on',
      icon: <Power {...icon} />,
      disabled: isToggling,
      onSelect: onToggle,
    },
  ];
  const deletion = { id: 'delete', label: 'Delete…', icon: <Trash2 {...icon} />, danger: true, onSelect: onDelete };
  const trigger = (
    <IconButton label={`More for ${name}`}>
      <Ellipsis aria-hidden size={16} />
    </IconButton>
  );
  return (
    <Menu
      trigger={trigger}
      groups={[
        { title: null, items: changes },
        { title: null, items: [deletion] },
      ]}
    />
  );
}
