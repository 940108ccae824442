import { follow } from './graph-rules.js';
import { spawn } from './operator-rules.js';
import {
  ALIVE_GAP_MS,
  currentDelivery,
  DEFAULT_TIMEOUT_MS,
  type Delivery,
  isHeld,
  LEASE_MS,
  makeReady,
  type Outcome,
  type SettleKind,
  type Spec,
  type StageModel,
  type WorkerModel,
  type World,
} from './world.js';

/** Design §4 and docs/protocol.md: pulls, settles, heartbeats, and what time does. */

const EXPIRIES_IN_A_ROW = 3;
const RECENT_MS = 5_000;

/** How long it may be ready: a stage of a worker until it is taken, an event stage until it is completed. */
export const waitMsOf = ({ waitFor, timeoutMs, pendingTimeoutMs }: Spec): number | undefined =>
  waitFor ? timeoutMs : pendingTimeoutMs;

/** What a pull must bring: by priority, then by the time they became due, then by id. */
export function readyFor(world: World, handlers: readonly string[]): StageModel[] {
  return world.stages
    .filter(
      ({ status, pipeline, spec }) => status === 'pending' && pipeline.status !== 'paused' && handlers.includes(spec.handler),
    )
    .sort((a, b) => b.priority - a.priority || a.dueAt - b.dueAt || Number(a.id) - Number(b.id));
}

export function lease(world: World, worker: WorkerModel, stage: StageModel): Delivery {
  stage.status = 'running';
  stage.token += 1;
  stage.fresh = false;
  stage.leaseEndsAt = world.now + LEASE_MS;
  stage.deadline = world.now + (stage.spec.timeoutMs ?? DEFAULT_TIMEOUT_MS);
  const delivery: Delivery = { stage, token: stage.token, worker, pullSeq: worker.seq };
  stage.deliveries.set(stage.token, delivery);
  world.deliveries.push(delivery);
  return delivery;
}

export interface SettleOptions {
  kind: SettleKind;
  output?: unknown;
  spawn?: Spec[];
  retryable: boolean;
  retryAfterMs?: number;
  delayMs?: number;
}

export interface Ref {
  stage: StageModel;
  token: number;
}

/** The answer in short: a status, `repeated …`, `lost …` or `not_found`. The state follows with `follow`. */
export function settle(world: World, worker: WorkerModel, { stage, token }: Ref, options: SettleOptions): string {
  if (stage.removed) return 'not_found';
  const delivery = stage.deliveries.get(token);
  if (!delivery) return 'lost superseded';
  if (!isHeld(delivery)) return afterTheEnd(worker, delivery, options.kind);
  return delivery.worker === worker ? apply(world, delivery, options) : 'lost superseded';
}

function apply(world: World, delivery: Delivery, options: SettleOptions): string {
  const { stage } = delivery;
  stage.expiries = 0;
  delivery.endedBy = options.kind;
  if (options.kind === 'release') {
    delivery.outcome = 'released';
    return waitUntil(world, stage, world.now + (options.delayMs ?? 0));
  }
  stage.attempts += 1;
  if (options.kind === 'nack') {
    const failed = !options.retryable || stage.attempts >= stage.spec.maxAttempts;
    delivery.outcome = failed ? 'failed' : 'retried';
    if (failed) return end(stage, 'failed');
    return waitUntil(world, stage, world.now + (options.retryAfterMs ?? stage.spec.backoffMs));
  }
  delivery.outcome = 'failed';
  if (stage.spec.failIfOutputEmpty && options.output === undefined) return `${end(stage, 'failed')} output_empty`;
  if (options.spawn && !spawn(stage, options.spawn)) return `${end(stage, 'failed')} spawn_invalid`;
  delivery.outcome = 'completed';
  return end(stage, 'completed');
}

function end(stage: StageModel, status: 'completed' | 'failed'): string {
  stage.status = status;
  return status;
}

function waitUntil(world: World, stage: StageModel, dueAt: number): string {
  stage.dueAt = dueAt;
  if (dueAt > world.now) stage.status = 'scheduled';
  else makeReady(world, stage);
  return stage.status;
}

