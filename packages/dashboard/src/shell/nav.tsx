import { Link, useRouter } from '@tanstack/react-router';
import { Activity, Bell, CalendarClock, ChartSpline, Cpu, GitBranch, Radar, Settings } from 'lucide-react';
import type { ComponentType } from 'react';

interface Entry {
  to: string;
  label: string;
  icon: ComponentType<{ size?: number; 'aria-hidden'?: boolean; className?: string }>;
}

/** What one looks at, and what one sets up; an entry shows when its page is in routes.tsx. Policies will stand after Schedules. */
const GROUPS: readonly { title: string; entries: readonly Entry[] }[] = [
  {
    title: 'Watch',
    entries: [
      { to: '/operations', label: 'Operations', icon: Activity },
      { to: '/pipelines', label: 'Pipelines', icon: GitBranch },
      { to: '/insights', label: 'Insights', icon: ChartSpline },
      { to: '/workers', label: 'Workers', icon: Cpu },
    ],
  },
  {
    title: 'Set up',
    entries: [
      { to: '/schedules', label: 'Schedules', icon: CalendarClock },
      { to: '/alerts', label: 'Alerts', icon: Bell },
      { to: '/observability', label: 'Observability', icon: Radar },
      { to: '/settings', label: 'Settings', icon: Settings },
    ],
  },
];

export function Nav({ onNavigate }: { onNavigate?(): void }) {
  const { routesByPath } = useRouter();
  return (
    <nav aria-label="Main" className="flex flex-col gap-4">
      {GROUPS.map(({ title, entries }) => (
        <div key={title}>
          <p className="px-2 pb-1 text-ink-3 text-xs">{title}</p>
          <ul className="flex flex-col gap-px">
            {entries
              .filter(({ to }) => to in routesByPath)
              .map(({ to, label, icon: Icon }) => (
                <li key={to}>
                  <Link
                    to={to}
                    onClick={onNavigate}
                    className="flex h-8 items-center gap-2.5 rounded-md px-2 text-ink-2 text-sm hover:bg-hover hover:text-ink aria-[current=page]:bg-hover aria-[current=page]:font-medium aria-[current=page]:text-ink"
                  >
                    <Icon aria-hidden size={15} className="text-ink-3" />
                    {label}
                  </Link>
                </li>
              ))}
          </ul>
        </div>
      ))}
    </nav>
  );
}
