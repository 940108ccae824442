import type { Worker, WorkerSnapshot } from '../../worker/worker.js';
import type { MetricRegistry } from './registry.js';

/** Values of the label `status` of `pipelogiq_worker_status`. */
export const WORKER_STATUSES = ['idle', 'starting', 'running', 'disconnected', 'draining', 'stopped', 'failed'] as const;
export type WorkerStatus = (typeof WORKER_STATUSES)[number];

/** The state of a worker, with a lost connection as a state of its own. */
export const statusOf = ({ state, connected }: WorkerSnapshot): WorkerStatus =>
  state === 'running' && !connected ? 'disconnected' : state;

/** Label values of `jobs_processed_total{status}`. */
export type JobEnd = 'completed' | 'retried' | 'failed' | 'released' | 'lost';

/** Counts what workers do. Counters come from their events, gauges from their snapshots when somebody looks. */
export class WorkerMetrics {
  readonly #registry: MetricRegistry;
  readonly #processed;
  readonly #durations;
  readonly #started;
  readonly #tasks;
  readonly #errors;

  constructor(registry: MetricRegistry, workers: () => readonly Worker[]) {
    this.#registry = registry;
    const worker = 'worker';
    const status = 'status';
    const handler = 'handler';
    this.#started = registry.counter('jobs_started_total', { help: 'Handlers started.', labels: [handler] });
    this.#processed = registry.counter('jobs_processed_total', {
      help: 'Deliveries that ended: completed, retried (failed, another attempt follows), failed (for good), released or lost.',
      labels: [handler, status],
    });
    this.#durations = registry.histogram('job_processing_duration_seconds', {
      help: 'How long handlers ran whose result was committed.',
      labels: [handler],
    });
    this.#tasks = registry.counter('pipelogiq_worker_tasks_total', {
      help: 'Results that the control plane has confirmed.',
      labels: [worker],
    });
    this.#errors = registry.counter('pipelogiq_worker_errors_total', {
      help: 'Failed attempts, and errors of the worker itself.',
      labels: [worker],
    });
    const states = registry.gauge('pipelogiq_worker_status', {
      help: '1 for the status that holds, else 0.',
      labels: [worker, status],
    });
    registry.beforeRead(() => {
      for (const snapshot of workers().map((one) => one.snapshot())) {
        for (const one of WORKER_STATUSES) states.set(statusOf(snapshot) === one ? 1 : 0, { worker: snapshot.name, status: one });
      }
    });
    this.#declareGauges(workers);
  }

  observe(worker: Worker): void {
    const { name } = worker.snapshot();
    this.#errors.inc({ worker: name }, 0); // shows from the start
    this.#tasks.inc({ worker: name }, 0);
    const ended = (handler: string, status: JobEnd) => this.#processed.inc({ handler, status });
    worker.on('job_started', ({ job }) => this.#started.inc({ handler: job.handler }));
    worker.on('job_completed', ({ job: { handler }, durationMs }) => {
      ended(handler, 'completed');
      this.#tasks.inc({ worker: name });
      this.#durations.observe(durationMs / 1_000, { handler });
    });
    worker.on('job_failed', ({ job: { handler }, willRetry, durationMs }) => {
      ended(handler, willRetry ? 'retried' : 'failed');
      this.#durations.observe(durationMs / 1_000, { handler });
      this.#tasks.inc({ worker: name });
      this.#errors.inc({ worker: name });
    });
    worker.on('job_released', ({ job }) => ended(job.handler, 'released'));
    worker.on('lease_lost', ({ job }) => ended(job.handler, 'lost'));
    worker.on('error', () => this.#errors.inc({ worker: name }));
  }

  #declareGauges(workers: () => readonly Worker[]): void {
    const each = (value: (snapshot: WorkerSnapshot) => number) => () =>
      workers().map((one) => {
        const snapshot = one.snapshot();
        return { value: value(snapshot), labels: { worker: snapshot.name } };
      });
    const gauge = (name: string, help: string, value: (snapshot: WorkerSnapshot) => number) =>
      this.#registry.gauge(name, { help, labels: ['worker'], collect: each(value) });
    gauge('pipelogiq_worker_uptime_seconds', 'How long the run under way has lasted.', ({ uptimeMs }) => uptimeMs / 1_000);
    gauge('pipelogiq_worker_concurrency', 'Handlers that may run at the same time.', ({ concurrency }) => concurrency);
    gauge('pipelogiq_worker_jobs_running', 'Handlers that run.', ({ running }) => running);
    gauge('pipelogiq_worker_jobs_queued', 'Jobs pulled ahead, which wait for a slot.', ({ queued }) => queued);
    gauge(
      'pipelogiq_worker_results_unconfirmed',
      'Results that the control plane has not confirmed.',
      ({ unsettled }) => unsettled,
    );
  }
}
