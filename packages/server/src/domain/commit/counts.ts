import type { LeaseLostReason, Trigger } from '@pipelogiq/protocol';
import type { ClaimedStage, Ms, StageRow } from '../../store/store.js';

/**
 * One thing that a group did and that its samples do not tell.
 * - created: a pipeline. - moved: a stage's status changed. - published: it became leasable. - leased: it was given to a worker
 * - refused: a settle changed nothing. - lost: a worker was told that it lost a lease. - promoted: its time had come
 * - logged: lines of workers were kept, the oldest of which was written then
 */
export type Count =
  | { kind: 'created'; applicationId: number; trigger: Trigger }
  | { kind: 'moved' | 'published'; applicationId: number; handler: string }
  | Leased
  | { kind: 'refused'; applicationId: number; handler: string | undefined }
  | { kind: 'lost'; applicationId: number; reason: LeaseLostReason; call: 'settle' | 'heartbeat' }
  | { kind: 'promoted'; stages: number }
  | { kind: 'logged'; oldestAt: Ms };

/** A stage was given to a worker. */
export interface Leased {
  kind: 'leased';
  applicationId: number;
  handler: string;
  /** From ready to leased. */
  waitMs: Ms;
  spanId: string;
  traceId: string;
  traceFlags: number;
  stage: Pick<ClaimedStage, 'id' | 'pipeline_id' | 'pipeline_name' | 'name' | 'attempts' | 'priority'>;
  workerId: number;
}

/** How the pulls of a group were served. */
export interface Leasing {
  durationMs: number;
  /** Pulls that got nothing. */
  empty: number;
}

type CountedStage = Pick<StageRow, 'application_id' | 'handler'>;

/** What one group did, in order; for metrics. */
export class Counts {
  readonly all: Count[] = [];
  leasing: Leasing | undefined;
  readonly #enabled: boolean;

  constructor(enabled: boolean) {
    this.#enabled = enabled;
  }

  add(count: Count): void {
    if (this.#enabled) this.all.push(count);
  }

  moved({ application_id: applicationId, handler }: CountedStage): void {
    if (this.#enabled) this.all.push({ kind: 'moved', applicationId, handler });
  }

  published({ application_id: applicationId, handler }: CountedStage): void {
    if (this.#enabled) this.all.push({ kind: 'published', applicationId, handler });
  }

  mark(): number {
    return this.all.length;
  }

  /** Forgets what was added since: its savepoint was rolled back. */
  backTo(mark: number): void {
    this.all.length = mark;
  }
}