/** The same kind again is a repetition. Of the current token that is so for its holder only; a rerun makes every token an old one. */
function afterTheEnd(
  worker: WorkerModel,
  { stage, token, worker: holder, outcome, endedBy }: Delivery,
  kind: SettleKind,
): string {
  if (token === stage.token && !stage.fresh && holder !== worker) return 'lost superseded';
  if (outcome === undefined) return 'lost superseded';
  if (endedBy !== kind) return `lost ${reasonOf(outcome)}`;
  return outcome === 'completed' || outcome === 'failed' ? `repeated ${outcome}` : 'repeated retry';
}

const reasonOf = (outcome: Outcome): string =>
  outcome === 'expired' || outcome === 'timed_out' || outcome === 'cancelled' || outcome === 'superseded'
    ? outcome
    : 'already_settled';

/** Undefined: the lease was extended. Else why it was lost. */
export function heartbeat(world: World, worker: WorkerModel, { stage, token }: Ref): string | undefined {
  const delivery = stage.deliveries.get(token);
  if (!delivery || stage.removed) return 'superseded';
  if (isHeld(delivery)) {
    if (delivery.worker !== worker) return 'superseded';
    stage.leaseEndsAt = world.now + LEASE_MS;
    return undefined;
  }
  if (token === stage.token && !stage.fresh && delivery.worker !== worker) return 'superseded';
  return delivery.outcome === undefined ? 'superseded' : reasonOf(delivery.outcome);
}

/** Jobs of these pulls that are still held go back without an attempt. */
export function abandon(world: World, worker: WorkerModel, seqs: readonly number[]): void {
  worker.brought = Math.max(worker.brought, ...seqs);
  for (const delivery of world.heldBy(worker)) {
    if (delivery.pullSeq === undefined || !seqs.includes(delivery.pullSeq)) continue;
    apply(world, delivery, { kind: 'release', retryable: true });
  }
}

/** What the server does by itself at a moment: after a gap in its life it grants new leases, else it ends what is over. */
export function tick(world: World): void {
  const { now } = world;
  const gap = now - world.aliveAt;
  world.aliveAt = now;
  world.isLate = false;
  const isOutage = Math.abs(gap) > ALIVE_GAP_MS;
  for (const stage of world.stages) {
    if (!isReady(stage) || stage.pipeline.status === 'paused') continue;
    if (isOutage) stage.readyAt += lostSince(stage.readyAt, gap, now);
    else if (stage.readyAt + (waitMsOf(stage.spec) ?? Number.POSITIVE_INFINITY) <= now) endWait(stage);
  }
  for (const stage of world.stages) {
    const delivery = currentDelivery(stage);
    if (!delivery) continue;
    if (isOutage) {
      stage.leaseEndsAt = now + LEASE_MS;
      stage.deadline += lostSince(stage.deadline - (stage.spec.timeoutMs ?? DEFAULT_TIMEOUT_MS), gap, now);
    } else if (stage.deadline <= now) timeOut(world, delivery);
    else if (stage.leaseEndsAt <= now) expire(world, delivery);
  }
  promote(world);
}

export function promote(world: World): void {
  for (const stage of world.stages) {
    if (stage.status === 'scheduled' && stage.pipeline.status !== 'paused' && stage.dueAt <= world.now) makeReady(world, stage);
  }
  for (const pipeline of world.pipelines) follow(world, pipeline);
}

/** How much of a gap lies behind a moment; of those that a clock set back has twice, the last seconds count as the second time. */
function lostSince(since: number, gap: number, now: number): number {
  if (gap > 0) return Math.min(gap, Math.max(now - since, 0));
  return since > now || since <= now - RECENT_MS ? gap : 0;
}

const isReady = ({ status }: StageModel): boolean => status === 'pending' || status === 'waiting';

function endWait(stage: StageModel): void {
  stage.fresh = true; // its last delivery, if any, stands in the archive
  stage.expiries = 0;
  end(stage, 'failed');
}

function timeOut(world: World, delivery: Delivery): void {
  const { stage } = delivery;
  delivery.outcome = 'timed_out';
  stage.attempts += 1;
  if (stage.attempts >= stage.spec.maxAttempts) end(stage, 'failed');
  else waitUntil(world, stage, world.now + stage.spec.backoffMs);
}

function expire(world: World, delivery: Delivery): void {
  const { stage } = delivery;
  delivery.outcome = 'expired';
  stage.attempts += 1;
  stage.expiries += 1;
  if (stage.expiries >= EXPIRIES_IN_A_ROW || stage.attempts >= stage.spec.maxAttempts) end(stage, 'failed');
  else waitUntil(world, stage, world.now);
}
