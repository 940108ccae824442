/**
 * What the system must look like from outside, as small as it can be said: written from docs/protocol.md and the design, not from
 * the server's code. Dependents, pipelines and counters are derived here, never counted along.
 */

export const LEASE_MS = 4_000;
export const ALIVE_GAP_MS = 5_000;
/** Everything happens at whole seconds, so that what is due is also done when a command begins. */
export const TICK_MS = 1_000;
export const DEFAULT_TIMEOUT_MS = 1_800_000;

export type StageStatus =
  | 'not_started'
  | 'scheduled'
  | 'pending'
  | 'running'
  | 'waiting'
  | 'completed'
  | 'failed'
  | 'skipped'
  | 'cancelled'
  | 'blocked';
export type PipelineStatus = 'not_started' | 'running' | 'paused' | 'completed' | 'failed' | 'cancelled';
export type Outcome = 'completed' | 'failed' | 'retried' | 'released' | 'expired' | 'timed_out' | 'cancelled' | 'superseded';
export type SettleKind = 'ack' | 'nack' | 'release';

/** As on the wire; `dependsOn` is always given. An event stage knows no handler, priority, pendingTimeoutMs, attempts and backoff. */
export interface Spec {
  name: string;
  handler: string;
  waitFor?: 'event';
  pendingTimeoutMs?: number;
  dependsOn: string[];
  priority?: number;
  delayMs?: number;
  timeoutMs?: number;
  maxAttempts: number;
  backoffMs: number;
  runNextIfFailed: boolean;
  failIfOutputEmpty: boolean;
}

export interface WorkerModel {
  name: string;
  id: string;
  session: string;
  /** Number of the last pull of this session. */
  seq: number;
  /** The highest number that brought jobs or was abandoned. */
  brought: number;
  drained: boolean;
  state: 'running' | 'draining';
}

export interface Delivery {
  stage: StageModel;
  token: number;
  worker: WorkerModel;
  /** Undefined once the worker began a new session. */
  pullSeq: number | undefined;
  outcome?: Outcome;
  endedBy?: SettleKind;
}

export interface StageModel {
  pipeline: PipelineModel;
  id: string;
  spec: Spec;
  priority: number;
  on: Set<StageModel>;
  spawnedBy: StageModel | undefined;
  notBefore: number | undefined;
  status: StageStatus;
  attempts: number;
  expiries: number;
  token: number;
  dueAt: number;
  /** Since when it has been pending or waiting; later by what does not count: pauses and outages. */
  readyAt: number;
  /** How an event ended it: what is repeated. */
  event: EventResult | undefined;
  leaseEndsAt: number;
  deadline: number;
  deliveries: Map<number, Delivery>;
  /** Rerun, and not delivered since. */
  fresh: boolean;
  removed: boolean;
}

/** What somebody outside says of an event stage. */
export type EventResult = { outcome: 'completed'; output?: { signed: number } } | { outcome: 'failed' };

export interface PipelineModel {
  id: string;
  status: PipelineStatus;
  priority: number;
  runAt: number | undefined;
  hasBegun: boolean;
  pausedAt: number | undefined;
  run: number;
  stages: StageModel[];
}

export class World {
  readonly pipelines: PipelineModel[] = [];
  readonly workers: WorkerModel[] = [];
  /** All that were ever made, in order. */
  readonly deliveries: Delivery[] = [];
  /** When the server last noted that it lives. */
  aliveAt: number;
  /** The clock was set forward, perhaps back again, and the server has not looked at it since. */
  isLate = false;

  constructor(public now: number) {
    this.aliveAt = now;
  }

  get stages(): StageModel[] {
    return this.pipelines.flatMap((pipeline) => pipeline.stages);
  }

  heldBy(worker: WorkerModel): Delivery[] {
    return this.deliveries.filter((delivery) => delivery.worker === worker && isHeld(delivery));
  }
}

export const isHeld = ({ stage, token, outcome }: Delivery): boolean =>
  outcome === undefined && stage.status === 'running' && stage.token === token && !stage.removed;

export const currentDelivery = (stage: StageModel): Delivery | undefined =>
  stage.status === 'running' ? stage.deliveries.get(stage.token) : undefined;

export const isFinal = ({ status }: PipelineModel): boolean =>
  status === 'completed' || status === 'failed' || status === 'cancelled';

export function aStage(pipeline: PipelineModel, spec: Spec, spawnedBy?: StageModel): StageModel {
  return {
    pipeline,
    id: '',
    spec,
    priority: spec.priority ?? pipeline.priority,
    on: new Set(),
    spawnedBy,
    notBefore: undefined,
    status: 'not_started',
    attempts: 0,
    expiries: 0,
    token: 0,
    dueAt: 0,
    readyAt: 0,
    event: undefined,
    leaseEndsAt: 0,
    deadline: 0,
    deliveries: new Map(),
    fresh: false,
    removed: false,
  };
}

/** The state of a stage that could go on at once: an event stage is no worker's. */
export function makeReady(world: World, stage: StageModel): void {
  stage.status = stage.spec.waitFor ? 'waiting' : 'pending';
  stage.readyAt = world.now;
}

export const stageNamed = (pipeline: PipelineModel, name: string): StageModel | undefined =>
  pipeline.stages.find((stage) => stage.spec.name === name);
