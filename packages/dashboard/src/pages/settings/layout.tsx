import { Link, Outlet, useRouterState } from '@tanstack/react-router';
import { useEffect, useRef } from 'react';
import { useMay, useMe } from '../../session/session.js';

/** Whether the user administers all of the server, and not an application alone. */
export function useMayServer(): boolean {
  const { allApplications } = useMe();
  return useMay('admin') && allApplications;
}

/** The rooms of the settings as tabs that are links; what the user may not see is left out. */
export default function Settings() {
  const mayAdmin = useMay('admin');
  const mayServer = useMayServer();
  const path = useRouterState({ select: ({ location }) => location.pathname });
  const nav = useRef<HTMLElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: on a phone the tab of the page may be out of sight
  useEffect(() => {
    const current = nav.current?.querySelector<HTMLElement>('[aria-current=page]');
    // Not scrollIntoView, which also moves where the first Tab of a new page goes on from.
    if (nav.current && current) nav.current.scrollLeft = current.offsetLeft + current.offsetWidth - nav.current.clientWidth;
  }, [path]);
  const tabs = [
    { to: '/settings/account', label: 'Account', isShown: true },
    { to: '/settings/keys', label: 'API keys', isShown: mayAdmin },
    { to: '/settings/users', label: 'Users', isShown: mayServer },
    { to: '/settings/applications', label: 'Applications', isShown: mayAdmin },
    { to: '/settings/audit', label: 'Audit', isShown: mayAdmin },
    { to: '/settings/server', label: 'Server', isShown: true },
  ] as const;
  return (
    <>
      <h1 className="mb-4 flex min-h-8 items-center text-lg">Settings</h1>
      <nav ref={nav} aria-label="Settings" className="mb-4 flex gap-4 overflow-x-auto max-sm:gap-2.5 border-line border-b">
        {tabs
          .filter(({ isShown }) => isShown)
          .map(({ to, label }) => (
            <Link
              key={to}
              to={to}
              className="flex h-9 shrink-0 items-center border-transparent border-b-2 font-medium text-ink-3 text-sm hover:text-ink focus-visible:outline-offset-[-2px] aria-[current=page]:border-accent aria-[current=page]:text-ink"
            >
              {label}
            </Link>
          ))}
      </nav>
      <Outlet />
    </>
  );
}
