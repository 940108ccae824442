import type { Clock } from '../../clock.js';
import type { HandlerKey } from '../../store/metric-rows.js';
import type { ApplicationLabels } from './applications.js';
import { type NumberSeries, OTHER } from './families.js';
import { Fresh } from './fresh.js';
import type { Numbers, Registry } from './registry.js';
import type { MetricSources } from './sources.js';

export interface GaugeOptions {
  clock: Pick<Clock, 'monotonic' | 'setTimer'>;
  /** How old figures from the database may be, in milliseconds. */
  maxAgeMs: number;
  /** Pairs of application and handler that are told apart. */
  maxHandlers: number;
  onError(error: unknown): void;
}

/** Longest wait of a scrape for one of its few reads, and for all of them: Prometheus gives up after ten seconds. */
const WAIT_MS = 1_000;
const ALL_WAITS_MS = 3_000;
/** Reads at once: each is mostly a way to a thread or a database and back. */
const LANES = 3;
/** Ratios of a day change slowly, and cost more. */
const SLOW_AGES = 12;
const SECOND = 1_000;
const MAX_POOLS = 200;
const PRIORITIES = ['high', 'normal', 'low'] as const;

/** Figures that are read when somebody looks: by one bounded statement each, away from the connection that commits. */
export class Gauges {
  readonly #labels: ApplicationLabels;
  readonly #options: GaugeOptions;
  readonly #registry: Registry;
  readonly #failures: Numbers;
  /** What is known here, and what the database is asked for. */
  readonly #known: (() => void)[] = [];
  readonly #reads: ((leftMs: number) => Promise<() => void>)[] = [];
  #applications: Fresh<readonly { id: number; name: string }[]> | undefined;

  constructor(registry: Registry, labels: ApplicationLabels, options: GaugeOptions) {
    this.#registry = registry;
    this.#labels = labels;
    this.#options = options;
    const failures = 'Figures that could not be read for a scrape in time: it has the last ones, or none.';
    this.#failures = registry.counter('pipelogiq_metrics_read_failures_total', failures, { labels: ['read'] });
  }

  /** Declares what these sources tell. */
  watch(sources: MetricSources): void {
    this.#committer(sources);
    this.#stages(sources);
    this.#workers(sources);
    this.#database(sources);
    this.#kpis(sources);
    this.#applications = this.#fresh(sources.applications, 0);
  }

