import { ChevronsUpDown } from 'lucide-react';
import { switchApplication, useMe } from '../session/session.js';
import { Menu } from '../ui/menu.js';
import { toast } from '../ui/toast.js';

/** In which application one looks and acts. */
export function ApplicationSwitcher() {
  const { application, applications } = useMe();
  const names = applications.includes(application) ? applications : [application, ...applications];
  const items = names.map((name) => ({
    id: name,
    label: name,
    checked: name === application,
    onSelect: () => void switchApplication(name).catch(toast.failed),
  }));
  return (
    <Menu
      align="start"
      groups={[{ title: 'Application', items }]}
      trigger={
        <button
          type="button"
          className="flex h-9 w-full items-center gap-2 rounded-md border border-line bg-surface px-2 text-left text-sm hover:border-line-strong"
        >
          <span className="sr-only">Application </span>
          <span className="min-w-0 grow truncate font-medium">{application}</span>
          <ChevronsUpDown aria-hidden size={14} className="shrink-0 text-ink-3" />
        </button>
      }
    />
  );
}
