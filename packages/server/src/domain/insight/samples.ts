import type { DeliveryOutcome, Measure, StageError, Trigger } from '@pipelogiq/protocol';
import type { CompletedRow, CountedPipeline, EndedPipeline, Ms, StageChange, StageRow } from '../../store/store.js';
import { kindThatEnded, type Settle } from '../stage/settle.js';

/** How one delivery of a stage ended. */
export interface DeliverySample {
  kind: 'delivery';
  applicationId: number;
  stageId: number;
  pipelineId: number;
  /** Known once the group has counted its pipelines; see `Samples.name`. */
  pipeline: string | undefined;
  stage: string;
  handler: string;
  /** Undefined when it failed before a worker got it. */
  outcome: DeliveryOutcome | undefined;
  /** From the lease to the end. */
  runMs: Ms | undefined;
  /** From ready to leased. */
  waitMs: Ms | undefined;
  /** Deliveries of this run before it that counted as attempts. */
  attemptsBefore: number;
  /** The stage is failed for good. */
  isDead: boolean;
  /** The call of the worker that ended it. */
  settledBy: Settle['kind'] | undefined;
  spanId: string | undefined;
  /** Undefined when no worker had it. */
  workerId: number | undefined;
  /** Known with the name of the pipeline, as are its flags. */
  traceId: string | undefined;
  traceFlags: number | undefined;
  /** Absent when it did not fail. */
  error?: { code: string; message: string };
}

/** How one run of a pipeline ended. */
export interface PipelineSample {
  kind: 'pipeline';
  applicationId: number;
  pipeline: string;
  status: EndedPipeline['status'];
  trigger: Trigger;
  /** From its start to its end; undefined for a rerun, which has no start of its own, and for what never started. */
  durationMs: Ms | undefined;
  traceId: string | undefined;
  traceFlags: number | undefined;
}

/** A pipeline's first stage was done. */
export interface FeedbackSample {
  kind: 'feedback';
  applicationId: number;
  pipeline: string;
  /** From its creation. */
  feedbackMs: Ms;
}

/** A figure that a handler measured. */
export interface MeasureSample {
  kind: 'measure';
  applicationId: number;
  pipelineId: number;
  pipeline: string | undefined;
  handler: string;
  name: string;
  unit: string;
  value: number;
}

/** How much of a worker was in use between two beats. */
export interface UseSample {
  kind: 'use';
  applicationId: number;
  pool: string;
  /** Time of all its slots. */
  slotMs: number;
  /** Of it, with a job. */
  busyMs: number;
}

export type Sample = DeliverySample | PipelineSample | FeedbackSample | MeasureSample | UseSample;

interface Named {
  id: number;
  name: string;
  trace_id: string;
  trace_flags: number;
}

/** A name that a sample lacks until the group knows it. */
type Unnamed = Extract<Sample, { pipelineId: number }>;

/** Spawned stages are named after what they work on: thousands of names, of which one would tell little. Their handler tells them apart. */
const SPAWNED = '(spawned)';

/** What one group measured, in order; for insights and for metrics. */
export class Samples {
  readonly all: Sample[] = [];

  completed(row: CompletedRow, now: Ms): void {
    const attempts = row.attempts - 1; // this one is counted
    const sample = delivery({ ...row, attempts }, { outcome: 'completed', isDead: false, now });
    sample.settledBy = 'ack';
    this.all.push(sample);
  }

  ended(row: Measured, change: Pick<StageChange, 'outcome' | 'to' | 'errorCode' | 'error'>, now: Ms): void {
    if (change.outcome === null && change.to !== 'failed') return;
    const sample = delivery(row, { outcome: change.outcome ?? undefined, isDead: change.to === 'failed', now });
    sample.settledBy = kindThatEnded({ outcome: change.outcome, error_code: change.errorCode });
    if (change.errorCode !== null) sample.error = { code: change.errorCode, message: messageOf(change.error) };
    this.all.push(sample);
  }

