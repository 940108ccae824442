import { samplerConfig } from '@pipelogiq/protocol';
import type { Clock } from '../clock.js';
import { type AuditEntry, openAuditFile } from './audit-file.js';
import { DailyFile } from './daily-file.js';
import { createLogExport, type LogExport, logsConfig } from './log-export.js';
import { createLogger, type LoggerLevel, type ServerLogger, STANDARD_OUTPUT } from './logging.js';
import { createServerMetrics, type MetricsOptions, type ServerMetrics } from './metrics/server-metrics.js';
import { metricExportConfig, tracingConfig } from './otel-config.js';
import { Profiler } from './profiler.js';
import { RequestWork } from './request-work.js';
import { createSampler, type Sampler } from './sampling.js';
import { createServerSpans, type ServerSpans } from './server-spans.js';
import { createSpanExport, type SpanExport } from './span-export.js';

/** Logs, metrics and traces of one control plane. */
export interface Telemetry {
  log: ServerLogger;
  sampler: Sampler;
  spanExport: SpanExport;
  serverSpans: ServerSpans;
  /** What requests do at the database; undefined where nobody is told. */
  work: RequestWork | undefined;
  metrics: ServerMetrics;
  profiler: Profiler;
  /** Takes entries of the audit trail that are stored. */
  audited(entries: readonly AuditEntry[]): void;
  /** Sends what is left, for a few seconds at most. */
  close(): Promise<void>;
}

/** For each of two steps, so that a server with a dead collector still ends in time. */
const GRACE_MS = 1_500;

interface LogOptions {
  logLevel: LoggerLevel;
  logFile?: string;
  logFileDays: number;
  auditFile?: string;
  auditRetentionMs: number;
}

export interface TelemetryOptions {
  config: LogOptions & MetricsOptions & { slowRequestMs: number };
  /** Of the server package. */
  version: string;
  /** Kind of the store. */
  store: string;
  /** The standard `OTEL_*` variables. */
  env: { readonly [name: string]: string | undefined };
  clock: Clock;
}

export function openTelemetry({ config, env, clock, version, store }: TelemetryOptions): Telemetry {
  const { log, logExport, closeFile } = openLog({ config, env, clock });
  const warn = (message: string): void => log.warn({}, message);
  const audit = openAuditFile(config, { clock, log });
  const sampler = createSampler(samplerConfig(env, warn));
  const spanExport = createSpanExport(tracingConfig(env, warn), { clock });
  const work = spanExport.enabled ? new RequestWork(clock) : undefined;
  const { slowRequestMs: slowMs } = config;
  const serverSpans = createServerSpans({
    spanExport,
    sampler,
    clock,
    slowMs,
    database: store === 'postgres' ? 'postgresql' : store,
    ...(work && { work }),
  });
  const onError = (error: unknown, what: string): void => log.warn({ err: error }, what);
  const metrics = createServerMetrics(config, { version, store, clock, exportTo: metricExportConfig(env, warn), onError });
  return {
    log,
    sampler,
    spanExport,
    serverSpans,
    work,
    metrics,
    profiler: new Profiler(clock),
    audited: audit.write,
    close: async () => {
      await Promise.all([metrics.close(GRACE_MS), serverSpans.shutdown(GRACE_MS)]);
      await spanExport.shutdown(GRACE_MS);
      await logExport?.shutdown(GRACE_MS);
      closeFile();
      audit.close();
    },
  };
}

interface OpenLog {
  log: ServerLogger;
  logExport: LogExport | undefined;
  /** A line that comes later opens it again. */
  closeFile(): void;
}

/** Standard output, and what else is asked for: a file for each day, a collector. */
function openLog({ config, env, clock }: Pick<TelemetryOptions, 'config' | 'env' | 'clock'>): OpenLog {
  const misread: string[] = [];
  const wanted = logsConfig(env, (message) => misread.push(message));
  const logExport = wanted && createLogExport(wanted, clock);
  const onError = (error: unknown): void => {
    // Not by the log, which would come back here.
    process.stderr.write(
      `pipelogiq: the log file cannot be written: ${error instanceof Error ? error.message : String(error)}\n`,
    );
  };
  const { logFile: path, logFileDays: keepDays } = config;
  const file = path === undefined ? undefined : new DailyFile({ path, keepDays, now: () => clock.now(), onError });
  const log = createLogger({
    level: config.logLevel,
    service: 'pipelogiq',
    clock,
    ...(file && {
      destination: {
        write: (line: string) => {
          STANDARD_OUTPUT.write(line);
          file.write(line);
        },
      },
    }),
    ...(logExport && { records: (record) => logExport.emit(record) }),
  });
  for (const message of misread) log.warn({}, message);
  return { log, logExport, closeFile: () => file?.close() };
}
