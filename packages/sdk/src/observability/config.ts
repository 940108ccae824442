import {
  checkPropagators,
  type Env,
  LOG_LEVELS,
  type OtelSignal,
  read,
  readBoolean,
  readChoice,
  readNumber,
  resourceConfig,
  type SamplerConfig,
  type SignalConfig,
  samplerConfig,
  signalConfig,
  type Warn,
} from '@pipelogiq/protocol';
import { didYouMean } from '../client/did-you-mean.js';
import { ConfigurationError } from '../errors.js';
import type { LoggerLevel } from './log/logger.js';
import type { LogsOptions, MetricsOptions, ObservabilityOptions, OtlpOptions, TracesOptions } from './options.js';

/** Options and variables, resolved. */
export interface ObservabilityConfig {
  resource: { [name: string]: string };
  /** Exports by signal; undefined: off. */
  exports: { [signal in OtelSignal]: SignalConfig | undefined };
  sampler: SamplerConfig;
  metrics: Required<Omit<MetricsOptions, 'token'>> & { token: string | undefined };
  logs: Required<Omit<LogsOptions, 'file' | 'auditFile'>> & { file: string | undefined; auditFile: string | undefined };
  /** What was not understood in the variables. */
  warnings: string[];
}

const SERVICE_NAME = 'pipelogiq-worker';

const KNOWN = {
  '': ['serviceName', 'serviceVersion', 'resourceAttributes', 'otlp', 'traces', 'metrics', 'logs', 'env'],
  'otlp.': ['endpoint', 'protocol', 'headers', 'compression', 'timeoutMs'],
  'traces.': ['sampleRate'],
  'metrics.': ['server', 'port', 'host', 'token', 'path', 'required', 'maxLabelValues', 'maxSeries', 'exportIntervalMs'],
  'logs.': ['level', 'format', 'console', 'file', 'auditFile', 'keepDays', 'source', 'jobLogs'],
} as const satisfies { '': (keyof ObservabilityOptions)[]; 'otlp.': (keyof OtlpOptions)[] } & {
  'traces.': (keyof TracesOptions)[];
  'metrics.': (keyof MetricsOptions)[];
  'logs.': (keyof LogsOptions)[];
};

const LEVELS = { ...named(LOG_LEVELS), silent: 'silent', warning: 'warn', critical: 'fatal' } as const;
const FORMATS = { json: 'json', text: 'text' } as const;

/** @throws ConfigurationError for options that do not exist or make no sense; variables that are not understood only warn */
export function resolveConfig(options: ObservabilityOptions): ObservabilityConfig {
  const warnings: string[] = [];
  const warn: Warn = (message) => void warnings.push(message);
  checkKnown('', options);
  const { traces, metrics, logs } = {
    traces: group(options, 'traces'),
    metrics: group(options, 'metrics'),
    logs: group(options, 'logs'),
  };
  checkKnown('otlp.', options.otlp ?? {});
  const env = withOptions(options, options.env ?? process.env);
  const exported = (signal: OtelSignal, wanted: boolean) => (wanted ? signalConfig(signal, env, warn) : undefined);
  const tracing = options.traces !== false && !(options.traces === undefined && isOff(env, warn, 'PIPELOGIQ_TRACING_ENABLED'));
  const config: ObservabilityConfig = {
    resource: { ...resourceConfig(env, SERVICE_NAME, warn), ...options.resourceAttributes },
    exports: {
      traces: exported('traces', tracing),
      metrics: exported('metrics', options.metrics !== false),
      logs: exported('logs', options.logs !== false),
    },
    sampler: sampler(traces as TracesOptions, env, warn),
    metrics: metricsConfig(options.metrics === false ? { server: false } : (metrics as MetricsOptions), env, warn),
    logs: logsConfig(options.logs === false ? { level: 'silent' } : (logs as LogsOptions), env, warn),
    warnings,
  };
  checkPropagators(env, warn);
  return config;
}

/** Options that have a standard variable take its place: one set of rules reads both. */
function withOptions({ otlp = {}, serviceName, serviceVersion }: ObservabilityOptions, env: Env): Env {
  const { endpoint, protocol, headers, compression, timeoutMs } = otlp;
  const own = (option: string, value: string | undefined): [string, string | undefined][] =>
    value === undefined
      ? []
      : ['', 'TRACES_', 'METRICS_', 'LOGS_'].map((of) => [`OTEL_EXPORTER_OTLP_${of}${option}`, of === '' ? value : undefined]);
  const pairs = headers && Object.entries(headers).map((pair) => pair.map(encodeURIComponent).join('='));
  return {
    ...env,
    ...Object.fromEntries([
      ...own('ENDPOINT', endpoint),
      ...own('PROTOCOL', protocol),
      ...own('HEADERS', pairs?.join(',')),
      ...own('COMPRESSION', compression),
      ...own('TIMEOUT', timeoutMs?.toString()),
    ]),
    ...(serviceName !== undefined && { OTEL_SERVICE_NAME: serviceName }),
    ...(serviceVersion !== undefined && { OTEL_SERVICE_VERSION: serviceVersion }),
  };
}

