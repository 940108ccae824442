import { createRootRoute, createRoute, lazyRouteComponent, Navigate, Outlet } from '@tanstack/react-router';
import type { ComponentType } from 'react';
import { alertsSearch } from './pages/alerts/search.js';
import { insightsSearch } from './pages/insights/search.js';
import { operationsSearch } from './pages/operations/search.js';
import { detailSearch } from './pages/pipelines/detail/search.js';
import { pipelinesSearch } from './pages/pipelines/search.js';
import { scheduleSearch, schedulesSearch } from './pages/schedules/search.js';
import { auditSearch, trailSearch } from './pages/settings/search.js';
import { workersSearch } from './pages/workers/search.js';
import { whyMissing } from './shell/page-file.js';
import { Shell } from './shell/shell.js';

/** A page of its own file, loaded when it is first asked for. Its props are forgotten here, or types would run in a circle. */
const lazy = (load: () => Promise<{ default: ComponentType }>) => lazyRouteComponent(() => load().catch(whyMissing));

const root = createRootRoute({ component: Outlet });

interface SignInSearch {
  /** Where to go afterwards: a path of the dashboard. */
  next?: string;
}

/** A path, never another site's address. */
const nextOf = ({ next }: Record<string, unknown>): SignInSearch =>
  typeof next === 'string' && /^\/(?![/\\])/.test(next) ? { next } : {};

const signIn = createRoute({
  getParentRoute: () => root,
  path: '/sign-in',
  validateSearch: nextOf,
  component: lazy(() => import('./session/sign-in.js')),
});
const setup = createRoute({
  getParentRoute: () => root,
  path: '/setup',
  component: lazy(() => import('./session/accept.js').then(({ Setup }) => ({ default: Setup }))),
});
const invite = createRoute({
  getParentRoute: () => root,
  path: '/invite',
  component: lazy(() => import('./session/accept.js').then(({ Invite }) => ({ default: Invite }))),
});

const shell = createRoute({ getParentRoute: () => root, id: 'shell', component: Shell });
const home = createRoute({ getParentRoute: () => shell, path: '/', component: () => <Navigate to="/operations" replace /> });

// The pages. One entry each: its path, its search (what it filters by, kept in the address), its file.
const operations = createRoute({
  getParentRoute: () => shell,
  path: '/operations',
  validateSearch: operationsSearch,
  component: lazy(() => import('./pages/operations/index.js')),
});
const pipelines = createRoute({
  getParentRoute: () => shell,
  path: '/pipelines',
  validateSearch: pipelinesSearch,
  component: lazy(() => import('./pages/pipelines/index.js')),
});
const pipeline = createRoute({
  getParentRoute: () => shell,
  path: '/pipelines/$id',
  validateSearch: detailSearch,
  component: lazy(() => import('./pages/pipelines/detail/index.js')),
});
const insights = createRoute({
  getParentRoute: () => shell,
  path: '/insights',
  validateSearch: insightsSearch,
  component: lazy(() => import('./pages/insights/index.js')),
});
const workers = createRoute({
  getParentRoute: () => shell,
  path: '/workers',
  validateSearch: workersSearch,
  component: lazy(() => import('./pages/workers/index.js')),
});
const worker = createRoute({
  getParentRoute: () => shell,
  path: '/workers/$id',
  component: lazy(() => import('./pages/workers/detail.js')),
});
const schedules = createRoute({
  getParentRoute: () => shell,
  path: '/schedules',
  validateSearch: schedulesSearch,
  component: lazy(() => import('./pages/schedules/index.js')),
});
const schedule = createRoute({
  getParentRoute: () => shell,
  path: '/schedules/$id',
  validateSearch: scheduleSearch,
  component: lazy(() => import('./pages/schedules/detail.js')),
});
const alerts = createRoute({
  getParentRoute: () => shell,
  path: '/alerts',
  validateSearch: alertsSearch,
  component: lazy(() => import('./pages/alerts/index.js')),
});
const observability = createRoute({
  getParentRoute: () => shell,
  path: '/observability',
  component: lazy(() => import('./pages/observability/index.js')),
});
const settings = createRoute({
  getParentRoute: () => shell,
  path: '/settings',
  component: lazy(() => import('./pages/settings/layout.js')),
});
const settingsHome = createRoute({
  getParentRoute: () => settings,
  path: '/',
  component: () => <Navigate to="/settings/account" replace />,
});
const account = createRoute({
  getParentRoute: () => settings,
  path: '/account',
  component: lazy(() => import('./pages/settings/account.js')),
});
const apiKeys = createRoute({
  getParentRoute: () => settings,
  path: '/keys',
  component: lazy(() => import('./pages/settings/keys/index.js')),
});
const users = createRoute({
  getParentRoute: () => settings,
  path: '/users',
  validateSearch: trailSearch,
  component: lazy(() => import('./pages/settings/users/index.js')),
});
const applications = createRoute({
  getParentRoute: () => settings,
  path: '/applications',
  component: lazy(() => import('./pages/settings/applications.js')),
});
const audit = createRoute({
  getParentRoute: () => settings,
  path: '/audit',
  validateSearch: auditSearch,
  component: lazy(() => import('./pages/settings/audit.js')),
});
const server = createRoute({
  getParentRoute: () => settings,
  path: '/server',
  component: lazy(() => import('./pages/settings/server.js')),
});
const notFound = createRoute({
  getParentRoute: () => shell,
  path: '/$',
  component: lazy(() => import('./shell/not-found.js')),
});
const settingsTree = settings.addChildren([settingsHome, account, apiKeys, users, applications, audit, server]);

export const routeTree = root.addChildren([
  signIn,
  setup,
  invite,
  shell.addChildren([
    home,
    operations,
    pipelines,
    pipeline,
    insights,
    workers,
    worker,
    schedules,
    schedule,
    alerts,
    observability,
    settingsTree,
    notFound,
  ]),
]);
