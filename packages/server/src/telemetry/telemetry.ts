import { samplerConfig } from '@pipelogiq/protocol';
import type { Clock } from '../clock.js';
import { createLogger, type LoggerLevel, type ServerLogger } from './logging.js';
import { createServerMetrics, type MetricsOptions, type ServerMetrics } from './metrics/server-metrics.js';
import { tracingConfig } from './otel-config.js';
import { createSampler, type Sampler } from './sampling.js';
import { createServerSpans, type ServerSpans } from './server-spans.js';
import { createSpanExport, type SpanExport } from './span-export.js';

/** Logs, metrics and traces of one control plane. */
export interface Telemetry {
  log: ServerLogger;
  sampler: Sampler;
  spanExport: SpanExport;
  serverSpans: ServerSpans;
  metrics: ServerMetrics;
  /** Sends what is left, for a few seconds at most. */
  close(): Promise<void>;
}

/** For each of two steps, so that a server with a dead collector still ends in time. */
const GRACE_MS = 1_500;

export interface TelemetryOptions {
  config: { logLevel: LoggerLevel } & MetricsOptions;
  /** Of the server package. */
  version: string;
  /** Kind of the store. */
  store: string;
  /** The standard `OTEL_*` variables. */
  env: { readonly [name: string]: string | undefined };
  clock: Clock;
}

export function openTelemetry({ config, env, clock, version, store }: TelemetryOptions): Telemetry {
  const log = createLogger({ level: config.logLevel, service: 'pipelogiq', clock });
  const warn = (message: string): void => log.warn({}, message);
  const sampler = createSampler(samplerConfig(env, warn));
  const spanExport = createSpanExport(tracingConfig(env, warn), { clock });
  const serverSpans = createServerSpans({ spanExport, sampler, clock });
  const onError = (error: unknown): void => log.warn({ err: error }, 'metrics could not be read');
  const metrics = createServerMetrics(config, { version, store, onError });
  return {
    log,
    sampler,
    spanExport,
    serverSpans,
    metrics,
    close: async () => {
      await serverSpans.shutdown(GRACE_MS);
      await spanExport.shutdown(GRACE_MS);
    },
  };
}