function sampler({ sampleRate }: TracesOptions, env: Env, warn: Warn): SamplerConfig {
  if (sampleRate !== undefined) {
    checkNumber('traces.sampleRate', sampleRate, 0, 1, false);
    return { kind: 'traceidratio', parentBased: true, ratio: sampleRate };
  }
  const standard = samplerConfig(env, warn);
  if (!read(env, 'PIPELOGIQ_TRACING_SAMPLE_RATE') || read(env, 'OTEL_TRACES_SAMPLER', 'OTEL_TRACES_SAMPLER_ARG')) return standard;
  const ratio = readNumber(env, warn, { min: 0, max: 1, fallback: 1 }, 'PIPELOGIQ_TRACING_SAMPLE_RATE');
  return { kind: 'traceidratio', parentBased: true, ratio };
}

function metricsConfig(given: MetricsOptions, env: Env, warn: Warn): ObservabilityConfig['metrics'] {
  const number = (name: keyof MetricsOptions, min: number, max: number, fallback: number, ...variables: string[]): number => {
    const value = given[name];
    if (value === undefined) return Math.trunc(readNumber(env, warn, { min, max, fallback }, ...variables));
    return checkNumber(`metrics.${name}`, value, min, max);
  };
  const path = given.path ?? read(env, 'PIPELOGIQ_METRICS_ENDPOINT')?.value ?? '/metrics';
  if (!/^\/[\w./-]*$/.test(path) || path === '/' || path.startsWith('/health')) {
    throw new ConfigurationError(`metrics.path "${path}" must begin with / and be none of the other pages.`);
  }
  return {
    server: given.server ?? !isOff(env, warn, 'PIPELOGIQ_METRICS_ENABLED'),
    port: number('port', 0, 65_535, 9_090, 'PIPELOGIQ_METRICS_PORT', 'METRICS_PORT'),
    host: given.host ?? read(env, 'PIPELOGIQ_METRICS_HOST')?.value ?? '127.0.0.1',
    token: given.token ?? read(env, 'PIPELOGIQ_METRICS_TOKEN')?.value,
    path,
    required: given.required ?? readBoolean(env, warn, 'PIPELOGIQ_METRICS_REQUIRED'),
    maxLabelValues: number('maxLabelValues', 1, 100_000, 100),
    maxSeries: number('maxSeries', 1, 1_000_000, 1_000),
    exportIntervalMs: number('exportIntervalMs', 100, 86_400_000, 60_000, 'OTEL_METRIC_EXPORT_INTERVAL'),
  };
}

function logsConfig(given: LogsOptions, env: Env, warn: Warn): ObservabilityConfig['logs'] {
  const level: LoggerLevel = given.level ?? readChoice(env, warn, LEVELS, 'info', 'PIPELOGIQ_LOG_LEVEL', 'LOG_LEVEL');
  if (!Object.hasOwn(LEVELS, level))
    throw new ConfigurationError(`logs.level "${level}" is none of ${LOG_LEVELS.join(', ')}, silent.`);
  const format = given.format ?? readChoice(env, warn, FORMATS, 'json', 'PIPELOGIQ_LOG_FORMAT');
  if (!Object.hasOwn(FORMATS, format)) throw new ConfigurationError(`logs.format "${format}" is neither json nor text.`);
  const days = { min: 1, max: 3_650, fallback: 30 };
  return {
    level,
    format,
    console: given.console ?? true,
    file: given.file ?? read(env, 'PIPELOGIQ_LOG_FILE')?.value,
    auditFile: given.auditFile ?? read(env, 'PIPELOGIQ_AUDIT_LOG_FILE')?.value,
    keepDays:
      given.keepDays === undefined
        ? readNumber(env, warn, days, 'PIPELOGIQ_LOG_KEEP_DAYS')
        : checkNumber('logs.keepDays', given.keepDays, days.min, days.max),
    source: given.source ?? readBoolean(env, warn, 'PIPELOGIQ_LOG_SOURCE'),
    jobLogs: given.jobLogs ?? true,
  };
}

/** Only `false` is off. */
const isOff = (env: Env, warn: Warn, name: string): boolean => read(env, name) !== undefined && !readBoolean(env, warn, name);

function group(options: ObservabilityOptions, name: 'traces' | 'metrics' | 'logs'): object {
  const given = options[name];
  if (given === undefined || typeof given === 'boolean') return {};
  checkKnown(`${name}.`, given);
  return given;
}

function checkKnown(prefix: keyof typeof KNOWN, given: object): void {
  const known: readonly string[] = KNOWN[prefix];
  for (const name of Object.keys(given)) {
    if (!known.includes(name)) {
      throw new ConfigurationError(`There is no observability option "${prefix}${name}".${didYouMean(name, known)}`);
    }
  }
}

function checkNumber(name: string, value: unknown, min: number, max: number, whole = true): number {
  if (typeof value === 'number' && value >= min && value <= max && (!whole || Number.isInteger(value))) return value;
  throw new ConfigurationError(`"${name}" must be a ${whole ? 'whole ' : ''}number from ${min} to ${max}, not ${String(value)}.`);
}

function named<const Name extends string>(names: readonly Name[]): { [name in Name]: name } {
  return Object.fromEntries(names.map((name) => [name, name])) as { [name in Name]: name };
}
