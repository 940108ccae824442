import {
  checkPropagators,
  type Env,
  readNumber,
  resourceConfig,
  type SamplerConfig,
  type SignalConfig,
  samplerConfig,
  signalConfig,
  type Warn,
} from '@pipelogiq/protocol';

/** The span export that the standard variables ask for. */
export interface TracingConfig extends SignalConfig {
  sampler: SamplerConfig;
  /** Resource attributes, `service.name` among them. */
  resource: { [key: string]: string };
}

/** The export of metrics that the standard variables ask for. */
export interface MetricExportConfig extends SignalConfig {
  /** Resource attributes, `service.name` among them. */
  resource: { [key: string]: string };
  /** Milliseconds between two exports. */
  intervalMs: number;
}

const DEFAULT_SERVICE_NAME = 'pipelogiq';
const INTERVAL_MS = { min: 100, max: 86_400_000, fallback: 60_000 };

/** The span export that `env` asks for, or undefined when it is off; `warn` hears of what is not understood. */
export function tracingConfig(env: Env, warn: Warn = () => {}): TracingConfig | undefined {
  const signal = signalConfig('traces', env, warn);
  if (!signal) return undefined;
  checkPropagators(env, warn);
  return { ...signal, sampler: samplerConfig(env, warn), resource: resourceConfig(env, DEFAULT_SERVICE_NAME, warn) };
}

/** The export of metrics that `env` asks for, or undefined when it is off. */
export function metricExportConfig(env: Env, warn: Warn = () => {}): MetricExportConfig | undefined {
  const signal = signalConfig('metrics', env, warn);
  if (!signal) return undefined;
  const intervalMs = readNumber(env, warn, INTERVAL_MS, 'OTEL_METRIC_EXPORT_INTERVAL');
  return { ...signal, resource: resourceConfig(env, DEFAULT_SERVICE_NAME, warn), intervalMs };
}
