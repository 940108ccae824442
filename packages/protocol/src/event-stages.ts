import type { StageErrorCode } from './errors.js';
import type { Json } from './json.js';
import type { StageError } from './pipelines.js';

/** Body of `POST /stages/{id}/complete`: how an event stage ends. */
export interface CompleteStage {
  /** Default `completed`. */
  outcome?: 'completed' | 'failed';
  /** The stage's output; only with `completed`. */
  output?: Json;
  /** Why it failed; only with `failed`. Default: the code `event_failed`. */
  error?: StageError;
}

export interface StageCompleted {
  /** Of the stage. */
  id: string;
  status: 'completed' | 'failed';
  /** True when an earlier call with the same body had ended it. */
  repeated?: boolean;
  /** Set when the server failed the stage in spite of its `completed`. */
  failedBecause?: StageErrorCode;
}

/** A token that ends one event stage, once. No later answer holds it again. */
export interface EventToken {
  stageId: string;
  /** Send as `x-stage-token` to `POST /stages/{stageId}/complete`. */
  token: string;
}

/** Body of `POST /jobs/{id}/event-token`: the holder of a job asks for a token of an event stage of the same pipeline. */
export interface EventTokenRequest {
  workerId: string;
  fencingToken: number;
  /** Name of the event stage. */
  stage: string;
}
