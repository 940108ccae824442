import type { PipelineFilter } from '@pipelogiq/protocol';
import type { Accounts, ApiKeyRow, KeyReach, UserReads, Users } from './account-rows.js';
import type { AlertReads, Alerts } from './alert-rows.js';
import type { DiagnosisReads } from './diagnosis-rows.js';
import type { EventLog, EventReads } from './event-rows.js';
import type { GraphEdge, GraphStage, PipelineState, StageCounts, StagePlace } from './graph-rows.js';
import type { Growth } from './growth-rows.js';
import type { HealthReads, StoreHealth } from './health-rows.js';
import type { HistoryReads } from './history-rows.js';
import type { InsightReads, Insights } from './insight-rows.js';
import type { IntegrationReads, Integrations } from './integration-rows.js';
import type { MetricReads, StoreFigures } from './metric-rows.js';
import type { Operate, OperateReads } from './operate-rows.js';
import type { OverviewReads } from './overview-rows.js';
import type { PayloadReads } from './payload-rows.js';
import type { PeerReads, Peers } from './peer-rows.js';
import type { Retention, RetentionReads } from './retention-rows.js';
import type {
  ApplicationRow,
  AppliedChange,
  AttemptRow,
  BlockedRow,
  ClaimedStage,
  CompletedRow,
  Completion,
  ContextRow,
  CountedPipeline,
  CounterDelta,
  DeliveryRow,
  DependencyOutput,
  IdRange,
  KnownPipeline,
  Ms,
  NewDelivery,
  NewPipeline,
  NewStage,
  PipelineRow,
  ReadPage,
  ReadyStage,
  StageChange,
  StageLogRow,
  StageOutput,
  StageRow,
  StartedDelivery,
  StartedPipeline,
  WaitingStage,
  WorkerBeat,
  WorkerRow,
  WorkerStanding,
} from './rows.js';
import type { Sequence } from './sequences.js';
import type { SpanQueue, SpanReads } from './span-rows.js';
import type { TriggerReads, Triggers } from './trigger-rows.js';
import type { WorkerHistoryReads } from './worker-history-rows.js';

/**
 * Everything the domain asks of a database. One implementation serves every dialect; where dialects differ they differ by
 * capability. Every hot operation takes a batch and is a handful of set-based statements.
 */
export interface Store {
  /**
   * Runs `work` in one transaction: committed and durable when the promise resolves, rolled back when it rejects. `now` is the time
   * of its begin in epoch milliseconds, by the clock that orders this store's leases: the process's on SQLite, the database's on
   * PostgreSQL. With `canWait` a store may leave it to the next durable commit to make this one so: until then a loss of power, and
   * nothing else, undoes it as a whole.
   */
  transaction<T>(work: (tx: Tx, now: Ms) => Promise<T>, durability?: { canWait: boolean }): Promise<T>;
  readonly reads: Reads;
  /** Other servers on the same database; absent where there can be none. */
  readonly peers?: Peers;
  readonly health: StoreHealth;
  readonly figures: StoreFigures;
  failureOf(error: unknown): Failure;
  close(): Promise<void>;
}

/**
 * What a failure says: one bad statement (`data`), two writers in each other's way, of whom this one must begin again (`conflict`),
 * a database that cannot be used now (`unavailable`), or a commit of which nobody knows whether it counts.
 */
export type Failure = 'data' | 'conflict' | 'unavailable' | 'unknown_outcome';

export interface Tx
  extends Actions,
    Growth,
    Retention,
    Operate,
    Creates,
    Leases,
    Settles,
    Timers,
    Cancels,
    Workers,
    Accounts,
    Reports,
    SpanQueue,
    Waits,
    EventLog,
    Insights,
    Integrations,
    Alerts,
    Triggers,
    Users {
  /** Runs `work` so that its failure undoes only its own statements. */
  savepoint<T>(work: () => Promise<T>): Promise<T>;
}

