import type { Counts } from '../../domain/commit/counts.js';
import type { Sample } from '../../domain/insight/samples.js';
import { ApplicationLabels } from './applications.js';
import { type Connection, EngineMetrics } from './engine-metrics.js';
import { CONTENT_TYPES, exposition, type Format } from './exposition.js';
import type { Family } from './families.js';
import { processMetrics } from './process.js';
import { Registry } from './registry.js';
import { type AnsweredRequest, RequestMetrics } from './requests.js';
import { WorkMetrics } from './work.js';

/** What a group did, told after its commit. */
export interface CommittedGroup {
  counts: Pick<Counts, 'all' | 'leasing'>;
  samples: readonly Sample[];
  /** Requests in the group. */
  tickets: number;
  durationMs: number;
  /** Epoch milliseconds. */
  now: number;
}

/** Where figures come from that are read when somebody looks. */
export interface MetricSources {
  applications(): Promise<readonly { id: number; name: string }[]>;
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
  /** Gives the sources once there are some. */
  watch(sources: MetricSources): void;
  /** All metrics of now. */
  read(): Promise<Family[]>;
  /** All metrics of now, as Prometheus reads them. */
  text(): Promise<string>;
}

export interface MetricsOptions {
  metrics: boolean;
  metricsFormat: Format;
  metricsMaxHandlers: number;
}

const OFF: ServerMetrics = {
  enabled: false,
  contentType: CONTENT_TYPES.text,
  committed: () => {},
  commitFailed: () => {},
  answered: () => {},
  queried: () => {},
  watch: () => {},
  read: async () => [],
  text: async () => '',
};

export function createServerMetrics(
  { metrics, metricsFormat, metricsMaxHandlers }: MetricsOptions,
  info: { version: string; store: string; onError(error: unknown): void },
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
  let sources: MetricSources | undefined;
  const read = async (): Promise<Family[]> => {
    await labels.name(() => sources?.applications() ?? Promise.resolve([])).catch(info.onError);
    return [...registry.families, ...(await processMetrics())];
  };
  return {
    enabled: true,
    contentType: CONTENT_TYPES[metricsFormat],
    committed({ counts, samples, tickets, durationMs, now }) {
      work.committed(counts, samples, now);
      engine.committed({ tickets, durationMs, leasingMs: counts.leasing?.durationMs });
    },
    commitFailed: () => engine.commitFailed(),
    answered: (request) => requests.answered(request),
    queried: (connection, durationMs) => engine.queried(connection, durationMs),
    watch(given) {
      sources = given;
    },
    read,
    text: async () => exposition(await read(), metricsFormat),
  };
}
