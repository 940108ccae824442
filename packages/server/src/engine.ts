import { LIMITS, type StageSpec } from '@pipelogiq/protocol';
import type { Clock } from './clock.js';
import type { Config } from './config.js';
import { AccountService } from './domain/account/accounts.js';
import { Committer } from './domain/commit/committer.js';
import { readyWork } from './domain/commit/effects.js';
import type { Group, OperateTicket, SettleTicket, TimerTicket } from './domain/commit/tickets.js';
import { eventUseCases } from './domain/event/events.js';
import type { EventFeed } from './domain/event/feed.js';
import { hookUseCases } from './domain/hook/hooks.js';
import { insightUseCases } from './domain/insight/insights.js';
import { operatorUseCases } from './domain/pipeline/operator.js';
import { pipelineUseCases } from './domain/pipeline/pipelines.js';
import { PipelineWaits } from './domain/pipeline/waits.js';
import { scheduleUseCases } from './domain/schedule/schedules.js';
import { diagnosisUseCases } from './domain/stage/diagnoses.js';
import { eventStageUseCases } from './domain/stage/event-stages.js';
import { jobUseCases } from './domain/stage/jobs.js';
import type { UseCases } from './domain/use-cases.js';
import { workerUseCases } from './domain/worker/workers.js';
import { createEventFeed, eventLoops } from './live-events.js';
import { BulkActions } from './loops/bulk-actions.js';
import { endWaits } from './loops/end-waits.js';
import { expireLeases } from './loops/expire-leases.js';
import { exportSpans } from './loops/export-spans.js';
import { insightLoops } from './loops/insights.js';
import { Leadership } from './loops/leadership.js';
import { createLoops, type Loop, type Loops } from './loops/loop.js';
import { peerLoops } from './loops/peers.js';
import { promoteDue } from './loops/promote-due.js';
import { Pruner } from './loops/prune.js';
import { FIRE_SCHEDULES, triggerLoops } from './loops/triggers.js';
import { DAY } from './options.js';
import type { Secrets } from './secrets/secrets.js';
import { settledWithin } from './settled-within.js';
import type { Store } from './store/store.js';
import type { Telemetry } from './telemetry/telemetry.js';

export interface EngineParts {
  config: Config;
  clock: Clock;
  store: Store;
  /** Holds what came as stages to their schema; throws a DomainError. */
  checkStageSpecs(specs: unknown): StageSpec[];
  secrets: Secrets;
  telemetry: Pick<Telemetry, 'log' | 'sampler' | 'spanExport'>;
}

/** Use cases over one store, with the committer in front of it and the loops beside it. */
export interface Engine {
  useCases: UseCases;
  accounts: AccountService;
  queued(): number;
  parkedPulls(): number;
  /** Resolves when no loop runs and nothing is queued. */
  idle(): Promise<void>;
  /** Answers waiting pulls and hands out nothing more. */
  stopLeasing(): void;
  /** Ends the loops and finishes what is queued. */
  stop(): Promise<void>;
}

const NO_APPLICATION = 0; // the server's own work has a line of its own in the queue
const PROMOTE = 'promote-due';
const END_WAITS = 'end-waits';
const BULK = 'bulk-actions';
const BULK_EVERY_MS = 5_000; // a net: what is left after a restart
const TIMERS_EVERY_MS = 1_000; // a net: hints from commits make it prompt
const EXPORT_EVERY_MS = 1_000;
const KEYS_EVERY_MS = 60_000;
/** A server that is killed is replaced within this and the period of the loop that leads. */
const LEAD_MS = 10_000;
const LOOPS_GRACE_MS = 1_000;
/** What a fold counts for in its group: some hundred pages at most, usually a few. */
const FOLDED_ROWS = 50;