export interface Creates {
  /** Reserves `count` ids that were never given out before, in ascending order. */
  allocateIds(sequence: Sequence, count: number): Promise<number[]>;
  pipelinesByIdempotencyKey(keys: { applicationId: number; key: string }[]): Promise<KnownPipeline[]>;
  insertPipelines(rows: NewPipeline[]): Promise<void>;
  insertStages(rows: NewStage[]): Promise<void>;
  insertDependencies(rows: { depends_on_id: number; stage_id: number }[]): Promise<void>;
  insertKeywords(rows: { application_id: number; keyword: string; pipeline_id: number }[]): Promise<void>;
  /** Inserts or overwrites; a later row of the batch wins. Marks the pipelines as having context. */
  putContext(rows: ContextRow[]): Promise<void>;
}

export interface Leases {
  /** Stages that can be leased now, most urgent first. On stores with several writers the rows are locked, locked ones skipped. */
  claim(claim: { applicationId: number; handlers: string[]; limit: number }): Promise<ClaimedStage[]>;
  /** Copies the latest, ended delivery of each stage to stage_attempt, before a new one overwrites it. */
  archiveDeliveries(stageIds: number[]): Promise<void>;
  /** pending to running, under the next token above `tokenFloor`; the timeout counts from `now`. */
  startDeliveries(rows: NewDelivery[], lease: { now: Ms; leaseExpiresAt: Ms; tokenFloor: number }): Promise<StartedDelivery[]>;
  /** Running deliveries that these pulls of the worker were given. */
  deliveriesOfPulls(workerId: number, pullSeqs: number[]): Promise<ClaimedStage[]>;
  inputs(stageIds: number[]): Promise<{ id: number; input: string | null }[]>;
  /** Outputs of the direct dependencies of these stages. */
  dependencyOutputs(stageIds: number[]): Promise<DependencyOutput[]>;
  /** The same without the outputs. */
  dependencyNames(stageIds: number[]): Promise<DependencyOutput[]>;
  /** Outputs of single stages, for output references. */
  outputsOf(stageIds: number[]): Promise<StageOutput[]>;
  contextOf(pipelineIds: number[]): Promise<ContextRow[]>;
  setLastPullSeq(rows: { workerId: number; pullSeq: number }[]): Promise<void>;
  /** Added to every new token, so that a restored backup never hands out a token twice. */
  tokenFloor(): Promise<number>;
}

export interface Settles {
  /**
   * Takes the lock under which a pipeline's stages settle and its counters move; nothing where one connection writes. The order of
   * locks is the same everywhere: pipelines by id, then stages by id.
   */
  lockPipelines(ids: number[]): Promise<void>;
  /** Current deliveries of these stages; locked on stores with several writers. */
  deliveries(stageIds: number[]): Promise<DeliveryRow[]>;
  /** running to completed for the acks whose delivery is still held. Returns those; the others are as they were. */
  completeDeliveries(rows: Completion[], now: Ms): Promise<CompletedRow[]>;
  archivedOutcomes(
    refs: { id: number; fencingToken: number }[],
  ): Promise<Pick<AttemptRow, 'stage_id' | 'fencing_token' | 'outcome' | 'error_code'>[]>;
  /** Applies each change whose stage still has the expected status and token. Returns those that it changed. */
  applyChanges(changes: StageChange[]): Promise<AppliedChange[]>;
  /** Counts these stages as satisfied in their dependents and starts those that have none left. */
  satisfyDependents(stageIds: number[], now: Ms): Promise<ReadyStage[]>;
  /** Blocks everything downstream of these stages that has not started. */
  blockDependents(stageIds: number[]): Promise<BlockedRow[]>;
  /** Adds to the counters and ends the pipelines that have no open stage left. */
  countStages(deltas: CounterDelta[], now: Ms): Promise<CountedPipeline[]>;
  /** Adds leaseMs from now to each lease that is still held. Returns the ones extended. */
  extendLeases(
    refs: { id: number; fencing_token: number; worker_id: number }[],
    leaseExpiresAt: Ms,
  ): Promise<{ id: number; fencing_token: number; worker_id: number }[]>;
}

