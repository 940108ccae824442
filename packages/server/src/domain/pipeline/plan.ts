import { hash } from 'node:crypto';
import {
  type CreatePipeline,
  DEFAULTS,
  type FieldError,
  LIMITS,
  parseTraceparent,
  parseTracestate,
  type StageSpec,
} from '@pipelogiq/protocol';
import type { Clock } from '../../clock.js';
import type { Flag, Ms, NewPipeline, NewStage } from '../../store/store.js';
import { DomainError } from '../errors.js';
import { backoffText } from '../stage/backoff.js';
import { byteLength, jsonText } from '../stage/output.js';
import { mayHoldReferences, referencedStages } from '../stage/references.js';
import { isUpstream, readGraph, Steps, TOO_MANY_DEPENDENCIES } from './graph.js';

/**
 * A pipeline ready to be stored: checked, its JSON serialized, its trace chosen. What depends on the commit (ids, times, statuses)
 * holds `UNSET` until the commit fills it in: the rows are made once and never copied.
 */
export interface PipelinePlan {
  pipeline: NewPipeline;
  stages: NewStage[];
  /** Indexes into `stages`. */
  dependencies: number[][];
  keywords: string[];
  context: { key: string; value: string }[];
  /** For the queue's bounds. */
  rows: number;
  bytes: number;
}

const UNSET = 0;

export interface PlanDeps {
  clock: Pick<Clock, 'now' | 'randomHex'>;
  maxValueBytes: number;
  /** Trace flags of a new trace, or of one that came in with `parentFlags`. */
  sampler(traceId: string, parentFlags?: number): number;
}

/** @throws DomainError `invalid_pipeline` or `payload_too_large`, naming the fields. */
export function planPipeline(deps: PlanDeps, applicationId: number, request: CreatePipeline): PipelinePlan {
  if (request.stages.length > LIMITS.stagesPerPipeline) {
    throw invalidPipeline([{ path: 'stages', message: `A pipeline has at most ${LIMITS.stagesPerPipeline} stages.` }]);
  }
  const graph = readGraph(request.stages);
  if ('errors' in graph) throw invalidPipeline(graph.errors);
  const stages = request.stages.map((spec, at) => planStage(deps, applicationId, request, spec, at, graph.dependencies));
  checkReferences(request.stages, stages, graph.dependencies);
  const context = Object.entries(request.context ?? {}).map(([key, value]) => ({ key, value: jsonText(value) ?? 'null' }));
  for (const item of context) checkSize(deps, item.value, `context.${item.key}`);
  const keywords = [...new Set(request.keywords ?? [])];
  return {
    pipeline: planRow(deps, applicationId, request, stages, keywords),
    stages,
    dependencies: graph.dependencies,
    keywords,
    context,
    rows: 1 + stages.length + graph.dependencies.reduce((sum, own) => sum + own.length, 0),
    bytes: stages.reduce((sum, stage) => sum + byteLength(stage.input), 0) + context.reduce((sum, i) => sum + i.value.length, 0),
  };
}

export const invalidPipeline = (errors: FieldError[]): DomainError =>
  new DomainError('invalid_pipeline', errors[0]?.message ?? 'The pipeline is not valid.', { errors });

function checkSize({ maxValueBytes }: Pick<PlanDeps, 'maxValueBytes'>, text: string | null, path: string): void {
  const bytes = byteLength(text);
  if (bytes <= maxValueBytes) return;
  const message = `This value has ${bytes} bytes; the limit is ${maxValueBytes}. Store it elsewhere and pass a reference.`;
  throw new DomainError('payload_too_large', message, { errors: [{ path, message }] });
}

export function planStage(
  deps: Pick<PlanDeps, 'clock' | 'maxValueBytes'>,
  applicationId: number,
  pipeline: Pick<CreatePipeline, 'priority' | 'runAt'>,
  spec: StageSpec,
  position: number,
  dependencies: number[][],
): NewStage {
  const input = jsonText(spec.input);
  checkSize(deps, input, `stages[${position}].input`);
  if (spec.runAt !== undefined && spec.delayMs !== undefined) {
    throw invalidPipeline([{ path: `stages[${position}].runAt`, message: 'Give runAt or delayMs, not both.' }]);
  }
  if (spec.waitFor === 'event') checkEventStage(spec, position);
  const waitsForPipeline = (dependencies[position] ?? []).length === 0 ? time(pipeline.runAt) : null;
  return {
    id: UNSET,
    application_id: applicationId,
    pipeline_id: UNSET,
    name: spec.name,
    handler: spec.handler ?? spec.name,
    status: 'not_started',
    priority: spec.priority ?? pipeline.priority ?? DEFAULTS.priority,
    not_before: later(time(spec.runAt), waitsForPipeline),
    delay_ms: spec.delayMs ?? null,
    run_at: null,
    ready_at: null,
    dependency_count: (dependencies[position] ?? []).length,
    open_dependencies: UNSET,
    span_id: deps.clock.randomHex(8),
    input,
    reference_positions: null,
    timeout_ms: timeoutOf(spec),
    // An event stage is ready for as long as it waits.
    pending_timeout_ms: spec.waitFor === 'event' ? timeoutOf(spec) : (spec.pendingTimeoutMs ?? null),
    wait_for: spec.waitFor ?? null,
    max_attempts: spec.maxAttempts ?? DEFAULTS.maxAttempts,
    backoff: backoffText(spec.backoff),
    run_next_if_failed: flag(spec.runNextIfFailed),
    fail_if_output_empty: flag(spec.failIfOutputEmpty),
    notify_on_failure: flag(spec.notifyOnFailure ?? true),
  };
}

