import { LIMITS, type StageSpec } from '@pipelogiq/protocol';
import { createAccounts } from './accounts-room.js';
import { createAlerting } from './alerting.js';
import { BULK, backgroundLoops, END_WAITS, inGroup, PROMOTE, refusalsLoop } from './background.js';
import type { Clock } from './clock.js';
import type { Config } from './config.js';
import type { AccountService } from './domain/account/accounts.js';
import { type Refusal, Refusals } from './domain/account/refusals.js';
import type { ChannelKinds } from './domain/alert/channel.js';
import { Committer } from './domain/commit/committer.js';
import { readyWork } from './domain/commit/effects.js';
import type { Group, SettleTicket } from './domain/commit/tickets.js';
import { eventUseCases } from './domain/event/events.js';
import type { EventFeed } from './domain/event/feed.js';
import { hookUseCases } from './domain/hook/hooks.js';
import { insightUseCases } from './domain/insight/insights.js';
import { integrationUseCases } from './domain/integration/integrations.js';
import type { IntegrationKinds } from './domain/integration/kind.js';
import { overviewUseCases } from './domain/overview/overview.js';
import { operatorUseCases } from './domain/pipeline/operator.js';
import { pipelineUseCases } from './domain/pipeline/pipelines.js';
import { PipelineWaits } from './domain/pipeline/waits.js';
import { scheduleUseCases } from './domain/schedule/schedules.js';
import { serverUseCases } from './domain/server/server.js';
import { diagnosisUseCases } from './domain/stage/diagnoses.js';
import { eventStageUseCases } from './domain/stage/event-stages.js';
import { jobUseCases } from './domain/stage/jobs.js';
import type { UseCases } from './domain/use-cases.js';
import { workerUseCases } from './domain/worker/workers.js';
import type { HealthWatch } from './health/watch.js';
import { createEventFeed, eventLoops } from './live-events.js';
import { IntegrationChecker } from './loops/check-integrations.js';
import { Leadership } from './loops/leadership.js';
import { createLoops, type Loops } from './loops/loop.js';
import { peerLoops } from './loops/peers.js';
import { ROUTE_ALERTS } from './loops/route-alerts.js';
import { SEND_ALERTS } from './loops/send-alerts.js';
import { IntegrationSender, SEND_INTEGRATIONS } from './loops/send-integrations.js';
import { FIRE_SCHEDULES } from './loops/triggers.js';
import type { Mailer } from './outbound/mailer.js';
import type { Outbound } from './outbound/outbound.js';
import { retentionOf } from './retention.js';
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
  /** All calls to others. */
  outbound: Outbound;
  integrations: IntegrationKinds;
  channels: ChannelKinds;
  mailer: Mailer;
  telemetry: Pick<
    Telemetry,
    'log' | 'sampler' | 'spanExport' | 'work' | 'metrics' | 'profiler' | 'audited' | 'jobLines' | 'pruneFiles'
  >;
  health: HealthWatch;
}

/** Use cases over one store, with the committer in front of it and the loops beside it. */
export interface Engine {
  useCases: UseCases;
  accounts: AccountService;
  queued(): number;
  /** What waits for a commit, its size in bytes, and pulls that wait for work. */
  queue(): { requests: number; bytes: number; parkedPulls: number };
  /** Takes every answer; those that refused a key or a session go to the audit trail. */
  noteRefusal(answer: Omit<Refusal, 'code'> & { code?: Refusal['code'] }): void;
  /** Resolves when no loop runs and nothing is queued. */
  idle(): Promise<void>;
  /** Answers waiting pulls and hands out nothing more. */
  stopLeasing(): void;
  /** Ends the loops and finishes what is queued. */
  stop(): Promise<void>;
}

/** A server that is killed is replaced within this and the period of the loop that leads. */
const LEAD_MS = 10_000;
const LOOPS_GRACE_MS = 1_000;