export interface Timers {
  /** Takes or keeps the lead of the server's background work for `ttlMs`; whoever has it keeps it until it runs out. */
  lead(holder: string, ttlMs: Ms, now: Ms): Promise<{ leads: boolean; term: number }>;
  /** Gives up the lead, if this holder has it. */
  resign(holder: string): Promise<void>;
  /** Ids of running deliveries whose lease or timeout had run out when it looked, earliest first. */
  dueDeliveries(now: Ms, limit: number): Promise<number[]>;
  /** Scheduled stages that are due, earliest first; on stores with several writers locked, those that another deals with skipped. */
  dueStages(now: Ms, limit: number): Promise<number[]>;
  /** scheduled to pending; pipelines that waited for it start. */
  promote(ids: number[], now: Ms): Promise<{ ready: ReadyStage[]; started: StartedPipeline[] }>;
  /** The next moments at which a timer has something to do. */
  nextTimes(): Promise<{ wakeAt: Ms | null; dueAt: Ms | null }>;
  /** After an outage: a fresh lease for every running delivery, timeouts shifted by what they lost of the gap. */
  grantGrace(grace: { leaseExpiresAt: Ms; gapMs: Ms; now: Ms }): Promise<number>;
  getState(key: string): Promise<string | undefined>;
  setState(key: string, value: string): Promise<void>;
  /** Sets it and returns what it was. Of several writers each sees what the one before it set. */
  replaceState(key: string, value: string): Promise<string | undefined>;
  /** Sets it where it is not set, and returns what it is. Of several writers the first one sets it. */
  keepState(key: string, value: string): Promise<string>;
}

export interface Cancels {
  pipelineStatuses(
    ids: number[],
  ): Promise<Pick<PipelineRow, 'id' | 'application_id' | 'name' | 'status' | 'trigger' | 'run' | 'started_at'>[]>;
  /** Cancels every stage that is not final; running ones lose their lease at once. */
  cancelStages(stages: IdRange, now: Ms): Promise<Pick<StageRow, 'id' | 'application_id' | 'name' | 'handler'>[]>;
  cancelPipeline(pipelineId: number, cancelledStages: number, reason: string | null, now: Ms): Promise<void>;
}

/** Changes of a whole pipeline by an operator, or by a stage that adds others. */
export interface Actions {
  pipelineState(id: number): Promise<PipelineState | undefined>;
  /** Every stage, by id; locked on stores with several writers. */
  graphStages(stages: IdRange): Promise<GraphStage[]>;
  graphEdges(stages: IdRange): Promise<GraphEdge[]>;
  /** Copies the deliveries under way among these stages to stage_attempt, ended now as superseded. */
  archiveSuperseded(stageIds: number[], now: Ms): Promise<void>;
  /** Deletes stages with their edges, and remembers their names and ids. */
  removeStages(stageIds: number[], now: Ms): Promise<void>;
  /** To skipped; a delivery under way ends as superseded. */
  endSkipped(stageIds: number[], now: Ms): Promise<void>;
  placeStages(places: StagePlace[]): Promise<void>;
  /** Forgets what the last run did, except its fencing token. */
  resetStages(rows: { id: number; span_id: string }[]): Promise<void>;
  /** Nothing among these is leased until they are released. */
  holdStages(stages: IdRange): Promise<void>;
  releaseStages(stages: IdRange, pausedMs: Ms, now: Ms): Promise<ReadyStage[]>;
  setPipelineState(
    id: number,
    change: Partial<Omit<PipelineState, 'id' | 'application_id'>> & Partial<StageCounts>,
  ): Promise<void>;
}