/** People take longer than handlers: without a limit of its own an event may come as late as any duration can be. */
const timeoutOf = ({ timeoutMs, waitFor }: StageSpec): Ms =>
  timeoutMs ?? (waitFor === 'event' ? LIMITS.durationMs : DEFAULTS.timeoutMs);

/** Options that speak of workers and attempts. */
const OF_DELIVERIES = [
  'handler',
  'priority',
  'pendingTimeoutMs',
  'maxAttempts',
  'backoff',
] as const satisfies (keyof StageSpec)[];

function checkEventStage(spec: StageSpec, position: number): void {
  const errors = OF_DELIVERIES.filter((option) => spec[option] !== undefined).map((option) => ({
    path: `stages[${position}].${option}`,
    message: `Stage "${spec.name}" waits for an event: no worker runs it, so it takes no ${option}.`,
  }));
  if (errors.length > 0) throw invalidPipeline(errors);
}

const flag = (value: boolean | undefined): Flag => (value === true ? 1 : 0);
const time = (text: string | undefined): Ms | null => (text === undefined ? null : Date.parse(text));
/** Of two times of which either may be missing. */
export const later = (a: Ms | null, b: Ms | null): Ms | null => (a === null ? b : b === null ? a : Math.max(a, b));

/** A reference must name a stage upstream of its own, else its output could never be there in time. */
function checkReferences(specs: readonly StageSpec[], stages: NewStage[], dependencies: number[][]): void {
  if (!stages.some(({ input }) => mayHoldReferences(input))) return;
  const indexByName = new Map(specs.map((spec, index) => [spec.name, index]));
  const errors: FieldError[] = [];
  const steps = new Steps();
  for (const [index, stage] of stages.entries()) {
    if (!mayHoldReferences(stage.input)) continue;
    const names = referencedStages(specs[index]?.input ?? null);
    if (names.size > 0) stage.reference_positions = JSON.stringify([...names].map((name) => indexByName.get(name)));
    for (const name of names) {
      const target = indexByName.get(name);
      const path = `stages[${index}].input`;
      if (target === undefined)
        errors.push({ path, message: `It refers to the output of "${name}", and there is no such stage.` });
      const upstream = target === undefined || isUpstream(dependencies, index, target, steps);
      if (upstream === undefined) throw invalidPipeline([TOO_MANY_DEPENDENCIES]);
      if (!upstream) {
        errors.push({ path, message: `It refers to the output of "${name}", which does not run before "${stage.name}".` });
      }
    }
  }
  if (errors.length > 0) throw invalidPipeline(errors);
}

/**
 * Seconds since the epoch, 16 bits of the second's fraction, then 80 random bits: ids made one after the other lie side by side in the
 * index, where random ones would touch a page each. The rightmost 56 bits are random, as W3C Trace Context Level 2 §3.2.2.3 asks.
 */
function newTraceId(clock: PlanDeps['clock']): string {
  const now = clock.now();
  const seconds = Math.floor(now / 1000);
  const fraction = Math.floor(((now - seconds * 1000) * 0x1_0000) / 1000);
  return seconds.toString(16).padStart(8, '0') + fraction.toString(16).padStart(4, '0') + clock.randomHex(10);
}

/** One literal, no spreads: at tens of thousands of pipelines a second, copying objects cost more than storing them. */
function planRow(
  { clock, sampler }: PlanDeps,
  applicationId: number,
  request: CreatePipeline,
  stages: NewStage[],
  keywords: string[],
): PipelinePlan['pipeline'] {
  const parent = parseTraceparent(request.traceparent);
  const traceId = parent?.traceId ?? newTraceId(clock);
  return {
    id: UNSET,
    application_id: applicationId,
    name: request.name,
    version: request.version ?? null,
    environment: request.environment ?? null,
    status: 'not_started',
    trigger: request.trigger ?? 'api',
    priority: request.priority ?? DEFAULTS.priority,
    trace_id: traceId,
    root_span_id: clock.randomHex(8),
    parent_span_id: parent?.spanId ?? null,
    trace_flags: sampler(traceId, parent?.flags),
    tracestate: (parent && parseTracestate(request.tracestate)) ?? null, // a state without its parent means nothing
    idempotency_key: request.idempotencyKey ?? null,
    body_hash: request.idempotencyKey === undefined ? null : bodyHash(request, stages),
    keywords: keywords.length > 0 ? JSON.stringify(keywords) : null,
    has_context: flag(request.context !== undefined && Object.keys(request.context).length > 0),
    run_at: time(request.runAt),
    sla_ms: request.slaMs ?? null,
    created_at: UNSET,
    started_at: null,
    stages_total: UNSET,
    stages_open: UNSET,
  };
}

/** SHA-256 of everything that the caller asked for. Trace fields differ between repetitions of one request and do not count. */
function bodyHash(request: CreatePipeline, stages: NewStage[]): string {
  const { traceparent, tracestate, idempotencyKey, stages: specs, ...rest } = request;
  const parts = [JSON.stringify(rest)];
  for (const [index, { input, ...spec }] of specs.entries()) parts.push(JSON.stringify(spec), stages[index]?.input ?? '');
  return hash('sha256', parts.join('\n'));
}
