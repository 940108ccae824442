import type { JsonText, LeasedJob, PayloadPage, Pulled } from '../domain/use-cases.js';

const quote = JSON.stringify as (text: string) => string;

/** `{"a":…,"b":…}` of values that are JSON already. */
function encodeMap(values: { [key: string]: JsonText }): string {
  let text = '{';
  for (const key in values) text += `${text.length > 1 ? ',' : ''}${quote(key)}:${values[key]}`;
  return `${text}}`;
}

/** A stage job as on the wire. The JSON of users is spliced in as it was stored; ids and times need no escaping. */
export function encodeJob(job: LeasedJob): string {
  return (
    `{"id":"${job.id}","pipelineId":"${job.pipelineId}","pipelineName":${quote(job.pipelineName)}` +
    `,"stage":${quote(job.stage)},"handler":${quote(job.handler)}` +
    `,"fencingToken":${job.fencingToken},"attempt":${job.attempt},"maxAttempts":${job.maxAttempts}` +
    `,"traceparent":"${job.traceparent}"` +
    (job.tracestate === undefined ? '' : `,"tracestate":${quote(job.tracestate)}`) +
    `,"input":${job.input},"previousOutput":${job.previousOutput}` +
    `,"outputs":${encodeMap(job.outputs)},"outputHandlers":${JSON.stringify(job.outputHandlers)}` +
    `,"context":${encodeMap(job.context)}` +
    (job.payloadByReference === undefined ? '' : `,"payloadByReference":${job.payloadByReference}`) +
    `,"idempotencyKey":${quote(job.idempotencyKey)}` +
    `,"leaseMs":${job.leaseMs},"leaseExpiresAt":"${job.leaseExpiresAt}"` +
    `,"timeoutMs":${job.timeoutMs},"deadline":"${job.deadline}"}`
  );
}

/** The answer of a pull. */
export function encodePulled({ jobs, settled }: Pulled): string {
  let text = '{"jobs":[';
  for (let i = 0; i < jobs.length; i++) text += (i > 0 ? ',' : '') + encodeJob(jobs[i] as LeasedJob);
  return `${text}]${settled === undefined ? '' : `,"settled":${JSON.stringify(settled)}`}}`;
}

/** One page of a payload that travels by reference. */
export function encodePayload({ outputs, context, nextCursor }: PayloadPage): string {
  return `{"outputs":${encodeMap(outputs)},"context":${encodeMap(context)},"nextCursor":${JSON.stringify(nextCursor)}}`;
}
