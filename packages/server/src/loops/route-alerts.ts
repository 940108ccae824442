import { type NotifyDeps, notifyDue } from '../domain/alert/notify.js';
import { routeAlerts } from '../domain/alert/route.js';
import { goOnEnding } from '../domain/alert/rule-ends.js';
import { goOnNarrowing } from '../domain/alert/rule-narrowed.js';
import type { Group } from '../domain/commit/tickets.js';
import type { Ms, Reads } from '../store/store.js';
import type { Logger } from '../telemetry/logging.js';
import type { Loop } from './loop.js';

export const ROUTE_ALERTS = 'route-alerts';
const LOOK_EVERY_MS = 1_000; // a net, and what tells incidents whose time has come
/** Rows of the outbox, of up to 100 events each; and incidents. */
const ROWS = 10;
const INCIDENTS = 200;

interface Deps extends NotifyDeps {
  /** Incidents of an application that are not over before what begins is gathered. */
  maxOpen: number;
  reads: Pick<Reads, 'alertsWaiting' | 'now'>;
  /** Runs a piece of work in the committer's next group. */
  inGroup<R>(run: (group: Group) => Promise<R>): Promise<R>;
  log: Pick<Logger, 'warn'>;
}

/** What happened becomes incidents, and incidents become messages; each step in one transaction. */
export const routeAlertsLoop = ({ reads, inGroup, log, maxOpen, ...deps }: Deps): Loop => ({
  name: ROUTE_ALERTS,
  everyMs: LOOK_EVERY_MS,
  onLeader: true,
  run: async (): Promise<{ inMs: Ms } | undefined> => {
    if (!(await reads.alertsWaiting(await reads.now()))) return undefined;
    const { taken, parked } = await inGroup((group) => routeAlerts(group, ROWS, maxOpen));
    for (const reason of parked) log.warn({ reason }, 'what happened could not be made an alert, and is put aside');
    const more = await inGroup(async (group) => {
      const isEnding = await goOnEnding(group);
      const hasMore = (await goOnNarrowing(group)) || isEnding;
      return (await notifyDue(group, deps, INCIDENTS)) >= INCIDENTS || hasMore;
    });
    return taken === ROWS || more ? { inMs: 0 } : undefined;
  },
});
