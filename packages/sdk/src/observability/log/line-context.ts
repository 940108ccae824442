import { trace } from '@opentelemetry/api';
import { activeContext } from '../../tracing/context.js';
import { currentJob } from '../job-scope.js';
import type { LogFields } from './logger.js';

/** Ids of the active span and, inside a handler, of its job. They come with and without an OpenTelemetry SDK. */
export function lineContext(): LogFields {
  const span = trace.getSpanContext(activeContext());
  const scope = currentJob();
  return {
    traceId: span?.traceId,
    spanId: span?.spanId,
    ...(scope && {
      pipelineId: scope.job.pipelineId,
      pipeline: scope.job.pipelineName,
      stageId: scope.job.id,
      stage: scope.job.stage,
      jobId: scope.job.id,
      handler: scope.job.handler,
      attempt: scope.job.attempt,
      workerId: scope.workerId,
      worker: scope.worker,
    }),
  };
}
