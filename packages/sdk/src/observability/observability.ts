import type { Worker } from '../worker/worker.js';
import { type ObservabilityConfig, resolveConfig } from './config.js';
import { type HealthCheck, type HealthCheckOptions, HealthChecks } from './health/checks.js';
import { MetricsServer } from './http/metrics-server.js';
import { pages } from './http/pages.js';
import { jobScope } from './job-scope.js';
import { DailyFile } from './log/daily-file.js';
import { lineContext } from './log/line-context.js';
import { createLogger, type Logger, type LoggerParts, type LogSink } from './log/logger.js';
import { sourceOfCall } from './log/source.js';
import { logWorker } from './log/worker-log.js';
import type { Counter, Gauge, Histogram } from './metrics/instruments.js';
import { declareProcessMetrics } from './metrics/process-metrics.js';
import { type CollectedOptions, type HistogramOptions, MetricRegistry } from './metrics/registry.js';
import { WorkerMetrics } from './metrics/worker-metrics.js';
import type { ObservabilityOptions } from './options.js';
import { type OtelExport, startExport } from './otel/export.js';

/**
 * Sets up traces, metrics, health and logs of this process in one call. Without an OTLP endpoint nothing leaves the process but
 * what the metrics server on 127.0.0.1:9090 is asked for, and no optional package is needed.
 *
 * @throws ConfigurationError for options that do not exist or make no sense, for missing optional packages (with the `npm install`
 *   line), and with `metrics.required` for a port that is taken
 * @example
 * const observability = await startObservability({ serviceName: 'email-worker', serviceVersion: '1.0.0' });
 * const worker = observability.attach(pipelogiq.worker({ handlers }));
 * await worker.run();
 * await observability.shutdown();
 */
export async function startObservability(options: ObservabilityOptions = {}): Promise<Observability> {
  const config = resolveConfig(options);
  const observability = new Observability(config);
  await observability.open();
  return observability;
}

/** The running observability of a process. Made by `startObservability`. */
export class Observability {
  readonly logger: Logger;
  readonly #config: ObservabilityConfig;
  readonly #sinks: LogSink[] = [];
  readonly #files: DailyFile[] = [];
  readonly #registry: MetricRegistry;
  readonly #checks = new HealthChecks();
  readonly #workers: Worker[] = [];
  readonly #workerMetrics: WorkerMetrics;
  /** Lines that others write through us: the place of the call would be ours. */
  readonly #relayed: Logger;
  #otel: OtelExport | undefined;
  #server: MetricsServer | undefined;
  #stopProcessMetrics: (() => void) | undefined;

  /** @internal */
  constructor(config: ObservabilityConfig) {
    this.#config = config;
    const parts = this.#loggerParts();
    this.#relayed = createLogger({ ...parts, source: undefined }, 'pipelogiq.worker');
    this.logger = createLogger(parts, 'app');
    const { maxLabelValues: labelValues, maxSeries: series } = config.metrics;
    const onError = (error: unknown) => this.#relayed.warn('a metric could not be read', { error });
    this.#registry = new MetricRegistry({ labelValues, series }, onError);
    this.#workerMetrics = new WorkerMetrics(this.#registry, () => this.#workers);
  }

  /** Where the metrics server listens, `http://127.0.0.1:9090`; undefined when it does not. */
  get url(): string | undefined {
    return this.#server?.url;
  }

