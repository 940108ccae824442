export const PIPELINE_STATUSES = ['not_started', 'running', 'paused', 'completed', 'failed', 'cancelled'] as const;
export type PipelineStatus = (typeof PIPELINE_STATUSES)[number];

/** Statuses that a pipeline never leaves without an operator's rerun. */
export const FINAL_PIPELINE_STATUSES = ['completed', 'failed', 'cancelled'] as const satisfies readonly PipelineStatus[];
export type FinalPipelineStatus = (typeof FINAL_PIPELINE_STATUSES)[number];

export const STAGE_STATUSES = [
  'not_started',
  'scheduled',
  'pending',
  'throttled',
  'running',
  'waiting',
  'completed',
  'failed',
  'skipped',
  'cancelled',
  'blocked',
] as const;
export type StageStatus = (typeof STAGE_STATUSES)[number];

export const TRIGGERS = ['api', 'schedule', 'rerun', 'hook'] as const;
export type Trigger = (typeof TRIGGERS)[number];

/** How one delivery of a stage ended. `null` on the wire while it still runs. */
export const DELIVERY_OUTCOMES = [
  'completed',
  'retried',
  'failed',
  'released',
  'expired',
  'timed_out',
  'cancelled',
  'superseded',
] as const;
export type DeliveryOutcome = (typeof DELIVERY_OUTCOMES)[number];

/** Why a settle or an extend no longer counts. */
export const LEASE_LOST_REASONS = ['expired', 'timed_out', 'cancelled', 'superseded', 'already_settled'] as const;
export type LeaseLostReason = (typeof LEASE_LOST_REASONS)[number];

export const WORKER_STATES = ['starting', 'running', 'draining', 'stopped'] as const;
export type WorkerState = (typeof WORKER_STATES)[number];

/** What the server wants of a worker, in every heartbeat reply. */
export const WORKER_ORDERS = ['run', 'drain', 'stop'] as const;
export type WorkerOrder = (typeof WORKER_ORDERS)[number];
