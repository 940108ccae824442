import { SAMPLED, type StageErrorCode } from '@pipelogiq/protocol';
import type { Count, Counts } from '../../domain/commit/counts.js';
import type { DeliverySample, PipelineSample, Sample } from '../../domain/insight/samples.js';
import type { ApplicationLabel, ApplicationLabels } from './applications.js';
import { DELIVERY_SECONDS, FEEDBACK_SECONDS, RUN_SECONDS, STAGE_SECONDS, WAIT_SECONDS } from './buckets.js';
import { type HistogramSeries, type NumberSeries, OTHER, type SeriesFamily } from './families.js';
import type { Histograms, Numbers, Registry } from './registry.js';

const SECOND = 1_000;
const BY_HANDLER = { labels: ['application', 'handler'], max: Number.POSITIVE_INFINITY };
/** Bounded by what the labels can be, and by the number of applications. */
const BOUNDED = Number.POSITIVE_INFINITY;

/** Counters that every handler has; the names are those that users of other systems look for. */
const COUNTERS = {
  published: ['stage_published_total', 'Stages that became ready for a worker.'],
  processed: ['stage_result_processed_total', 'Results of workers, acks and nacks, that were committed.'],
  refused: ['stage_result_failed_total', 'Settles of workers that changed nothing: the lease was lost, or the job is unknown.'],
  updated: ['stage_status_updated_total', 'Changes of the status of stages.'],
  pendingFailed: ['pending_marked_failed_total', 'Stages that failed because no worker took them within pendingTimeoutMs.'],
  pulled: ['ext_stage_jobs_pulled_total', 'Stage jobs that were given to workers.'],
  acked: ['ext_stage_jobs_acked_total', 'Stage jobs that workers acked.'],
  nacked: ['ext_stage_jobs_nacked_total', 'Stage jobs that workers nacked.'],
  expired: ['pipelogiq_lease_expiries_total', 'Leases that ended without a settle.'],
  computeSeconds: ['compute_seconds_total', 'Time that handlers ran, from lease to end.'],
} as const satisfies Record<string, readonly [name: string, help: string]>;
type Counter = keyof typeof COUNTERS;
const COUNTER_NAMES = Object.keys(COUNTERS) as Counter[];

/** All that is counted of one handler of one application, found with one look. */
interface HandlerSeries extends Record<Counter, NumberSeries> {
  application: ApplicationLabel;
  handler: string;
  wait: HistogramSeries | undefined;
  run: HistogramSeries | undefined;
  /** By status and conclusion. */
  jobs: Map<string, NumberSeries>;
}

interface ApplicationSeries {
  label: ApplicationLabel;
  handlers: Map<string, HandlerSeries>;
  /** Of labels that are few, by their values. */
  numbers: Map<SeriesFamily<NumberSeries>, Map<string, NumberSeries>>;
  histograms: Map<SeriesFamily<HistogramSeries>, Map<string, HistogramSeries>>;
}

const UNKNOWN = 'unknown';

type TraceIds = { traceId: string | undefined; traceFlags: number | undefined; spanId?: string | undefined };

/** A trace that is not sampled is kept nowhere: its id would lead to nothing. */
const isSampled = (flags = 0): boolean => (flags & SAMPLED) !== 0;

/** Counts what was committed here, by application and handler. */
export class WorkMetrics {
  readonly #applications = new Map<ApplicationLabel, ApplicationSeries>();
  readonly #labels: ApplicationLabels;
  readonly #maxHandlers: number;
  readonly #exemplars: boolean;
  readonly #counters: Record<Counter, Numbers>;
  readonly #wait: Histograms;
  readonly #run: Histograms;
  readonly #jobs: Numbers;
  readonly #created: Numbers;
  readonly #runs: Numbers;
  readonly #runDuration: Histograms;
  readonly #feedback: Histograms;
  readonly #lost: Numbers;
  readonly #decisions: Numbers;
  readonly #logs: HistogramSeries;
  #handlers = 0;