  /** @internal */
  async open(): Promise<void> {
    const { warnings } = this.#config;
    let warn = (message: string): void => void warnings.push(message);
    try {
      this.#otel = await startExport(this.#config, this.#registry, (message) => warn(message));
      if (this.#otel.logs) this.#sinks.push(this.#otel.logs);
      warn = (message) => this.#relayed.warn(message); // from here on lines are exported too
      for (const warning of warnings) warn(warning);
      this.#stopProcessMetrics = declareProcessMetrics(this.#registry);
      if (this.#config.metrics.server) await this.#listen();
    } catch (error) {
      await this.shutdown();
      throw error;
    }
  }

  /** Watches a worker: metrics, health, log lines with the ids of its jobs. Call it before the worker runs. */
  attach<Watched extends Worker>(worker: Watched): Watched {
    if (this.#workers.includes(worker)) return worker;
    this.#workers.push(worker);
    worker.use(jobScope(worker));
    this.#workerMetrics.observe(worker);
    logWorker(worker, this.#relayed, this.#config.logs.jobLogs);
    return worker;
  }

  /**
   * A number that only grows. The same name and shape again give the same counter.
   *
   * @throws ConfigurationError for a name that does not end in `_total`, or that is taken by another metric
   * @example observability.counter('emails_sent_total', { help: 'E-mails sent.', labels: ['provider'] }).inc({ provider: 'smtp' });
   */
  counter<const Label extends string = never>(name: string, options: CollectedOptions<Label>): Counter<Label> {
    return this.#registry.counter(name, options);
  }

  /**
   * A number that goes up and down; with `collect` it is asked for when somebody looks.
   *
   * @example observability.gauge('outbox_size', { help: 'E-mails that wait.', collect: () => outbox.count() });
   */
  gauge<const Label extends string = never>(name: string, options: CollectedOptions<Label>): Gauge<Label> {
    return this.#registry.gauge(name, options);
  }

  /** A distribution. Without `buckets` it is one of durations in seconds. */
  histogram<const Label extends string = never>(name: string, options: HistogramOptions<Label>): Histogram<Label> {
    return this.#registry.histogram(name, options);
  }

  /**
   * Adds a component to `/health`; an unhealthy one that is critical makes the process unready. Returns how to remove it.
   *
   * @example observability.healthCheck('smtp', async () => { await transport.verify(); });
   */
  healthCheck(name: string, check: HealthCheck, options?: HealthCheckOptions): () => void {
    return this.#checks.add(name, check, options);
  }

  /** Sends what is waiting to be exported. Never rejects: what fails is logged. */
  async flush(): Promise<void> {
    await this.#otel?.flush();
  }

  /** Sends what is left and closes everything. Workers are not stopped. Never rejects. */
  async shutdown(): Promise<void> {
    const [server, otel] = [this.#server, this.#otel];
    this.#server = undefined;
    this.#otel = undefined;
    await server?.close();
    await otel?.shutdown();
    this.#stopProcessMetrics?.();
    for (const file of this.#files) file.close();
  }

  async #listen(): Promise<void> {
    const { port, host, token, path, required } = this.#config.metrics;
    const sources = { checks: this.#checks, workers: () => this.#workers, now: Date.now };
    const service = this.#config.resource['service.name'] ?? 'pipelogiq-worker';
    const routes = pages({ ...sources, registry: this.#registry, service, metricsPath: path });
    const onError = (error: unknown) => this.#relayed.error('the metrics server failed', { error });
    try {
      this.#server = await MetricsServer.listen({ port, host, token, routes, onError });
      this.#relayed.info('metrics server listens', { url: this.#server.url });
    } catch (error) {
      if (required) throw error;
      this.#relayed.error(`${error instanceof Error ? error.message : String(error)} The worker runs without it.`);
    }
  }

  #loggerParts(): LoggerParts {
    const { level, format, source, console: toConsole, file, auditFile, keepDays } = this.#config.logs;
    const onError = (error: unknown) => process.emitWarning(error instanceof Error ? error : String(error));
    const daily = (path: string): DailyFile => {
      const opened = new DailyFile(path, keepDays, onError);
      this.#files.push(opened);
      return opened;
    };
    if (toConsole) this.#sinks.push((_record, line) => void process.stdout.write(line()));
    if (file !== undefined) {
      const lines = daily(file);
      this.#sinks.push(({ time }, line) => lines.write(line(), time));
    }
    if (auditFile !== undefined) {
      const lines = daily(auditFile);
      this.#sinks.push(({ time, audit }, line) => audit && lines.write(line(), time));
    }
    return {
      threshold: { level },
      format,
      service: this.#config.resource['service.name'] ?? '',
      context: lineContext,
      source: source ? sourceOfCall : undefined,
      sinks: this.#sinks,
      now: Date.now,
    };
  }
}
