/**
 * Names of spans and attributes, in this one place. `messaging.*` and `cicd.*` are OpenTelemetry semantic conventions
 * (https://opentelemetry.io/docs/specs/semconv/), `pipelogiq.*` are our own.
 */
export const TRACER_NAME = '@pipelogiq/sdk';

export const SYSTEM = 'pipelogiq';

export const ATTR = {
  system: 'messaging.system',
  operationName: 'messaging.operation.name',
  operationType: 'messaging.operation.type',
  destination: 'messaging.destination.name',
  messageId: 'messaging.message.id',
  batchCount: 'messaging.batch.message_count',
  errorType: 'error.type',
  pipelineName: 'cicd.pipeline.name',
  pipelineRunId: 'cicd.pipeline.run.id',
  taskName: 'cicd.pipeline.task.name',
  taskRunId: 'cicd.pipeline.task.run.id',
  taskRunResult: 'cicd.pipeline.task.run.result',
  workerId: 'cicd.worker.id',
  attempt: 'pipelogiq.attempt',
} as const;

export const OPERATION_TYPE = {
  create: 'create',
  pull: 'receive',
  process: 'process',
  ack: 'settle',
  nack: 'settle',
} as const;

export type Operation = keyof typeof OPERATION_TYPE;

export const spanName = (operation: Operation, destination?: string): string =>
  destination === undefined ? operation : `${operation} ${destination}`;
