import type { JobInfo, Worker } from '../../worker/worker.js';
import type { Logger } from './logger.js';

/** Writes what happens to a worker, and what its handlers write to `job.log`. */
export function logWorker(worker: Worker, logger: Logger, jobLogs: boolean): void {
  const lines = logger.child({ worker: worker.snapshot().name });
  const ids = ({ id, pipelineId, pipelineName, stage, handler, attempt }: JobInfo) => ({
    pipelineId,
    pipeline: pipelineName,
    stageId: id,
    stage,
    jobId: id,
    handler,
    attempt,
    workerId: worker.snapshot().workerId,
  });
  worker.on('started', ({ workerId, application }) => lines.info('worker started', { workerId, application }));
  worker.on('draining', ({ cause }) => lines.info('worker drains', { cause }));
  worker.on('resumed', () => lines.info('worker resumes'));
  worker.on('stopped', ({ unsent }) => lines.info('worker stopped', { unsent }));
  worker.on('disconnected', ({ error }) => lines.warn('the control plane cannot be reached', { error }));
  worker.on('reconnected', ({ awayMs }) => lines.info('the control plane is back', { awayMs }));
  worker.on('error', (error) => {
    lines.error('worker error', { error });
    // We listen, so the worker no longer warns by itself; somebody must hear of it all the same.
    if (lines.level === 'silent') process.emitWarning(error instanceof Error ? error : String(error));
  });
  worker.on('job_completed', ({ job, durationMs }) => {
    lines.debug('job_completed', { ...ids(job), durationMs: Math.round(durationMs) });
  });
  worker.on('job_failed', ({ job, error, willRetry, durationMs }) => {
    const fields = { ...ids(job), errorCode: error.code, error: error.message, willRetry, durationMs: Math.round(durationMs) };
    if (willRetry) lines.warn('job_failed', fields);
    else lines.error('job_failed', fields);
  });
  worker.on('lease_lost', ({ job, reason }) => lines.warn('lease_lost', { ...ids(job), reason }));
  if (!jobLogs) return;
  const jobLines = logger.child({}, 'pipelogiq.job');
  worker.on('job_log', ({ level, message, fields }) => jobLines[level](message, fields));
}