  async refresh(): Promise<void> {
    for (const show of this.#known) show(); // before our own reads wait for connections
    const { clock } = this.#options;
    const until = clock.monotonic() + ALL_WAITS_MS;
    const left = (): number => Math.max(until - clock.monotonic(), 0);
    const reads = this.#reads.values();
    const shown: (() => void)[] = [];
    const lane = async (): Promise<void> => {
      for (const read of reads) {
        const show = await read(left());
        show();
        shown.push(show);
      }
    };
    await Promise.all(Array.from({ length: LANES }, lane)); // few at once: others read too
    const isOther = await this.#name(left());
    if (isOther) for (const show of shown) show();
  }

  /** Names the applications that were met since the last time. */
  async #name(leftMs: number): Promise<boolean> {
    if (this.#labels.areNamed || !this.#applications) return false;
    const { value = [], isMissed } = await this.#applications.get(leftMs);
    if (isMissed) this.#failures.of(['applications']).inc();
    return this.#labels.name(value);
  }

  #committer({ queue }: MetricSources): void {
    const requests = this.#gauge('pipelogiq_commit_queue_requests', 'Requests that wait for a commit.').of([]);
    const bytes = this.#gauge('pipelogiq_commit_queue_bytes', 'Size of the requests that wait for a commit, about.').of([]);
    const parked = this.#gauge('pipelogiq_parked_pulls', 'Pulls of workers that wait for work.').of([]);
    this.#known.push(() => {
      const now = queue();
      requests.value = now.requests;
      bytes.value = now.bytes;
      parked.value = now.parkedPulls;
    });
  }

  #stages(sources: MetricSources): void {
    const depth = 'Stages that a worker may take now; priorities above 0 are high, below 0 low.';
    const depths = this.#gauge('pipelogiq_queue_depth', depth, ['application', 'handler', 'priority']);
    const { maxHandlers } = this.#options;
    this.#read({ name: 'queue_depth', read: () => sources.queueDepths(maxHandlers), into: [depths] }, ({ byHandler, others }) => {
      for (const row of [...byHandler, ...others.map((other) => ({ ...other, handler: OTHER }))]) {
        for (const priority of PRIORITIES) this.#at(depths, row, row.handler, priority).inc(row[priority]);
      }
    });
    const running = this.#gauge('pipelogiq_running_stages', 'Stages that workers run.', ['application', 'handler']);
    this.#read({ name: 'running_stages', read: () => sources.runningStages(), into: [running] }, (rows) => {
      const handlers = new HandlerNames(maxHandlers);
      for (const row of rows) this.#at(running, row, handlers.of(row)).inc(row.stages);
    });
  }

  #workers({ workerGroups }: MetricSources): void {
    const labels = ['application', 'pool'];
    const known = 'Workers; offline ones were not heard of for three heartbeats.';
    const workers = this.#gauge('pipelogiq_workers', known, [...labels, 'state']);
    const inFlight = this.#gauge('pipelogiq_worker_jobs_in_flight', 'Jobs that live workers say they have.', labels);
    const share = 'Jobs that live workers have, of those that they could run at once.';
    const utilisation = this.#gauge('pipelogiq_worker_utilisation_ratio', share, labels);
    this.#read({ name: 'workers', read: workerGroups, into: [workers, inFlight, utilisation] }, (groups) => {
      const pools = new HandlerNames(MAX_POOLS);
      const slots = new Map<NumberSeries, { all: number; used: number }>();
      for (const { application_id, pool, state, workers: count, ...group } of groups) {
        const name = pools.of({ application_id, handler: pool });
        this.#at(workers, { application_id }, name, state).inc(count);
        if (state === 'stopped' || state === 'offline') continue;
        this.#at(inFlight, { application_id }, name).inc(group.in_flight);
        if (group.slots === 0) continue; // of these workers nobody knows what they can do
        const series = this.#at(utilisation, { application_id }, name);
        const { all = 0, used = 0 } = slots.get(series) ?? {};
        slots.set(series, { all: all + group.slots, used: used + group.slots_used });
      }
      for (const [series, { all, used }] of slots) series.value = used / all;
    });
  }

  #database({ databaseSize, pools }: MetricSources): void {
    const size = this.#gauge('pipelogiq_database_size_bytes', 'Size of the database.');
    const wal = this.#gauge('pipelogiq_database_wal_size_bytes', 'Size of the log of changes beside the file of SQLite.');
    this.#read({ name: 'database_size', read: databaseSize, into: [size, wal] }, ({ bytes, walBytes }) => {
      size.of([]).value = bytes;
      if (walBytes !== undefined) wal.of([]).value = walBytes;
    });
    const name = 'pipelogiq_database_pool_connections';
    const connections = this.#gauge(name, 'Connections to PostgreSQL: used, idle, and the most there may be.', ['pool', 'state']);
    const waiting = this.#gauge('pipelogiq_database_pool_waiting', 'Requests that wait for a connection.', ['pool']);
    this.#known.push(() => {
      for (const { pool, waiting: requests, ...states } of pools()) {
        for (const [state, value] of Object.entries(states)) connections.of([pool, state]).value = value;
        waiting.of([pool]).value = requests;
      }
    });
  }

  #kpis({ kpis }: MetricSources): void {
    const of = (name: string, help: string) =>
      this.#gauge(name, `${help} Over the last 24 hours, from insights.`, ['application']);
    const success = of(
      'pipelogiq_pipeline_success_ratio',
      'Runs of pipelines that completed, of those that completed or failed.',
    );
    const flaky = of('pipelogiq_stage_flaky_ratio', 'Stages that needed more than one attempt, of those that completed.');
    const feedback = of(
      'pipelogiq_feedback_time_seconds',
      'Median time from the creation of a pipeline to the end of its first stage.',
    );
    const set = (family: Numbers, application_id: number, value: number | undefined): void => {
      if (value !== undefined) this.#at(family, { application_id }).value = value;
    };
    this.#read({ name: 'kpis', read: kpis, into: [success, flaky, feedback], isSlow: true }, (rows) => {
      for (const { applicationId, successRatio, flakyRatio, feedbackMs } of rows) {
        if (this.#labels.of(applicationId) === this.#labels.other) continue; // ratios of several make none of them together
        set(success, applicationId, successRatio);
        set(flaky, applicationId, flakyRatio);
        set(feedback, applicationId, feedbackMs && feedbackMs / SECOND);
      }
    });
  }

  /** Reads at most once in `maxAgeMs`, and shows what was read in place of all that was there. */
  #read<Value>(
    { name, read, into, isSlow = false }: { name: string; read: () => Promise<Value>; into: Numbers[]; isSlow?: boolean },
    show: (value: Value) => void,
  ): void {
    const fresh = this.#fresh(read, this.#options.maxAgeMs * (isSlow ? SLOW_AGES : 1), isSlow);
    for (const family of into) family.startOver();
    this.#reads.push(async (leftMs) => {
      const { value, isMissed } = await fresh.get(leftMs);
      if (isMissed) this.#failures.of([name]).inc();
      return () => {
        for (const family of into) family.startOver();
        if (value !== undefined) show(value);
      };
    });
  }

  #fresh<Value>(read: () => Promise<Value>, maxAgeMs: number, isLazy = false): Fresh<Value> {
    const { clock, onError } = this.#options;
    return new Fresh(read, { maxAgeMs, waitMs: WAIT_MS, isLazy, clock, onError });
  }

  #at(family: Numbers, { application_id }: Pick<HandlerKey, 'application_id'>, ...values: string[]): NumberSeries {
    const label = this.#labels.of(application_id);
    let key = label.text === OTHER ? OTHER : `${application_id}`; // all that show one label are one line
    for (const value of values) key += `\n${value}`;
    return family.at(key, [label, ...values]);
  }

  #gauge(name: string, help: string, labels: readonly string[] = []): Numbers {
    return this.#registry.gauge(name, help, { labels, max: Number.POSITIVE_INFINITY });
  }
}

/** Names as they come, `other` for those beyond the bound. */
class HandlerNames {
  readonly #known = new Set<string>();
  readonly #max: number;

  constructor(max: number) {
    this.#max = max;
  }

  of({ application_id, handler }: HandlerKey): string {
    const key = `${application_id}\n${handler}`;
    if (this.#known.has(key)) return handler;
    if (this.#known.size >= this.#max) return OTHER;
    this.#known.add(key);
    return handler;
  }
}