export async function createEngine(parts: EngineParts): Promise<Engine> {
  const { config, clock, store, secrets, telemetry, integrations } = parts;
  const tokenFloor = await store.transaction(async (tx, now) => {
    await (config.events ? tx.openEvents(now) : tx.clearEvents());
    if (!store.peers) {
      // Of a server that was killed: there is no other one.
      await tx.releaseDeliveries();
      await tx.abandonAllAlerts();
    }
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
  const refusals = new Refusals(() => clock.now());
  const room = createAccounts({ ...shared, config, refusals });
  const { accounts } = room.useCases;
  const alerting = createAlerting({
    ...parts,
    ...shared,
    log: telemetry.log,
    onTried: telemetry.metrics.alerted,
    inGroup: (run) => inGroup(committer, 'operate', run, { canWait: true }),
    hint,
  });
  const useCases: UseCases = {
    ...room.useCases,
    operator: operatorUseCases({
      ...shared,
      maxValueBytes: config.maxValueBytes,
      onBulkAction: () => loops?.hint(BULK, clock.now()),
    }),
    pipelines: pipelineUseCases({ ...planning, waits, maxWaitMs: config.maxWaitMs, maxPageBytes: config.maxPageBytes }),
    schedules: scheduleUseCases({ ...planning, onNextFiring: (inMs) => loops?.hint(FIRE_SCHEDULES, clock.now() + inMs) }),
    hooks: hookUseCases({ ...planning, secrets, toleranceMs: config.hookToleranceMs, maxLength: config.maxBodyBytes }),
    jobs: jobUseCases({ ...shared, ...config, checkStageSpecs: parts.checkStageSpecs }),
    eventStages: eventStageUseCases({ ...shared, ...config }),
    diagnosis: diagnosisUseCases({ ...shared, ...config }),
    workers: workerUseCases({ ...shared, ...config, traces: telemetry.spanExport.enabled, hasPeers: store.peers !== undefined }),
    events: eventUseCases({ ...shared, ...config, feed }),
    insights: insightUseCases({ ...shared, ...config }),
    overview: overviewUseCases({ ...shared, ...config }),
    integrations: integrationUseCases({
      ...shared,
      secrets,
      outbound: parts.outbound,
      kinds: integrations,
      exportsSpans: telemetry.spanExport.enabled,
      onAlerts: alerting.onAlerts,
      testAlerts: alerting.testAlerts,
      onConfigured: () => hint(SEND_INTEGRATIONS, 0),
    }),
    ...alerting.useCases,
    server: serverUseCases({ committer, ...telemetry, retention: retentionOf(config) }),
  };
  const integrating = {
    ...parts,
    reads: store.reads,
    kinds: integrations,
    log: telemetry.log,
    inGroup: <R>(run: (group: Group) => Promise<R>) => inGroup(committer, 'operate', run),
  };
  const sender = new IntegrationSender({ ...integrating, onDelivered: telemetry.metrics.delivered });
  const checker = new IntegrationChecker(integrating);
  const leadership = new Leadership({
    holder: clock.randomHex(8),
    ttlMs: LEAD_MS,
    clock,
    inGroup: async (run) => {
      const result = await inGroup(committer, 'operate', run);
      parts.health.wrote();
      return result;
    },
  });
  loops = createLoops(
    [
      ...backgroundLoops(parts, committer, accounts),
      ...parts.health.loops(),
      refusalsLoop(parts, committer, refusals),
      ...room.loops,
      ...sender.loops(),
      ...checker.loops(),
      ...alerting.loops,
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
  parts.health.watch({
    queued: () => committer.queued,
    parkedPulls: () => committer.parked,
    committingSince: () => committer.committingSince,
    loops: () => loops?.states() ?? [],
    hint,
  });
  loops.start();
  return {
    useCases,
    accounts,
    queued: () => committer.queued,
    queue: () => ({ requests: committer.queued, bytes: committer.queuedBytes, parkedPulls: committer.parked }),
    noteRefusal: (answer) => refusals.note(answer),
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
      await settledWithin(
        Promise.all([loops.stop(), sender.stop(), checker.stop(), alerting.stop()]).then(() => {}),
        LOOPS_GRACE_MS,
        clock,
      );
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
  { config, clock, store, telemetry, health }: EngineParts,
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
    get metrics() {
      return telemetry.metrics.enabled || telemetry.jobLines.enabled;
    },
    leaseMs: config.leaseMs,
    maxPullBytes: config.maxPullBytes,
    maxValueBytes: config.maxValueBytes,
    groupMaxLeases: config.groupMaxRows,
    jobPayloadBytes: LIMITS.jobPayloadBytes,
    tokenFloor,
    onCommitted: ({ effects, now, tickets, durationMs }) => {
      health.committed();
      // Relative: the store's clock need not be this process's.
      if (effects.nextDueAt !== undefined) hint(PROMOTE, effects.nextDueAt - now);
      if (effects.nextWaitEndAt !== undefined) hint(END_WAITS, effects.nextWaitEndAt - now);
      if (effects.ready.size > 0) store.peers?.announce([...effects.ready].map(([key, count]) => readyWork(key, count)));
      waits.ended(effects.endedPipelines);
      if (!effects.events.isEmpty) feed?.wake();
      const { counts, workers } = effects;
      const samples = effects.samples.all;
      telemetry.metrics.committed({ counts, samples, tickets, durationMs, now });
      for (const trouble of effects.alertTroubles) telemetry.metrics.alertTroubled(trouble);
      telemetry.jobLines.committed({ counts, samples, workers });
      if (effects.hasDeliveries) hint(SEND_INTEGRATIONS, 0);
      if (effects.hasAlerts) hint(ROUTE_ALERTS, config.alertGatherMs);
      if (effects.hasAlertDeliveries) hint(SEND_ALERTS, 0);
      if (effects.audited.length > 0) telemetry.audited(effects.audited);
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
          .catch((error) =>
            telemetry.log.warn({ category: 'job', err: error, stage_id: id }, 'an undelivered job waits for its lease to end'),
          );
      }
    },
    work: telemetry.work,
    onFailure: (error) => {
      telemetry.metrics.commitFailed();
      health.commitFailed(error);
      telemetry.log.error({ err: error }, 'a commit failed');
    },
  });
  return committer;
}
