import type { Counts, Leased } from '../domain/commit/counts.js';
import type { WorkerNews } from '../domain/commit/effects.js';
import type { DeliverySample, Sample } from '../domain/insight/samples.js';
import type { ServerLogger } from './logging.js';

/** What a group did, told after its commit. */
export interface ToldGroup {
  counts: Pick<Counts, 'all'>;
  samples: readonly Sample[];
  workers: readonly WorkerNews[];
}

/**
 * Lines about what becomes of jobs and workers, each with the ids of what it is about in `context`. Those about a single job cost more
 * than the job's own row, so that they are `debug` unless they are asked for.
 */
export class JobLines {
  readonly #log: ServerLogger;
  readonly #level: 'info' | 'debug';

  /** @param options.logJobs - whether lines about single jobs are `info` */
  constructor(log: ServerLogger, { logJobs }: { logJobs: boolean }) {
    this.#log = log;
    this.#level = logJobs ? 'info' : 'debug';
  }

  /** Whether lines about single jobs are written at the level of now. */
  get enabled(): boolean {
    return this.#log.isEnabled(this.#level);
  }

  committed({ counts, samples, workers }: ToldGroup): void {
    for (const one of workers) this.#worker(one);
    if (!this.enabled) return;
    for (const sample of samples) if (sample.kind === 'delivery') this.#ended(sample);
    for (const count of counts.all) if (count.kind === 'leased') this.#leased(count);
  }

  /** No beat of it has come for so long that it counts as gone. */
  silent(worker: { id: number; application_id: number; name: string; last_seen_at: number }): void {
    const news = { applicationId: worker.application_id, workerId: worker.id, name: worker.name };
    const lastSeenAt = new Date(worker.last_seen_at).toISOString();
    this.#log.warn({ category: 'runner', ...ofWorker(news), lastSeenAt }, 'worker_disconnected');
  }

  #leased({ stage, workerId, traceId, spanId, handler, waitMs, applicationId }: Leased): void {
    const context = {
      job_id: String(stage.id),
      run_id: String(stage.pipeline_id),
      pipeline: stage.pipeline_name,
      stage: stage.name,
      handler,
      runner_id: String(workerId),
      attempt: stage.attempts + 1,
      queue_wait_ms: waitMs,
      priority: stage.priority,
    };
    const about = { ...idsOf({ applicationId, stageId: stage.id, pipelineId: stage.pipeline_id, workerId }), traceId, spanId };
    this.#log[this.#level]({ category: 'scheduler', ...about, context }, 'job_assigned');
    this.#log[this.#level]({ category: 'job', ...about, context }, 'job_started');
  }

  #ended(sample: DeliverySample): void {
    const { stageId, pipelineId, pipeline, stage, handler, workerId, traceId, spanId, runMs: durationMs, error } = sample;
    const context = {
      job_id: String(stageId),
      run_id: String(pipelineId),
      pipeline,
      stage,
      handler,
      ...(workerId !== undefined && { runner_id: String(workerId) }),
      attempt: sample.attemptsBefore + 1,
      queue_wait_ms: sample.waitMs,
      conclusion: sample.outcome ?? 'failed',
    };
    const event = sample.isDead ? 'failed' : (sample.outcome ?? 'failed');
    this.#log[this.#level]({ category: 'job', ...idsOf(sample), traceId, spanId, durationMs, error, context }, `job_${event}`);
  }

  #worker(news: WorkerNews): void {
    const line = { category: 'runner', ...ofWorker(news) } as const;
    if (news.kind === 'beat') this.#log.debug(line, 'worker_heartbeat');
    else this.#log.info(line, `worker_${news.kind}`);
  }
}

/** As everywhere in the log. */
const idsOf = ({
  applicationId,
  stageId,
  pipelineId,
  workerId,
}: {
  applicationId: number;
  stageId: number;
  pipelineId: number;
  workerId?: number | undefined;
}) => ({
  applicationId: String(applicationId),
  pipelineId: String(pipelineId),
  stageId: String(stageId),
  ...(workerId !== undefined && { workerId: String(workerId) }),
});

const ofWorker = ({ applicationId, workerId, name, handlers, inFlight }: Omit<WorkerNews, 'kind'>) => ({
  applicationId: String(applicationId),
  workerId: String(workerId),
  context: {
    runner_id: String(workerId),
    ...(name !== undefined && { worker: name }),
    ...(handlers && { handlers }),
    ...(inFlight !== undefined && { in_flight: inFlight }),
  },
});
