import type { DeliveryOutcome } from '@pipelogiq/protocol';
import type { EventPosition } from './event-rows.js';
import type { Ms, ReadPage } from './rows.js';

/** A job that a worker holds. */
export interface HeldJobRow {
  id: number;
  name: string;
  handler: string;
  pipeline_id: number;
  pipeline: string;
  fencing_token: number;
  leased_at: Ms;
  lease_expires_at: Ms;
}

/** How a delivery to a worker ended. */
export interface DeliveryEnd {
  stage_id: number;
  leased_at: Ms;
  outcome: DeliveryOutcome;
  settled_at: Ms;
}

export interface WorkerHistoryReads {
  /** By descending id, from below `after`. */
  heldJobs(applicationId: number, workerId: number, page: ReadPage): Promise<HeldJobRow[]>;
  /** Of deliveries of these stages, those to this worker that have ended. */
  deliveryEnds(workerId: number, stageIds: number[]): Promise<DeliveryEnd[]>;
  /** Rows of the log from `from` to before `before` that may name this id, newest first. */
  eventsNaming(
    id: number,
    range: { from: number; before: number; limit: number },
  ): Promise<(EventPosition & { payload: string })[]>;
  /** Ids of the oldest and the newest row of the log. */
  eventBounds(): Promise<{ oldest: number; newest: number } | undefined>;
}
