import { useNavigate } from '@tanstack/react-router';
import { LogOut, Monitor, Moon, Sun, UserRound } from 'lucide-react';
import { signOut, useMe } from '../session/session.js';
import { IconButton } from '../ui/button.js';
import { Menu } from '../ui/menu.js';
import { chooseTheme, THEMES, useTheme } from '../ui/theme.js';
import { toast } from '../ui/toast.js';

const ICONS = { system: Monitor, light: Sun, dark: Moon } as const;
const NAMES = { system: 'As the system', light: 'Light', dark: 'Dark' } as const;

function useThemeItems() {
  const { chosen } = useTheme();
  return THEMES.map((name) => {
    const Icon = ICONS[name];
    return {
      id: name,
      label: NAMES[name],
      icon: <Icon aria-hidden size={14} />,
      checked: chosen === name,
      onSelect: () => chooseTheme(name),
    };
  });
}

/** Who is signed in, how it looks, and the way out. */
export function UserMenu() {
  const { user } = useMe();
  const navigate = useNavigate();
  const themes = useThemeItems();
  const own = [
    {
      id: 'account',
      label: 'Account',
      icon: <UserRound aria-hidden size={14} />,
      onSelect: () => void navigate({ to: '/settings/account' }),
    },
    {
      id: 'leave',
      label: 'Sign out',
      icon: <LogOut aria-hidden size={14} />,
      onSelect: () => void signOut().catch(toast.failed),
    },
  ];
  return (
    <Menu
      groups={[
        { title: user.username, items: own },
        { title: 'Theme', items: themes },
      ]}
      trigger={
        <IconButton label={`Account of ${user.username}`}>
          <span
            aria-hidden
            className="grid size-6 place-items-center rounded-full border border-line-strong font-medium text-ink-2 text-xs uppercase"
          >
            {user.username.charAt(0)}
          </span>
        </IconButton>
      }
    />
  );
}