  /** @param options.maxHandlers - pairs of application and handler that are told apart */
  constructor(registry: Registry, labels: ApplicationLabels, options: { maxHandlers: number; exemplars: boolean }) {
    this.#labels = labels;
    this.#maxHandlers = options.maxHandlers;
    this.#exemplars = options.exemplars;
    const counters = COUNTER_NAMES.map((key) => [key, registry.counter(COUNTERS[key][0], COUNTERS[key][1], BY_HANDLER)]);
    this.#counters = Object.fromEntries(counters) as Record<Counter, Numbers>;
    const labelled = (...names: string[]) => ({ labels: ['application', ...names], max: BOUNDED });
    this.#jobs = registry.counter('jobs_total', 'Stage jobs that ended, and how.', labelled('handler', 'status', 'conclusion'));
    const wait = 'From ready to leased, observed when a stage is leased.';
    this.#wait = registry.histogram('pipelogiq_stage_queue_wait_seconds', wait, WAIT_SECONDS, BY_HANDLER);
    const run = 'From the lease to the end of a delivery.';
    this.#run = registry.histogram('pipelogiq_stage_duration_seconds', run, STAGE_SECONDS, BY_HANDLER);
    this.#created = registry.counter('ext_pipeline_created_total', 'Pipelines that were created.', labelled('trigger'));
    this.#runs = registry.counter(
      'pipelogiq_pipeline_runs_total',
      'Runs of pipelines that ended.',
      labelled('status', 'trigger'),
    );
    const runDuration = 'From the start of a pipeline to its end; reruns have no start of their own.';
    this.#runDuration = registry.histogram(
      'pipelogiq_pipeline_run_duration_seconds',
      runDuration,
      RUN_SECONDS,
      labelled('status'),
    );
    const feedback = 'From the creation of a pipeline to the end of its first stage.';
    this.#feedback = registry.histogram('pipelogiq_feedback_duration_seconds', feedback, FEEDBACK_SECONDS, labelled());
    const lost = 'Deliveries of which a worker was told that it had lost the lease.';
    this.#lost = registry.counter('pipelogiq_lease_lost_total', lost, labelled('reason', 'call'));
    const decisions = 'What the scheduler decided: lease, none (a pull got nothing), promote, retry, expire, time_out.';
    this.#decisions = registry.counter('scheduler_decisions_total', decisions, { labels: ['decision_type'] });
    const logs = 'From the writing of a log line by a handler to its commit: of the oldest line of each call of a worker.';
    this.#logs = registry.histogram('log_delivery_latency_seconds', logs, DELIVERY_SECONDS).of([]);
    labels.onOther = (label) => this.#toOther(label);
  }

  /** @param now - time of the commit */
  committed({ all, leasing }: Pick<Counts, 'all' | 'leasing'>, samples: readonly Sample[], now: number): void {
    for (const count of all) this.#count(count, now);
    for (const sample of samples) this.#sample(sample, now);
    if (leasing && leasing.empty > 0) this.#decided('none', leasing.empty);
  }

  #count(count: Count, now: number): void {
    const { kind } = count;
    if (kind === 'promoted') {
      if (count.stages > 0) this.#decided('promote', count.stages);
    } else if (kind === 'leased') this.#leased(count, now);
    else if (kind === 'logged')
      this.#logs.observe(Math.max(now - count.oldestAt, 0) / SECOND); // a worker's clock may be fast
    else if (kind === 'created') this.#number(this.#created, count.applicationId, count.trigger).inc();
    else if (kind === 'refused') this.#of(count.applicationId, count.handler ?? UNKNOWN).refused.inc();
    else if (kind === 'lost') this.#number(this.#lost, count.applicationId, count.reason, count.call).inc();
    else {
      const series = this.#of(count.applicationId, count.handler);
      series.updated.inc();
      if (kind === 'published') series.published.inc();
    }
  }

  #leased(count: Extract<Count, { kind: 'leased' }>, now: number): void {
    const series = this.#of(count.applicationId, count.handler);
    series.pulled.inc();
    series.updated.inc();
    this.#observe(this.#waitOf(series), count.waitMs, count, now);
    this.#decided('lease');
  }

  /** Measures are for insights only. */
  #sample(sample: Sample, now: number): void {
    if (sample.kind === 'delivery') this.#delivery(sample, now);
    else if (sample.kind === 'pipeline') this.#pipeline(sample, now);
    else if (sample.kind === 'feedback')
      this.#histogram(this.#feedback, sample.applicationId).observe(sample.feedbackMs / SECOND);
  }

  #delivery(sample: DeliverySample, now: number): void {
    const series = this.#of(sample.applicationId, sample.handler);
    const { settledBy, outcome, runMs, isDead } = sample;
    if (settledBy === 'ack') series.acked.inc();
    if (settledBy === 'nack') series.nacked.inc();
    if (settledBy === 'ack' || settledBy === 'nack') series.processed.inc();
    if (outcome === 'expired') series.expired.inc();
    if (sample.error?.code === 'pending_timed_out') series.pendingFailed.inc();
    if (outcome === 'expired') this.#decided('expire');
    if (outcome === 'timed_out') this.#decided('time_out');
    if (!isDead && (outcome === 'retried' || outcome === 'timed_out' || outcome === 'expired')) this.#decided('retry');
    this.#job(series, sample);
    if (runMs === undefined) return;
    series.computeSeconds.inc(runMs / SECOND);
    this.#observe(this.#runOf(series), runMs, sample, now);
  }

  #job(series: HandlerSeries, sample: DeliverySample): void {
    const { status, conclusion } = endOf(sample);
    this.#jobsOf(series, `${status} ${conclusion}`).inc();
  }

  #pipeline({ applicationId, status, trigger, durationMs, traceId, traceFlags }: PipelineSample, now: number): void {
    this.#number(this.#runs, applicationId, status, trigger).inc();
    if (durationMs !== undefined)
      this.#observe(this.#histogram(this.#runDuration, applicationId, status), durationMs, { traceId, traceFlags }, now);
  }

  #observe(series: HistogramSeries, ms: number, { traceId, traceFlags, spanId }: TraceIds, now: number): void {
    if (this.#exemplars && traceId !== undefined && isSampled(traceFlags))
      series.observeOne(ms / SECOND, { traceId, spanId }, now);
    else series.observe(ms / SECOND);
  }

  #decided(decision: string, by = 1): void {
    this.#decisions.of([decision]).inc(by);
  }

  #application(id: number): ApplicationSeries {
    return this.#labelled(this.#labels.of(id));
  }

  #labelled(label: ApplicationLabel): ApplicationSeries {
    const known = this.#applications.get(label);
    if (known) return known;
    const made = { label, handlers: new Map(), numbers: new Map(), histograms: new Map() };
    this.#applications.set(label, made);
    return made;
  }

  #of(applicationId: number, handler: string): HandlerSeries {
    return this.#handler(this.#application(applicationId), handler);
  }

  #handler(application: ApplicationSeries, handler: string): HandlerSeries {
    const known = application.handlers.get(handler);
    if (known) return known;
    if (this.#handlers >= this.#maxHandlers && handler !== OTHER) return this.#handler(application, OTHER);
    this.#handlers += 1;
    const labels = [application.label, handler];
    const counters = COUNTER_NAMES.map((key) => [key, this.#counters[key].add(labels)]);
    const made = { ...Object.fromEntries(counters), application: application.label, handler, jobs: new Map() } as HandlerSeries;
    application.handlers.set(handler, made);
    return made;
  }

  #waitOf(series: HandlerSeries): HistogramSeries {
    series.wait ??= this.#wait.add([series.application, series.handler]);
    return series.wait;
  }

  #runOf(series: HandlerSeries): HistogramSeries {
    series.run ??= this.#run.add([series.application, series.handler]);
    return series.run;
  }

  /** @param end - status and conclusion, with a space between */
  #jobsOf(series: HandlerSeries, end: string): NumberSeries {
    const jobs = series.jobs.get(end) ?? this.#jobs.add([series.application, series.handler, ...end.split(' ')]);
    series.jobs.set(end, jobs);
    return jobs;
  }

  /** Before its first line: an application whose name is not known has none. */
  #toOther(label: ApplicationLabel): void {
    const gone = this.#applications.get(label);
    if (!gone) return;
    this.#applications.delete(label);
    this.#handlers -= gone.handlers.size;
    const other = this.#labelled(this.#labels.other);
    for (const series of gone.handlers.values()) {
      const into = this.#handler(other, series.handler);
      for (const key of COUNTER_NAMES) into[key].merge(series[key]);
      if (series.wait) this.#waitOf(into).merge(series.wait);
      if (series.run) this.#runOf(into).merge(series.run);
      for (const [end, jobs] of series.jobs) this.#jobsOf(into, end).merge(jobs);
    }
    for (const [family, byValues] of gone.numbers)
      for (const [values, series] of byValues) labelled(other.numbers, family, other.label, wordsOf(values)).merge(series);
    for (const [family, byValues] of gone.histograms)
      for (const [values, series] of byValues) labelled(other.histograms, family, other.label, wordsOf(values)).merge(series);
    const ofHandlers = [...Object.values(this.#counters), this.#jobs, this.#wait, this.#run];
    for (const family of [...ofHandlers, ...gone.numbers.keys(), ...gone.histograms.keys()]) family.drop(label);
  }

  #number(family: Numbers, applicationId: number, ...values: string[]): NumberSeries {
    const { label, numbers } = this.#application(applicationId);
    return labelled(numbers, family, label, values);
  }

  #histogram(family: Histograms, applicationId: number, ...values: string[]): HistogramSeries {
    const { label, histograms } = this.#application(applicationId);
    return labelled(histograms, family, label, values);
  }
}

