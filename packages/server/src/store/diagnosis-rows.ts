import type { Ms, PipelineRow, StageRow, WorkerRow } from './rows.js';

/** A stage with what its diagnosis says of its pipeline and of the worker that last held it. */
export type DiagnosedStage = Pick<
  StageRow,
  | 'id'
  | 'application_id'
  | 'pipeline_id'
  | 'name'
  | 'handler'
  | 'status'
  | 'held'
  | 'priority'
  | 'not_before'
  | 'run_at'
  | 'ready_at'
  | 'pending_timeout_ms'
  | 'wait_for'
  | 'open_dependencies'
  | 'fencing_token'
  | 'outcome'
  | 'attempts'
  | 'max_attempts'
  | 'worker_id'
  | 'leased_at'
  | 'lease_expires_at'
  | 'timeout_at'
  | 'settled_at'
  | 'finished_at'
  | 'error'
> & {
  pipeline_status: PipelineRow['status'];
  pipeline_run_at: PipelineRow['run_at'];
  paused_at: PipelineRow['paused_at'];
  worker_name: WorkerRow['name'] | null;
  worker_seen_at: WorkerRow['last_seen_at'] | null;
};

export type OtherStage = Pick<StageRow, 'id' | 'name' | 'status'>;

/** Live workers that have a handler. */
export interface HandlerWorkers {
  live: number;
  /** Of these, finishing their jobs and taking no more. */
  draining: number;
  /** Taking jobs and holding none. */
  free: number;
  /** Jobs that those hold that take jobs. */
  inFlight: number;
}

/** What the diagnosis of a stage is made of. */
export interface DiagnosisReads {
  stageToDiagnose(applicationId: number, id: number): Promise<DiagnosedStage | undefined>;
  /** Dependencies that are not satisfied, by id. */
  openDependencies(stageId: number, limit: number): Promise<OtherStage[]>;
  /** What failed or was cancelled upstream of a blocked stage, by id. */
  whatBlocks(stageId: number, limit: number): Promise<OtherStage[]>;
  /** Stages that are leased before this pending one; counted up to `limit`. */
  stagesInFront(stage: Pick<DiagnosedStage, 'id' | 'application_id' | 'handler'>, limit: number): Promise<number>;
  workersWithHandler(applicationId: number, handler: string, seenSince: Ms): Promise<HandlerWorkers>;
  /** Handlers of some workers that were seen since then. */
  liveHandlers(applicationId: number, seenSince: Ms): Promise<string[]>;
  /** The worker with this handler that was seen last. */
  lastWorkerWith(applicationId: number, handler: string): Promise<Pick<WorkerRow, 'id' | 'name' | 'last_seen_at'> | undefined>;
}
