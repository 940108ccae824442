import type { HeartbeatReply, PipelineCreated, SettleResult } from '@pipelogiq/protocol';
import type { ContextRow, Ms, Tx, WorkerBeat } from '../../store/store.js';
import type { PipelinePlan } from '../pipeline/plan.js';
import type { Holder, Settle } from '../stage/settle.js';
import type { LeasedJob } from '../use-cases.js';
import type { Effects } from './effects.js';

/** What every step of a group works with. */
export interface Group {
  tx: Tx;
  now: Ms;
  effects: Effects;
  /** Whether an error names one bad request, not the database. */
  isDataFailure(error: unknown): boolean;
}

/** One request in the committer's queue; `rows` and `bytes` bound the group it joins. */
interface TicketOf<Kind extends string, Result> {
  readonly kind: Kind;
  readonly applicationId: number;
  readonly rows: number;
  readonly bytes: number;
  /** Set by the group's step, given to the caller after the commit. An Error refuses this ticket alone. */
  result?: Result | Error;
  resolve(result: Result): void;
  reject(error: unknown): void;
}

/** An operator's or worker's action that is its own small piece of work. */
export interface OperateTicket extends TicketOf<'operate', unknown> {
  /** A chunk of bulk work: it waits until nothing else does, or until it has waited for long (queue.ts). */
  readonly background?: true;
  /** It answers nobody, and makes no work: a loss of power may undo it as long as nothing was committed behind it. */
  readonly canWait?: true;
  /** It makes work, as creates do, and may not fill what is kept free for finishing it. */
  readonly grows?: true;
  /** Pipelines that it will change, as far as they are known before: they are locked with all others of the group, in one order. */
  readonly pipelines?: readonly number[];
  run(group: Group): Promise<unknown>;
}

export interface SettleTicket extends TicketOf<'settle', SettleResult> {
  readonly holder: Holder;
  readonly settle: Settle;
  /** Context writes that go with an ack; `pipeline_id` and time are filled in by the step. */
  readonly context: Omit<ContextRow, 'pipeline_id' | 'updated_at'>[];
}

export type Extended = HeartbeatReply;

/** A heartbeat. */
export interface ExtendTicket extends TicketOf<'extend', Extended> {
  readonly beat: Omit<WorkerBeat, 'last_seen_at'>;
  readonly holder: Holder;
  readonly jobs: { id: string; fencingToken: number }[];
}

/** Timers run after the extends, so that a heartbeat that arrived in time saves its leases. */
export interface TimerTicket extends TicketOf<'timer', unknown> {
  run(group: Group): Promise<unknown>;
}

export interface CreateTicket extends TicketOf<'create', PipelineCreated> {
  readonly plan: PipelinePlan;
}

export interface LeaseTicket extends TicketOf<'lease', LeasedJob[]> {
  readonly holder: Holder;
  readonly sessionHash: string;
  readonly pullSeq: number;
  readonly handlers: string[];
  readonly maxJobs: number;
  readonly signal: AbortSignal;
  /** Milliseconds it is willing to wait for work. */
  readonly waitMs: number;
  /** Set by the step when waiting is pointless: a repetition, or a worker that may not take more work. */
  final?: boolean;
}

export type Ticket = OperateTicket | SettleTicket | ExtendTicket | TimerTicket | CreateTicket | LeaseTicket;
