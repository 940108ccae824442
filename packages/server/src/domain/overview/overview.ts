import type { Overview, OverviewHandler } from '@pipelogiq/protocol';
import type { Reads } from '../../store/store.js';
import type { Principal } from '../use-cases.js';
import { MISSED_BEATS } from '../worker/workers.js';

export interface OverviewUseCases {
  /** What the caller's application has going on at this moment. */
  overview(caller: Principal): Promise<Overview>;
}

export interface OverviewDeps {
  reads: Reads;
  heartbeatIntervalMs: number;
}

/** Rows that one figure counts to: reading them takes milliseconds, and no figure beyond says more to people. */
const COUNTED_TO = 10_000;
const SHOWN = 100;
const HOUR = 3_600_000;

type Queue = Awaited<ReturnType<Reads['readyByHandler']>>;
type Running = Awaited<ReturnType<Reads['runningByHandler']>>;

const timeOf = (at: number) => new Date(at).toISOString();
const oldestOf = (queue: Queue) =>
  queue.length > 0 ? { oldestReadyAt: timeOf(Math.min(...queue.map(({ oldest_at }) => oldest_at))) } : {};

function handlersOf(queue: Queue, running: Running): OverviewHandler[] {
  const waiting = new Map(queue.map((row) => [row.handler, row]));
  const busy = new Map(running.map((row) => [row.handler, row.running]));
  const handlers = [...new Set([...busy.keys(), ...waiting.keys()])].map((handler) => {
    const row = waiting.get(handler);
    return {
      handler,
      running: busy.get(handler) ?? 0,
      ready: row?.ready ?? 0,
      ...(row && { oldestReadyAt: timeOf(row.oldest_at) }),
    };
  });
  const load = ({ running: jobs, ready }: OverviewHandler) => jobs + ready;
  return handlers.sort((a, b) => load(b) - load(a) || (a.handler < b.handler ? -1 : 1)).slice(0, SHOWN);
}

const sum = (values: readonly number[]) =>
  Math.min(
    values.reduce((total, value) => total + value, 0),
    COUNTED_TO,
  );

export function overviewUseCases({ reads, heartbeatIntervalMs }: OverviewDeps): OverviewUseCases {
  const pipelines = async (applicationId: number) => {
    const count = (status: 'running' | 'paused' | 'not_started') => reads.countPipelines(applicationId, status, COUNTED_TO);
    const [running, paused, notStarted] = await Promise.all([count('running'), count('paused'), count('not_started')]);
    return { running, paused, notStarted, countedTo: COUNTED_TO };
  };
  return {
    async overview({ applicationId }) {
      const now = await reads.now();
      const [queue, running, pools, onlineHourAgo, incidents] = await Promise.all([
        reads.readyByHandler(applicationId, COUNTED_TO),
        reads.runningByHandler(applicationId, COUNTED_TO),
        reads.onlinePools(applicationId, now - MISSED_BEATS * heartbeatIntervalMs),
        reads.onlineAt(applicationId, now - HOUR),
        reads.openIncidents(applicationId),
      ]);
      const [open, acknowledged] = (['open', 'acknowledged'] as const).map((of) => incidents.find(({ status }) => status === of));
      return {
        at: timeOf(now),
        stages: {
          running: sum(running.map((row) => row.running)),
          ready: sum(queue.map(({ ready }) => ready)),
          ...oldestOf(queue),
          countedTo: COUNTED_TO,
        },
        pipelines: await pipelines(applicationId),
        handlers: handlersOf(queue, running),
        workers: {
          online: pools.reduce((total, { workers }) => total + workers, 0),
          onlineHourAgo,
          draining: pools.reduce((total, { draining }) => total + draining, 0),
        },
        pools: pools.slice(0, SHOWN).map(({ pool, workers, in_flight, slots, slots_used }) => ({
          pool,
          workers,
          inFlight: in_flight,
          slots,
          slotsUsed: slots_used,
        })),
        incidents: { open: open?.incidents ?? 0, acknowledged: acknowledged?.incidents ?? 0, muted: open?.muted ?? 0 },
      };
    },
  };
}