export async function createEngine(parts: EngineParts): Promise<Engine> {
  const { config, clock, store, secrets, telemetry } = parts;
  const tokenFloor = await store.transaction(async (tx, now) => {
    await (config.events ? tx.openEvents(now) : tx.clearEvents());
    return tx.tokenFloor();
  });
  const waits = new PipelineWaits();
  const feed = createEventFeed(parts);
  let loops: Loops | undefined;
  const hint = (loop: string, inMs: number): void => loops?.hint(loop, clock.now() + inMs);
  const committer: Committer = createCommitter(parts, tokenFloor, { waits, feed, hint });
  store.peers?.onReady((ready) => committer.wake(ready));
  const shared = { committer, reads: store.reads, clock };
  const planning = { ...shared, maxValueBytes: config.maxValueBytes, sampler: telemetry.sampler };
  const accounts = new AccountService(shared);
  const useCases: UseCases = {
    accounts,
    operator: operatorUseCases({
      ...shared,
      maxValueBytes: config.maxValueBytes,
      onBulkAction: () => loops?.hint(BULK, clock.now()),
    }),
    pipelines: pipelineUseCases({ ...planning, waits, maxWaitMs: config.maxWaitMs }),
    schedules: scheduleUseCases({ ...planning, onNextFiring: (inMs) => loops?.hint(FIRE_SCHEDULES, clock.now() + inMs) }),
    hooks: hookUseCases({ ...planning, secrets, toleranceMs: config.hookToleranceMs, maxLength: config.maxBodyBytes }),
    jobs: jobUseCases({ ...shared, ...config, checkStageSpecs: parts.checkStageSpecs }),
    eventStages: eventStageUseCases({ ...shared, ...config }),
    diagnosis: diagnosisUseCases({ ...shared, ...config }),
    workers: workerUseCases({ ...shared, ...config, traces: telemetry.spanExport.enabled, hasPeers: store.peers !== undefined }),
    events: eventUseCases({ ...shared, ...config, feed }),
    insights: insightUseCases({ ...shared, ...config }),
  };
  const leadership = new Leadership({
    holder: clock.randomHex(8),
    ttlMs: LEAD_MS,
    clock,
    inGroup: (run) => submit(committer, 'operate', run),
  });
  loops = createLoops(
    [
      ...loopTable(parts, committer, accounts),
      ...(feed ? eventLoops(parts, committer, feed) : []),
      ...(store.peers ? peerLoops(store, committer, waits, { leadership, onTaken: () => loops?.leadTaken() }) : []),
    ],
    {
      clock,
      leads: () => !store.peers || leadership.leads,
      onError: (loop, error, failures) =>
        telemetry.log.error({ err: error, loop, failures }, 'a loop failed and will be tried again'),
      onRecovered: (loop, failures) => telemetry.log.info({ loop, failures }, 'a loop works again'),
    },
  );
  loops.start();
  return {
    useCases,
    accounts,
    queued: () => committer.queued,
    parkedPulls: () => committer.parked,
    idle: async () => {
      await loops?.idle();
      await committer.drain();
    },
    stopLeasing: () => {
      committer.stopLeasing();
      waits.endAll();
      void feed?.close();
    },
    stop: async () => {
      // An export to a collector that does not answer must not hold up the end; its spans stay in the queue.
      await settledWithin(loops.stop(), LOOPS_GRACE_MS, clock);
      if (store.peers) await settledWithin(leadership.resign(), LOOPS_GRACE_MS, clock);
      await committer.drain();
      await feed?.close();
    },
  };
}

interface Told {
  waits: PipelineWaits;
  feed: EventFeed | undefined;
  /** Asks a loop to run in so many milliseconds. */
  hint(loop: string, inMs: number): void;
}

function createCommitter(
  { config, clock, store, telemetry }: EngineParts,
  tokenFloor: number,
  { waits, feed, hint }: Told,
): Committer {
  const committer = new Committer({
    store,
    clock,
    limits: config,
    random: () => clock.random(),
    exportSpans: telemetry.spanExport.enabled,
    events: config.events,
    insights: config.insights,
    leaseMs: config.leaseMs,
    maxPullBytes: config.maxPullBytes,
    maxValueBytes: config.maxValueBytes,
    groupMaxLeases: config.groupMaxRows,
    jobPayloadBytes: LIMITS.jobPayloadBytes,
    tokenFloor,
    onCommitted: ({ effects, now }) => {
      // Relative: the store's clock need not be this process's.
      if (effects.nextDueAt !== undefined) hint(PROMOTE, effects.nextDueAt - now);
      if (effects.nextWaitEndAt !== undefined) hint(END_WAITS, effects.nextWaitEndAt - now);
      if (effects.ready.size > 0) store.peers?.announce([...effects.ready].map(([key, count]) => readyWork(key, count)));
      waits.ended(effects.endedPipelines);
      if (!effects.events.isEmpty) feed?.wake();
    },
    onUndeliverable: (holder, jobs) => {
      for (const { id, fencingToken } of jobs) {
        const release = { kind: 'release' as const, release: { id, fencingToken } };
        committer
          .submit<SettleTicket>({
            kind: 'settle',
            applicationId: holder.applicationId,
            rows: 1,
            bytes: 0,
            holder,
            settle: release,
            context: [],
          })
          .catch((error) => telemetry.log.warn({ err: error, stage_id: id }, 'an undelivered job waits for its lease to end'));
      }
    },
    onFailure: (error) => telemetry.log.error({ err: error }, 'a commit failed'),
  });
  return committer;
}