const wordsOf = (key: string): string[] => (key === '' ? [] : key.split(' '));

function labelled<S extends NumberSeries | HistogramSeries>(
  known: Map<SeriesFamily<S>, Map<string, S>>,
  family: SeriesFamily<S>,
  label: ApplicationLabel,
  values: readonly string[],
): S {
  const ofFamily = known.get(family) ?? new Map<string, S>();
  known.set(family, ofFamily);
  const key = values.join(' ');
  const series = ofFamily.get(key) ?? family.add([label, ...values]);
  ofFamily.set(key, series);
  return series;
}

/** Why a stage failed that no worker ran; any other code is a user's, and there may be any number of those. */
const NOT_RUN: ReadonlySet<string> = new Set<StageErrorCode>(['pending_timed_out', 'event_timed_out', 'input_unresolvable']);

/** What became of the stage, and how the job itself ended. */
function endOf({ outcome, isDead, error }: DeliverySample): { status: string; conclusion: string } {
  if (outcome === 'completed') return { status: 'completed', conclusion: 'success' };
  if (outcome === 'released') return { status: 'released', conclusion: 'released' };
  const status = isDead ? 'failed' : 'retried';
  if (outcome === 'expired' || outcome === 'timed_out') return { status, conclusion: outcome };
  const code = error?.code ?? '';
  if (outcome === undefined && NOT_RUN.has(code)) return { status, conclusion: code };
  return { status, conclusion: 'failure' };
}
