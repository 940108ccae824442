import { formatTraceparent } from '@pipelogiq/protocol';
import type { ClaimedStage, ContextRow, DependencyOutput } from '../../store/store.js';
import type { Group } from '../commit/tickets.js';
import { groupBy } from '../group-by.js';
import type { JsonText, LeasedJob } from '../use-cases.js';
import { orNull } from './output.js';

export interface JobLimits {
  /** Outputs and context together beyond this travel by reference. */
  jobPayloadBytes: number;
}

/** What outputs and context add to an answer: nothing when they travel by reference. */
export const inlineBytes = (payloadBytes: number, { jobPayloadBytes }: JobLimits): number =>
  payloadBytes > jobPayloadBytes ? 0 : payloadBytes;

/** A leased stage with its input, references resolved. */
export interface Delivered {
  stage: ClaimedStage;
  input: string | null;
}

/** Jobs as workers get them, by stage id. Outputs and context are read once for all. */
export async function buildJobs(
  group: Group,
  delivered: readonly Delivered[],
  limits: JobLimits,
): Promise<Map<number, LeasedJob>> {
  const joining = delivered.filter(({ stage }) => stage.dependency_count > 0);
  const isInline = ({ stage }: Delivered): boolean => stage.payload_bytes <= limits.jobPayloadBytes;
  const idsOf = (items: readonly Delivered[]): number[] => items.map(({ stage }) => stage.id);
  const withContext = [
    ...new Set(
      delivered
        .filter(({ stage }) => stage.has_context === 1)
        .filter(isInline)
        .map(({ stage }) => stage.pipeline_id),
    ),
  ];
  const dependencies = [
    ...(await group.tx.dependencyOutputs(idsOf(joining.filter(isInline)))),
    ...(await group.tx.dependencyNames(idsOf(joining.filter((item) => !isInline(item))))),
  ];
  const outputs = groupBy(dependencies, (row) => row.stage_id);
  const context = groupBy(await group.tx.contextOf(withContext), (row) => row.pipeline_id);
  return new Map(
    delivered.map((item) => [
      item.stage.id,
      buildJob(group, item, outputs.get(item.stage.id) ?? [], context.get(item.stage.pipeline_id) ?? [], limits),
    ]),
  );
}

function buildJob(
  { now }: Group,
  { stage, input }: Delivered,
  outputs: DependencyOutput[],
  context: ContextRow[],
  { jobPayloadBytes }: JobLimits,
): LeasedJob {
  const payload = payloadOf(outputs, context, stage.payload_bytes > jobPayloadBytes);
  const leaseExpiresAt = stage.lease_expires_at ?? now;
  const deadline = stage.timeout_at ?? now;
  return {
    id: String(stage.id),
    pipelineId: String(stage.pipeline_id),
    pipelineName: stage.pipeline_name,
    stage: stage.name,
    handler: stage.handler,
    fencingToken: stage.fencing_token,
    attempt: stage.attempts + 1,
    maxAttempts: stage.max_attempts,
    traceparent: formatTraceparent({ traceId: stage.trace_id, spanId: stage.span_id, flags: stage.trace_flags }),
    ...(stage.tracestate === null ? {} : { tracestate: stage.tracestate }),
    input: orNull(input),
    ...payload,
    outputHandlers: Object.fromEntries(outputs.map((output) => [output.name, output.handler])),
    idempotencyKey: `${stage.id}.${stage.span_id}`, // a rerun has a new span id, an attempt has not
    leaseMs: Math.max(leaseExpiresAt - now, 0),
    leaseExpiresAt: new Date(leaseExpiresAt).toISOString(),
    timeoutMs: Math.max(deadline - now, 0),
    deadline: new Date(deadline).toISOString(),
  };
}

type Payload = Pick<LeasedJob, 'previousOutput' | 'outputs' | 'context' | 'payloadByReference'>;

function payloadOf(outputs: DependencyOutput[], context: ContextRow[], byReference: boolean): Payload {
  if (byReference) return { previousOutput: 'null' as JsonText, outputs: {}, context: {}, payloadByReference: true };
  return {
    previousOutput: orNull(outputs.length === 1 ? (outputs[0]?.output ?? null) : null),
    outputs: Object.fromEntries(outputs.map((row) => [row.name, orNull(row.output)])),
    context: Object.fromEntries(context.map((row) => [row.key, row.value as JsonText])),
  };
}