/** Stages that are ready and have not run: how long they may stay so, and the events that some of them wait for. */
export interface Waits {
  /** Ids of stages that have been pending or waiting for longer than they may; held ones never are. */
  overdueWaits(now: Ms, limit: number): Promise<number[]>;
  /** When the next of them ends. */
  nextWaitEnd(): Promise<Ms | null>;
  /** After an outage, in which nobody could lease or complete them: their time goes on where it stood. */
  shiftWaits(gap: { gapMs: Ms; now: Ms }): Promise<void>;
  /** These stages; locked on stores with several writers. */
  waitingStages(stageIds: number[]): Promise<WaitingStage[]>;
  stageNamed(stages: IdRange, name: string): Promise<number | undefined>;
  updateEvent(stageId: number, change: { event_tokens: string } | { event_result: string }): Promise<void>;
}

export interface Workers {
  /** What these workers may do and how far their pulls have come; locked on stores with several writers. */
  workerStandings(ids: number[]): Promise<WorkerStanding[]>;
  workerOrders(ids: number[]): Promise<Pick<WorkerRow, 'id' | 'order_given' | 'pool' | 'concurrency' | 'last_seen_at'>[]>;
  workerByInstance(applicationId: number, instanceId: string): Promise<WorkerRow | undefined>;
  insertWorker(row: WorkerRow): Promise<void>;
  updateWorker(id: number, change: Partial<Omit<WorkerRow, 'id' | 'application_id'>>): Promise<void>;
  touchWorkers(rows: WorkerBeat[]): Promise<void>;
  /** A new session counts its pulls anew: forgets how far they came and which of them the worker's jobs came with. */
  restartPulls(workerId: number, sessionHash: string): Promise<void>;
}

export interface Reports {
  setProgress(rows: { id: number; fencing_token: number; ratio: number | null; message: string | null }[]): Promise<void>;
  addLogLines(rows: { id: number; lines: number }[]): Promise<void>;
  insertLogs(rows: StageLogRow[]): Promise<void>;
}

/** Reads that never touch the writer. `applicationId` bounds every one of them. */
export interface Reads
  extends AlertReads,
    DiagnosisReads,
    EventReads,
    HealthReads,
    HistoryReads,
    InsightReads,
    IntegrationReads,
    MetricReads,
    OperateReads,
    OverviewReads,
    PayloadReads,
    PeerReads,
    RetentionReads,
    SpanReads,
    TriggerReads,
    UserReads,
    WorkerHistoryReads {
  /** The time that stored times are of: as `now` of a transaction. */
  now(): Promise<Ms>;
  pipelines(applicationId: number, filter: PipelineFilter, page: ReadPage): Promise<(PipelineRow & { application: string })[]>;
  pipeline(applicationId: number, id: number): Promise<(PipelineRow & { application: string }) | undefined>;
  stagesById(ids: number[]): Promise<StageRow[]>;
  dependencyNames(stageIds: number[]): Promise<{ stage_id: number; name: string }[]>;
  dependencyPayloads(
    stageId: number,
    page: { limit: number; after?: number | undefined },
  ): Promise<{ depends_on_id: number; name: string; output: string | null }[]>;
  workers(applicationId: number, page: ReadPage): Promise<(WorkerRow & { application: string })[]>;
  worker(applicationId: number, id: number): Promise<(WorkerRow & { application: string }) | undefined>;
  apiKeyByHash(keyHash: string): Promise<(ApiKeyRow & { application: string }) | undefined>;
  apiKeys(reach: KeyReach): Promise<(ApiKeyRow & { application: string })[]>;
  applications(): Promise<ApplicationRow[]>;
  countApiKeys(): Promise<number>;
}

export type * from './account-rows.js';
export type * from './alert-rows.js';
export type * from './diagnosis-rows.js';
export type * from './event-rows.js';
export type * from './graph-rows.js';
export type * from './growth-rows.js';
export type * from './health-rows.js';
export type * from './history-rows.js';
export type * from './insight-rows.js';
export type * from './integration-rows.js';
export type * from './metric-rows.js';
export type * from './operate-rows.js';
export type * from './payload-rows.js';
export type * from './peer-rows.js';
export type * from './retention-rows.js';
export type * from './rows.js';
export type * from './sequences.js';
export type * from './span-rows.js';
export type * from './trigger-rows.js';
