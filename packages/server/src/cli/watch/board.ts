import type { LiveEvent, Stage, StageStatus } from '@pipelogiq/protocol';

/** What is shown of a stage. */
export interface StageLine {
  id: string;
  name: string;
  status: StageStatus;
  /** 0 to 1, as its handler said last. */
  ratio?: number;
  message?: string;
  attempt?: number;
  /** RFC 3339. */
  startedAt?: string;
  finishedAt?: string;
  error?: string;
}

/** What a stage is after an event about it; `stage_progress` changes no status. */
const AFTER = {
  stage_ready: 'pending',
  stage_leased: 'running',
  stage_waiting: 'waiting',
  stage_completed: 'completed',
  stage_failed: 'failed',
  stage_retried: 'scheduled',
  stage_expired: 'pending',
  stage_timed_out: 'pending',
  stage_released: 'pending',
  stage_skipped: 'skipped',
  stage_cancelled: 'cancelled',
  stage_blocked: 'blocked',
  stage_rerun: 'not_started',
} as const satisfies { [Type in LiveEvent['type']]?: StageStatus };

const ENDED: ReadonlySet<StageStatus> = new Set(['completed', 'failed', 'skipped', 'cancelled', 'blocked']);
export const hasEnded = ({ status }: Pick<StageLine, 'status'>): boolean => ENDED.has(status);

const lineOf = ({ id, name, status, progress, attempts, startedAt, finishedAt, error }: Stage): StageLine => ({
  id,
  name,
  status,
  attempt: attempts,
  ...(progress && { ratio: progress.ratio }),
  ...(progress?.message !== undefined && { message: progress.message }),
  ...(startedAt !== undefined && { startedAt }),
  ...(finishedAt !== undefined && { finishedAt }),
  ...(error && { error: error.code }),
});

/**
 * The stages of a pipeline as events tell of them. It is read anew at the begin and whenever an event names a stage that it does not
 * know; events that come meanwhile wait, and are then applied again: the last one about a stage is right in any case.
 */
export class Board {
  #stages = new Map<string, StageLine>();

  get stages(): StageLine[] {
    return [...this.#stages.values()];
  }

  read(stages: readonly Stage[]): void {
    this.#stages = new Map(stages.map((stage) => [stage.id, lineOf(stage)]));
  }

  /** False when the event shows that the board must be read anew. */
  apply(event: LiveEvent): boolean {
    if (event.type === 'reset') return false;
    if (!('stageId' in event)) return true;
    const before = this.#stages.get(event.stageId);
    if (!before) return false;
    this.#stages.set(event.stageId, after(before, event));
    return true;
  }
}

function after(before: StageLine, event: LiveEvent & { stageId: string }): StageLine {
  const { id, name, attempt = 0 } = before;
  if (event.type === 'stage_progress') {
    return {
      ...before,
      ...(event.ratio !== undefined && { ratio: event.ratio }),
      ...(event.message !== undefined && { message: event.message }),
    };
  }
  const status: StageStatus | undefined = AFTER[event.type as keyof typeof AFTER];
  if (status === undefined) return before; // of a newer server
  const error = 'errorCode' in event && event.errorCode !== undefined ? { error: event.errorCode } : {};
  if (event.type === 'stage_leased') return { id, name, status, attempt: event.attempt, startedAt: event.at };
  if (!ENDED.has(status)) return { id, name, status, attempt, ...error };
  return { ...before, status, finishedAt: event.at, ...error };
}