const submit = <R>(committer: Committer, kind: 'timer' | 'operate', run: (group: Group) => Promise<R>): Promise<R> =>
  committer.submit<TimerTicket | OperateTicket>({
    kind,
    applicationId: NO_APPLICATION,
    rows: 1,
    bytes: 0,
    run,
  } as TimerTicket) as Promise<R>;

const behindAll = <R>(
  committer: Committer,
  weight: Pick<OperateTicket, 'applicationId' | 'rows' | 'pipelines'>,
  run: (group: Group) => Promise<R>,
): Promise<R> => committer.submit<OperateTicket>({ kind: 'operate', bytes: 0, background: true, ...weight, run }) as Promise<R>;

/** Background work: name, period, function. */
function loopTable(parts: EngineParts, committer: Committer, accounts: AccountService): Loop[] {
  const { config, clock, store, telemetry } = parts;
  const table: Loop[] = [
    {
      name: 'expire-leases',
      everyMs: config.expireEveryMs,
      onLeader: true,
      run: () => submit(committer, 'timer', (group) => expireLeases(group, { ...config, random: () => clock.random() })),
    },
    { name: PROMOTE, everyMs: TIMERS_EVERY_MS, onLeader: true, run: () => submit(committer, 'timer', promoteDue) },
    {
      name: END_WAITS,
      everyMs: TIMERS_EVERY_MS,
      onLeader: true,
      run: () => submit(committer, 'timer', (group) => endWaits(group, config)),
    },
    bulkLoop(parts, committer),
    {
      name: 'touch-api-keys',
      everyMs: KEYS_EVERY_MS,
      run: () => submit(committer, 'operate', (group) => accounts.flushUsed(group)),
    },
  ];
  if (config.retentionDays > 0) table.push(pruneLoop(parts, committer));
  table.push(
    ...insightLoops({
      config,
      inBackground: (run) => behindAll(committer, { applicationId: NO_APPLICATION, rows: FOLDED_ROWS }, run),
    }),
  );
  table.push(...triggerLoops({ ...parts, inGroup: (run) => submit(committer, 'timer', run) }));
  if (telemetry.spanExport.enabled) {
    table.push({
      name: 'export-spans',
      everyMs: EXPORT_EVERY_MS,
      onLeader: true,
      runsAtStop: true,
      run: async () => {
        const { more } = await exportSpans({
          reads: store.reads,
          export: (records) => telemetry.spanExport.export(records),
          inGroup: (run) => submit(committer, 'operate', run),
          onRefused: (error) => telemetry.log.error({ err: error }, 'the collector refuses a span for good; it is dropped'),
        });
        return more ? { inMs: 0 } : undefined;
      },
    });
  }
  return table;
}

function bulkLoop({ clock, store, telemetry }: EngineParts, committer: Committer): Loop {
  const actions = new BulkActions({
    reads: store.reads,
    clock,
    inBackground: (weight, run) => behindAll(committer, weight, run),
    onFailure: (error, action) => telemetry.log.error({ err: error, ...action }, 'a chunk of an action on many pipelines failed'),
  });
  return { name: BULK, everyMs: BULK_EVERY_MS, onLeader: true, run: () => actions.step() };
}

function pruneLoop({ config, clock, store, telemetry }: EngineParts, committer: Committer): Loop {
  const rows = config.pruneChunkRows;
  const pruner = new Pruner({
    reads: store.reads,
    retentionMs: config.retentionDays * DAY,
    keepExports: telemetry.spanExport.enabled,
    limits: { rows, bytes: config.pruneChunkBytes },
    pauseMs: config.prunePauseMs,
    now: () => clock.now(),
    inBackground: (run, pipelines = []) => behindAll(committer, { applicationId: NO_APPLICATION, rows, pipelines }, run),
    onPruned: (pipelines) => telemetry.log.info({ pipelines }, 'pruned'),
  });
  return { name: 'prune', everyMs: config.pruneEveryMs, onLeader: true, run: () => pruner.step() };
}
