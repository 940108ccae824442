import type { StageError } from '@pipelogiq/protocol';
import type { JobInfo, Worker } from '../../worker/worker.js';
import type { Logger } from './logger.js';

/** Writes what happens to a worker, and what its handlers write to `job.log`. */
export function logWorker(worker: Worker, logger: Logger, jobLogs: boolean): void {
  const lines = logger.child({ category: 'runner', worker: worker.snapshot().name });
  const jobs = logger.child({ category: 'job', worker: worker.snapshot().name });
  const ids = ({ id, pipelineId, pipelineName, stage, handler, attempt }: JobInfo) => ({
    pipelineId,
    pipeline: pipelineName,
    stageId: id,
    stage,
    jobId: id,
    handler,
    attempt,
    workerId: worker.snapshot().workerId,
    context: { job_id: id, run_id: pipelineId, runner_id: worker.snapshot().workerId, attempt },
  });
  worker.on('started', ({ workerId, application }) => lines.info('worker started', { workerId, application }));
  worker.on('draining', ({ cause }) => lines.info('worker drains', { cause }));
  worker.on('resumed', () => lines.info('worker resumes'));
  worker.on('stopped', ({ unsent }) => lines.info('worker stopped', { unsent }));
  worker.on('disconnected', ({ error }) => lines.warn('the control plane cannot be reached', { error }));
  worker.on('reconnected', ({ awayMs }) => lines.info('the control plane is back', { awayMs }));
  worker.on('error', (error) => {
    lines.error('worker error', { category: 'errors', error });
    // We listen, so the worker no longer warns by itself; somebody must hear of it all the same.
    if (lines.level === 'silent') process.emitWarning(error instanceof Error ? error : String(error));
  });
  worker.on('job_started', ({ job }) => {
    if (jobs.level === 'debug' || jobs.level === 'trace') jobs.debug('job_started', ids(job));
  });
  worker.on('job_completed', ({ job, durationMs }) => {
    jobs.debug('job_completed', { ...ids(job), durationMs: Math.round(durationMs) });
  });
  worker.on('job_failed', ({ job, error, willRetry, durationMs }) => {
    const fields = { ...ids(job), errorCode: error.code, error: asError(error), willRetry, durationMs: Math.round(durationMs) };
    if (willRetry) jobs.warn('job_failed', fields);
    else jobs.error('job_failed', fields);
  });
  worker.on('job_released', ({ job }) => jobs.debug('job_released', ids(job)));
  worker.on('lease_lost', ({ job, reason }) => jobs.warn('lease_lost', { ...ids(job), reason }));
  if (!jobLogs) return;
  const jobLines = logger.child({}, 'pipelogiq.job');
  worker.on('job_log', ({ level, message, fields }) => jobLines[level](message, fields));
}

/** In the form of every error of the log; causes stand in its stack. */
const asError = ({ code, message, stack }: StageError) => ({
  type: /^(\w+)(?=: )/.exec(stack ?? '')?.[1] ?? 'Error',
  message,
  code,
  ...(stack !== undefined && { stack }),
});