  pipelineEnded(ended: EndedPipeline, now: Ms): void {
    const { application_id: applicationId, name: pipeline, status, trigger, run, started_at } = ended;
    const durationMs = run === 1 && started_at !== null ? since(started_at, now) : undefined;
    const trace = { traceId: ended.trace_id, traceFlags: ended.trace_flags };
    this.all.push({ kind: 'pipeline', applicationId, pipeline, status, trigger, durationMs, ...trace });
  }

  feedback({ application_id, name, created_at }: Pick<CountedPipeline, 'application_id' | 'name' | 'created_at'>, now: Ms): void {
    this.all.push({ kind: 'feedback', applicationId: application_id, pipeline: name, feedbackMs: since(created_at, now) });
  }

  measured(
    { application_id, pipeline_id, handler }: Pick<StageRow, 'application_id' | 'pipeline_id' | 'handler'>,
    measures: readonly Measure[] = [],
  ): void {
    const from = { applicationId: application_id, pipelineId: pipeline_id, pipeline: undefined, handler };
    for (const { name, value, unit = '' } of measures) this.all.push({ kind: 'measure', ...from, name, unit, value });
  }

  used(sample: Omit<UseSample, 'kind'>): void {
    this.all.push({ kind: 'use', ...sample });
  }

  /** Pipelines that samples belong to and whose name nobody told. */
  unnamed(): number[] {
    const ids = new Set<number>();
    for (const sample of this.all) if ('pipelineId' in sample && sample.pipeline === undefined) ids.add(sample.pipelineId);
    return [...ids];
  }

  name(pipelines: Iterable<Named>): void {
    const names = new Map([...pipelines].map((pipeline) => [pipeline.id, pipeline]));
    if (names.size === 0) return;
    for (const sample of this.all) if ('pipelineId' in sample) nameOne(sample, names);
  }

  mark(): number {
    return this.all.length;
  }

  /** Forgets what was added since: its savepoint was rolled back. */
  backTo(mark: number): void {
    this.all.length = mark;
  }
}

/** @param error - JSON of a StageError */
function messageOf(error: string | null): string {
  if (error === null) return '';
  const { message } = JSON.parse(error) as Partial<StageError>;
  return message ?? '';
}

function nameOne(sample: Unnamed, names: ReadonlyMap<number, Named>): void {
  const pipeline = names.get(sample.pipelineId);
  sample.pipeline ??= pipeline?.name;
  if (sample.kind !== 'delivery') return;
  sample.traceId ??= pipeline?.trace_id;
  sample.traceFlags ??= pipeline?.trace_flags;
}

/** Never below zero: of several servers on a database one may be a little ahead. */
const since = (from: Ms, now: Ms): Ms => Math.max(now - from, 0);

/** A stage as a sample sees it; without times when no worker ran it. */
export type Measured = Pick<StageRow, 'id' | 'application_id' | 'pipeline_id' | 'name' | 'handler' | 'attempts'> &
  Partial<Pick<StageRow, 'leased_at' | 'delivery_ready_at' | 'spawned_by_id' | 'span_id' | 'worker_id'>>;

function delivery(
  row: Measured,
  { outcome, isDead, now }: { outcome: DeliveryOutcome | undefined; isDead: boolean; now: Ms },
): DeliverySample {
  const { leased_at = null, delivery_ready_at = null } = row;
  const wasLeased = outcome !== undefined && leased_at !== null;
  return {
    kind: 'delivery',
    applicationId: row.application_id,
    stageId: row.id,
    pipelineId: row.pipeline_id,
    pipeline: undefined,
    stage: (row.spawned_by_id ?? null) === null ? row.name : SPAWNED,
    handler: row.handler,
    outcome,
    runMs: wasLeased ? since(leased_at, now) : undefined,
    waitMs: wasLeased && delivery_ready_at !== null ? since(delivery_ready_at, leased_at) : undefined,
    attemptsBefore: row.attempts,
    isDead,
    settledBy: undefined,
    spanId: row.span_id,
    workerId: row.worker_id ?? undefined,
    traceId: undefined,
    traceFlags: undefined,
  };
}
