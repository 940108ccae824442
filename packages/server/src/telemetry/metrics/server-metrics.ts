import type { Clock } from '../../clock.js';
import type { AlertTrouble } from '../../domain/alert/troubles.js';
import type { Counts } from '../../domain/commit/counts.js';
import type { Sample } from '../../domain/insight/samples.js';
import { settledWithin } from '../../settled-within.js';
import type { MetricExportConfig } from '../otel-config.js';
import { ApplicationLabels } from './applications.js';
import { type Connection, EngineMetrics } from './engine-metrics.js';
import { CONTENT_TYPES, type Exposition, expositionIn, type Format } from './exposition.js';
import type { Family } from './families.js';
import { Gauges } from './gauges.js';
import { type MetricExport, startMetricExport } from './otlp.js';
import { processMetrics, watchProcess } from './process.js';
import { Registry } from './registry.js';
import { type AnsweredRequest, RequestMetrics } from './requests.js';
import type { MetricSources } from './sources.js';
import { WorkMetrics } from './work.js';

/** What a group did, told after its commit. */
export interface CommittedGroup {
  counts: Pick<Counts, 'all' | 'leasing'>;
  samples: readonly Sample[];
  /** Requests in the group. */
  tickets: number;
  durationMs: number;
  /** When the group began: epoch milliseconds. */
  now: number;
}

/**
 * The metrics of one control plane. Counters and distributions grow with each commit and answer; gauges are read when somebody looks.
 * With several servers on a database each counts what it did itself.
 */
export interface ServerMetrics {
  readonly enabled: boolean;
  readonly contentType: string;
  committed(group: CommittedGroup): void;
  commitFailed(): void;
  answered(request: AnsweredRequest): void;
  queried(connection: Connection, durationMs: number): void;
  /** Something that was queued for an integration of this kind was delivered. */
  delivered(integration: string, latencyMs: number): void;
  /** A message of an alert was tried: it was `delivered`, will be `retried`, or has `failed` for good. */
  alerted(channelType: string, outcome: string, ageMs: number): void;
  /** Messages of alerts did not go through. */
  alertTroubled(trouble: AlertTrouble): void;
  /** Gives the sources once there are some. */
  watch(sources: MetricSources): void;
  /** All metrics of now. */
  read(): Promise<Family[]>;
  /** All metrics of now, as Prometheus reads them. */
  text(): Promise<Exposition>;
  /** Exports what is left, where metrics are exported; waits at most `graceMs` for it. */
  close(graceMs: number): Promise<void>;
}

export interface MetricsOptions {
  metrics: boolean;
  metricsFormat: Format;
  metricsMaxHandlers: number;
  metricsMaxAgeMs: number;
}

export interface MetricsInfo {
  /** Of the server package. */
  version: string;
  /** Kind of the store. */
  store: string;
  clock: Pick<Clock, 'now' | 'monotonic' | 'setTimer'>;
  /** Over OTLP, when the standard variables ask for it. */
  exportTo: MetricExportConfig | undefined;
  onError(error: unknown, what: string): void;
}

const OFF: ServerMetrics = {
  enabled: false,
  contentType: CONTENT_TYPES.text,
  committed: () => {},
  commitFailed: () => {},
  answered: () => {},
  queried: () => {},
  delivered: () => {},
  alerted: () => {},
  alertTroubled: () => {},
  watch: () => {},
  read: async () => [],
  text: async () => ({ bytes: new Uint8Array(), release: () => {} }),
  close: async () => {},
};

export function createServerMetrics(
  { metrics, metricsFormat, metricsMaxHandlers, metricsMaxAgeMs }: MetricsOptions,
  info: MetricsInfo,
): ServerMetrics {
  if (!metrics) return OFF;
  const registry = new Registry();
  const labels = new ApplicationLabels(metricsMaxHandlers);
  const exemplars = metricsFormat === 'openmetrics';
  const work = new WorkMetrics(registry, labels, { maxHandlers: metricsMaxHandlers, exemplars });
  const engine = new EngineMetrics(registry);
  const requests = new RequestMetrics(registry, { exemplars });
  const build = { labels: ['version', 'store'] };
  registry
    .gauge('pipelogiq_build_info', 'Version of the server and kind of its store; always 1.', build)
    .of([info.version, info.store]).value = 1;
  const unread = (error: unknown): void => info.onError(error, 'figures for metrics could not be read');
  let exporting: Promise<MetricExport | undefined> | undefined;
  const gauges = new Gauges(registry, labels, {
    clock: info.clock,
    maxAgeMs: metricsMaxAgeMs,
    maxHandlers: metricsMaxHandlers,
    onError: unread,
  });
  const write = expositionIn(metricsFormat);
  const read = async (): Promise<Family[]> => {
    await gauges.refresh();
    return [...registry.families, ...(await processMetrics())];
  };
  return {
    enabled: true,
    contentType: CONTENT_TYPES[metricsFormat],
    committed({ counts, samples, tickets, durationMs, now }) {
      work.committed(counts, samples, now + Math.round(durationMs));
      engine.committed({ tickets, durationMs, leasingMs: counts.leasing?.durationMs });
    },
    commitFailed: () => engine.commitFailed(),
    answered: (request) => requests.answered(request),
    queried: (connection, durationMs) => engine.queried(connection, durationMs),
    delivered: (integration, latencyMs) => engine.delivered(integration, latencyMs),
    alerted: (channelType, outcome, ageMs) => engine.alerted(channelType, outcome, ageMs),
    alertTroubled: (trouble) => engine.alertTroubled(trouble),
    watch(given) {
      gauges.watch(given);
      watchProcess();
      exporting = info.exportTo && startExport(info, info.exportTo, read);
    },
    read,
    text: async () => write(await read()),
    close: (graceMs) => settledWithin(endExport(exporting), graceMs, info.clock),
  };
}

async function startExport(
  { clock, onError }: MetricsInfo,
  config: MetricExportConfig,
  read: () => Promise<readonly Family[]>,
): Promise<MetricExport | undefined> {
  const failed = (error: unknown): void => onError(error, 'metrics were not exported');
  try {
    return await startMetricExport(config, { read, now: () => clock.now(), onError: failed });
  } catch (error) {
    failed(error);
    return undefined;
  }
}

/** What could not be sent was told of. */
async function endExport(exporting: Promise<MetricExport | undefined> | undefined): Promise<void> {
  await (await exporting)?.shutdown().catch(() => {});
}
