import { Check } from 'lucide-react';
import { DropdownMenu as Radix } from 'radix-ui';
import type { ReactNode } from 'react';
import { cx } from '../lib/cx.js';

export interface MenuItem {
  id: string;
  label: ReactNode;
  icon?: ReactNode;
  danger?: boolean;
  disabled?: boolean;
  /** The one that is chosen, in a menu of choices. */
  checked?: boolean;
  onSelect(): void;
}

interface MenuProps {
  /** A button. */
  trigger: ReactNode;
  /** A heading over each group; null for none. */
  groups: readonly { title: string | null; items: readonly MenuItem[] }[];
  align?: 'start' | 'end';
}

export function Menu({ trigger, groups, align = 'end' }: MenuProps) {
  return (
    <Radix.Root modal={false}>
      <Radix.Trigger asChild>{trigger}</Radix.Trigger>
      <Radix.Portal>
        <Radix.Content
          align={align}
          sideOffset={4}
          collisionPadding={8}
          className="z-50 max-h-[var(--radix-dropdown-menu-content-available-height)] min-w-44 max-w-72 overflow-y-auto rounded-lg border border-line bg-raised p-1 text-sm shadow-float"
        >
          {groups.map(({ title, items }, index) => (
            <Radix.Group key={title ?? index} className={cx(index > 0 && 'mt-1 border-line border-t pt-1')}>
              {title && <Radix.Label className="px-2 py-1 text-ink-3 text-xs">{title}</Radix.Label>}
              {items.map((item) => (
                <Row key={item.id} {...item} />
              ))}
            </Radix.Group>
          ))}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

function Row({ label, icon, danger, disabled, checked, onSelect }: MenuItem) {
  return (
    <Radix.Item
      disabled={disabled ?? false}
      onSelect={onSelect}
      className={cx(
        'flex h-8 cursor-default items-center gap-2 rounded-md px-2 outline-none data-[highlighted]:bg-hover data-[disabled]:opacity-50',
        danger ? 'text-bad' : 'text-ink',
      )}
    >
      {icon && <span className={cx('shrink-0', !danger && 'text-ink-3')}>{icon}</span>}
      <span className="min-w-0 grow truncate">{label}</span>
      {checked && <Check aria-label="chosen" size={14} className="shrink-0 text-accent" />}
    </Radix.Item>
  );
}
