import type { ClaimedStage, WorkerStanding } from '../../store/store.js';
import { applyStageChanges } from '../commit/stage-changes.js';
import type { Group, LeaseTicket } from '../commit/tickets.js';
import { DomainError } from '../errors.js';
import { deal } from './deal.js';
import { buildJobs, type Delivered, inlineBytes, type JobLimits } from './job.js';
import { byteLength } from './output.js';
import { resolveInputs } from './resolve-inputs.js';
import { failBeforeDelivery } from './transitions.js';

export interface LeaseDeps extends JobLimits {
  leaseMs: number;
  maxPullBytes: number;
  maxValueBytes: number;
  /** Rows that one group may lease. */
  groupMaxLeases: number;
  tokenFloor: number;
}

/** What a dependency adds to a job, about: its name twice and its handler. */
const DEPENDENCY_BYTES = 100;

/** Hands stages to pulls: last in the group, so that a pull sees what the same group made ready. */
export async function leaseStep(group: Group, tickets: LeaseTicket[], deps: LeaseDeps): Promise<void> {
  const workers = new Map(
    (await group.tx.workerStandings([...new Set(tickets.map((t) => t.holder.workerId))])).map((w) => [w.id, w]),
  );
  const claiming: LeaseTicket[] = [];
  const delivered = new Map<LeaseTicket, Delivered[]>();
  for (const ticket of tickets) {
    const worker = workers.get(ticket.holder.workerId);
    // Judged under the lock: a pull of an old session may have waited here while another server opened the new one.
    if (!worker || worker.session_hash !== ticket.sessionHash)
      ticket.result = new DomainError('session_invalid', 'The session of this worker is over; bootstrap again.');
    else if (ticket.pullSeq <= worker.last_pull_seq) {
      delivered.set(ticket, await repeatPull(group, ticket));
      ticket.final = true;
    } else if (mayTakeWork(worker)) claiming.push(ticket);
    else ticket.final = true;
  }
  for (const batch of bySignature(claiming)) await claimFor(group, batch, deps, delivered);
  const jobs = await buildJobs(group, [...delivered.values()].flat(), deps);
  for (const ticket of tickets) {
    if (ticket.result) continue;
    ticket.result = (delivered.get(ticket) ?? []).flatMap(({ stage }) => jobs.get(stage.id) ?? []);
  }
  await rememberPulls(group, delivered);
}

const mayTakeWork = (worker: WorkerStanding): boolean =>
  worker.order_given === 'run' && (worker.state === 'running' || worker.state === 'starting');

/** The answer to this pull was lost: the same jobs under the same tokens, as far as they are still held. */
async function repeatPull({ tx }: Group, ticket: LeaseTicket): Promise<Delivered[]> {
  const stages = await tx.deliveriesOfPulls(ticket.holder.workerId, [ticket.pullSeq]);
  const stored = new Map((await tx.inputs(stages.map((stage) => stage.id))).map((row) => [row.id, row.input]));
  const { resolved } = await resolveInputs(tx, stages, Number.POSITIVE_INFINITY);
  return stages.map((stage) => ({ stage, input: resolved.get(stage.id) ?? stored.get(stage.id) ?? null }));
}

/** Pulls that ask for the same handlers are served by one claim. */
function bySignature(tickets: LeaseTicket[]): LeaseTicket[][] {
  const batches = new Map<string, LeaseTicket[]>();
  for (const ticket of tickets) {
    const signature = `${ticket.applicationId}\n${[...ticket.handlers].sort().join('\n')}`;
    const batch = batches.get(signature);
    if (batch) batch.push(ticket);
    else batches.set(signature, [ticket]);
  }
  return [...batches.values()];
}

async function claimFor(
  group: Group,
  batch: LeaseTicket[],
  deps: LeaseDeps,
  delivered: Map<LeaseTicket, Delivered[]>,
): Promise<void> {
  const [first] = batch;
  if (!first) return;
  const wanted = batch.reduce((sum, ticket) => sum + ticket.maxJobs, 0);
  const limit = Math.min(wanted, deps.groupMaxLeases);
  const claimed = await group.tx.claim({ applicationId: first.applicationId, handlers: first.handlers, limit });
  if (claimed.length === 0) return;
  const { resolved, failed } = await resolveInputs(group.tx, claimed, deps.maxValueBytes);
  const sizeOf = (stage: ClaimedStage): number =>
    byteLength(resolved.get(stage.id) ?? null) +
    stage.input_bytes +
    stage.dependency_count * DEPENDENCY_BYTES +
    inlineBytes(stage.payload_bytes, deps);
  const leasable = claimed.filter((stage) => !failed.has(stage));
  const { dealt } = deal(batch, leasable, deps.maxPullBytes, sizeOf);
  const leaving = [...dealt.map(({ stage }) => stage), ...failed.keys()]; // what the row says of their last deliveries
  await group.tx.archiveDeliveries(leaving.filter((stage) => stage.fencing_token > 0).map((stage) => stage.id));
  const leaseExpiresAt = group.now + deps.leaseMs;
  const rows = dealt.map(({ ticket, stage }) => ({ id: stage.id, worker_id: ticket.holder.workerId, pull_seq: ticket.pullSeq }));
  const started = await group.tx.startDeliveries(rows, { now: group.now, leaseExpiresAt, tokenFloor: deps.tokenFloor });
  const startedById = new Map(started.map((row) => [row.id, row]));
  for (const { ticket, stage } of dealt) {
    const row = startedById.get(stage.id);
    if (!row) continue;
    group.effects.takeReady(stage.application_id, stage.handler);
    group.effects.events.add('stage_leased', stage, ticket.holder.workerId, stage.attempts + 1);
    group.effects.counts.add({
      kind: 'leased',
      applicationId: stage.application_id,
      handler: stage.handler,
      waitMs: Math.max(group.now - (stage.ready_at ?? group.now), 0),
      traceId: stage.trace_id,
      traceFlags: stage.trace_flags,
      spanId: stage.span_id,
      stage,
      workerId: ticket.holder.workerId,
    });
    stage.fencing_token = row.fencing_token;
    stage.lease_expires_at = leaseExpiresAt;
    stage.timeout_at = group.now + stage.timeout_ms;
    const jobs = delivered.get(ticket) ?? [];
    jobs.push({ stage, input: resolved.get(stage.id) ?? row.input });
    delivered.set(ticket, jobs);
  }
  const failures = [...failed].map(([stage, error]) => ({ stage, change: failBeforeDelivery(stage, error, group.now) }));
  await applyStageChanges(group.tx, group.now, group.effects, failures);
}

async function rememberPulls({ tx }: Group, delivered: ReadonlyMap<LeaseTicket, Delivered[]>): Promise<void> {
  const rows = [...delivered].filter(([, jobs]) => jobs.length > 0);
  const highest = new Map<number, number>();
  for (const [ticket] of rows) {
    highest.set(ticket.holder.workerId, Math.max(ticket.pullSeq, highest.get(ticket.holder.workerId) ?? 0));
  }
  await tx.setLastPullSeq([...highest].map(([workerId, pullSeq]) => ({ workerId, pullSeq })));
}
