import { type Context, ROOT_CONTEXT, TraceFlags, trace } from '@opentelemetry/api';
import type { Logger as OtelLogger } from '@opentelemetry/api-logs';
import {
  type Env,
  type LogLevel,
  redactSecrets,
  resourceConfig,
  type SignalConfig,
  signalConfig,
  type Warn,
} from '@pipelogiq/protocol';
import type { Clock } from '../clock.js';
import { settledWithin } from '../settled-within.js';
import type { LogRecord } from './logging.js';
import { needsPackage, otlpOptions } from './otlp-options.js';

export interface LogsConfig extends SignalConfig {
  resource: { [key: string]: string };
}

/** The export of logs that `env` asks for, or undefined when it is off. */
export function logsConfig(env: Env, warn: Warn = () => {}): LogsConfig | undefined {
  const signal = signalConfig('logs', env, warn);
  return signal && { ...signal, resource: resourceConfig(env, 'pipelogiq', warn) };
}

/**
 * Sends what is logged over OTLP. Best effort: records wait in memory, bounded; those that a collector does not take are dropped, for
 * they stand on standard output too.
 */
export interface LogExport {
  emit(record: LogRecord): void;
  /** Sends the rest, for at most `graceMs`. */
  shutdown(graceMs: number): Promise<void>;
}

/** https://opentelemetry.io/docs/specs/otel/logs/data-model/#severity-fields */
const SEVERITY: Record<LogLevel, number> = { trace: 1, debug: 5, info: 9, warn: 13, error: 17, fatal: 21 };
/** Lines of the start, until the packages are loaded. */
const MAX_EARLY = 1_000;

interface Open {
  logger: OtelLogger;
  shutdown(): Promise<void>;
}

export function createLogExport(config: LogsConfig, clock: Pick<Clock, 'setTimer'>): LogExport {
  let early: LogRecord[] = [];
  let opened: Open | undefined;
  const opening = open(config)
    .then((it) => {
      opened = it;
      for (const record of early) it.logger.emit(otelRecord(record));
    })
    .catch((error) => {
      // Not by the log: it would come back here.
      process.stderr.write(`pipelogiq: logs are not exported: ${error instanceof Error ? error.message : String(error)}\n`);
    })
    .finally(() => {
      early = [];
    });
  return {
    emit(record) {
      if (opened) opened.logger.emit(otelRecord(record));
      else if (early.length < MAX_EARLY) early.push(record);
    },
    shutdown: (graceMs) =>
      settledWithin(
        opening.then(() => opened?.shutdown()).catch(() => {}),
        graceMs,
        clock,
      ),
  };
}

async function open(config: LogsConfig): Promise<Open> {
  const [{ BatchLogRecordProcessor, LoggerProvider }, { resourceFromAttributes }, exporter] = await Promise.all([
    import('@opentelemetry/sdk-logs'),
    import('@opentelemetry/resources'),
    exporterOf(config),
  ]);
  const processors = [new BatchLogRecordProcessor({ exporter })];
  const provider = new LoggerProvider({ resource: resourceFromAttributes(config.resource), processors });
  return { logger: provider.getLogger('pipelogiq'), shutdown: () => provider.shutdown() };
}

async function exporterOf(config: LogsConfig) {
  if (config.exporter === 'console') {
    const { ConsoleLogRecordExporter } = await import('@opentelemetry/sdk-logs');
    return new ConsoleLogRecordExporter();
  }
  const { OTLPLogExporter } = await (config.protocol === 'grpc'
    ? import('@opentelemetry/exporter-logs-otlp-grpc').catch(needsPackage('@opentelemetry/exporter-logs-otlp-grpc'))
    : import('@opentelemetry/exporter-logs-otlp-proto'));
  return new OTLPLogExporter(otlpOptions(config));
}

type Emitted = Parameters<OtelLogger['emit']>[0];

function otelRecord({ level, message, time, fields }: LogRecord): Emitted {
  const { trace_id: traceId, span_id: spanId, ...attributes } = fields;
  return {
    timestamp: time,
    severityNumber: SEVERITY[level],
    severityText: level.toUpperCase(),
    body: redactSecrets(message),
    attributes: JSON.parse(redactSecrets(JSON.stringify(attributes))) as NonNullable<Emitted['attributes']>,
    context: contextOf(traceId, spanId),
  };
}

function contextOf(traceId: unknown, spanId: unknown): Context {
  if (typeof traceId !== 'string' || typeof spanId !== 'string') return ROOT_CONTEXT;
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags: TraceFlags.SAMPLED });
}
