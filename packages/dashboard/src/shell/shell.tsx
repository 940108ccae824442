import { useQuery } from '@tanstack/react-query';
import { Outlet, useNavigate, useRouterState } from '@tanstack/react-router';
import { Menu as MenuIcon } from 'lucide-react';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { live } from '../api/live-topics.js';
import { Frame } from '../session/frame.js';
import { sessionQuery, signOut } from '../session/session.js';
import { Button, IconButton } from '../ui/button.js';
import { ErrorState, Skeleton } from '../ui/states.js';
import { toast } from '../ui/toast.js';
import { ApplicationSwitcher } from './application-switcher.js';
import { Connection } from './connection.js';
import { Drawer } from './drawer.js';
import { Logo } from './logo.js';
import { Nav } from './nav.js';
import { UserMenu } from './user-menu.js';

/** Around every page of who is signed in; whoever is not is asked to, and comes back. */
export function Shell() {
  const session = useQuery(sessionQuery);
  if (session.data?.kind === 'signed_in') {
    const { application, scopes } = session.data.me;
    return scopes.length === 0 ? <NoRole /> : <SignedIn application={application} />;
  }
  if (session.data) return <ToSignIn />;
  if (session.error)
    return (
      <Whole>
        <ErrorState error={session.error} title="The server does not answer" onRetry={() => void session.refetch()} />
      </Whole>
    );
  return (
    <Whole>
      <Skeleton className="h-8 w-48" />
    </Whole>
  );
}

/** Once, and with the address that was asked for: on the way to the sign-in page that one is the present one already. */
function ToSignIn() {
  const { location } = useRouterState();
  const [asked] = useState(location.href);
  const navigate = useNavigate();
  useEffect(() => {
    void navigate({ to: '/sign-in', search: asked === '/' ? {} : { next: asked }, replace: true });
  }, [navigate, asked]);
  return null;
}

/** Of a user whose last role was taken: every page would be a refusal. */
function NoRole() {
  const session = useQuery(sessionQuery);
  return (
    <Frame
      title="No role"
      description="You are signed in, and have no role in any application. An admin of this server gives you one."
    >
      <div className="flex gap-2">
        <Button tone="primary" busy={session.isFetching} onClick={() => void session.refetch()}>
          Look again
        </Button>
        <Button onClick={() => void signOut().catch(toast.failed)}>Sign out</Button>
      </div>
    </Frame>
  );
}

const Whole = ({ children }: { children: ReactNode }) => <main className="grid min-h-dvh place-items-center">{children}</main>;

function SignedIn({ application }: { application: string }) {
  const main = useRef<HTMLElement>(null);
  const path = useRouterState({ select: ({ location }) => location.pathname });
  // biome-ignore lint/correctness/useExhaustiveDependencies: the stream is of one application
  useEffect(() => {
    live.start();
    return () => live.stop();
  }, [application]);
  const firstPath = useRef(path);
  useEffect(() => {
    if (firstPath.current === path) return;
    firstPath.current = path;
    main.current?.focus({ preventScroll: true }); // a screen reader goes on at the new page, not at the link
    window.scrollTo(0, 0);
  }, [path]);
  return (
    <div className="min-h-dvh md:grid md:grid-cols-[13.5rem_minmax(0,1fr)]">
      <button
        type="button"
        onClick={() => main.current?.focus()}
        className="sr-only z-50 rounded-md bg-accent px-3 py-2 font-medium text-on-accent focus:not-sr-only focus:fixed focus:top-2 focus:left-2"
      >
        Skip to the page
      </button>
      <SideBar />
      <TopBar />
      <main ref={main} tabIndex={-1} className="mx-auto w-full max-w-[100rem] px-4 py-5 focus:outline-none md:px-8 md:py-6">
        <Outlet />
      </main>
    </div>
  );
}

function SideBar() {
  return (
    <div className="hidden border-line border-r md:block">
      <div className="sticky top-0 flex h-dvh flex-col px-3 py-4">
        <Logo className="px-2 pb-4" />
        <ApplicationSwitcher />
        <div className="-mx-3 mt-4 grow overflow-y-auto px-3">
          <Nav />
        </div>
        <div className="flex items-center justify-between border-line border-t pt-3">
          <Connection />
          <UserMenu />
        </div>
      </div>
    </div>
  );
}

/** On narrow screens: what the side bar has, behind a button. */
function TopBar() {
  const [open, setOpen] = useState(false);
  return (
    <header className="sticky top-0 z-30 flex h-12 items-center gap-2 border-line border-b bg-canvas px-3 md:hidden">
      <IconButton label="Menu" onClick={() => setOpen(true)}>
        <MenuIcon aria-hidden size={18} />
      </IconButton>
      <Logo className="grow" />
      <Connection />
      <UserMenu />
      <Drawer open={open} onOpenChange={setOpen}>
        <Logo className="px-2 pb-4" />
        <ApplicationSwitcher />
        <div className="mt-4">
          <Nav onNavigate={() => setOpen(false)} />
        </div>
      </Drawer>
    </header>
  );
}
