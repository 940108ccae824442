import { samplerConfig } from '@pipelogiq/protocol';
import type { Clock } from '../clock.js';
import { type AuditEntry, openAuditFile } from './audit-file.js';
import { JobLines } from './job-lines.js';
import { createLogExport, type LogExport, logsConfig } from './log-export.js';
import { LogFiles } from './log-files.js';
import { type Category, createLogger, type LoggerLevel, type ServerLogger, STANDARD_OUTPUT } from './logging.js';
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
  /** Lines about jobs and workers. */
  jobLines: JobLines;
  /** Takes entries of the audit trail that are stored. */
  audited(entries: readonly AuditEntry[]): void;
  /** Deletes files of the log and the audit trail that are old. */
  pruneFiles(): void;
  /** Sends what is left, for a few seconds at most. */
  close(): Promise<void>;
}

const DAY_MS = 86_400_000;
/** For each of two steps, so that a server with a dead collector still ends in time. */
const GRACE_MS = 1_500;

interface LogOptions {
  logLevel: LoggerLevel;
  logFile?: string;
  logFileDays: number;
  logJobs: boolean;
  logRetentionMs: number;
  logDebugRetentionMs: number;
  logErrorRetentionMs: number;
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
  const { log, logExport, files } = openLog({ config, env, clock });
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
    jobLines: new JobLines(log, config),
    audited: audit.write,
    pruneFiles: () => {
      files?.prune();
      audit.prune();
    },
    close: async () => {
      await Promise.all([metrics.close(GRACE_MS), serverSpans.shutdown(GRACE_MS)]);
      await spanExport.shutdown(GRACE_MS);
      await logExport?.shutdown(GRACE_MS);
      files?.close();
      audit.close();
    },
  };
}

interface OpenLog {
  log: ServerLogger;
  logExport: LogExport | undefined;
  files: LogFiles | undefined;
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
  const { logFile: path } = config;
  const files =
    path === undefined ? undefined : new LogFiles({ path, keepDays: daysOf(config), now: () => clock.now(), onError });
  const log = createLogger({
    level: config.logLevel,
    service: 'pipelogiq',
    clock,
    ...(files && {
      destination: {
        write: (line: string, category: string) => {
          STANDARD_OUTPUT.write(line, category);
          files.write(line, category);
        },
      },
    }),
    ...(logExport && { records: (record) => logExport.emit(record) }),
  });
  for (const message of misread) log.warn({}, message);
  return { log, logExport, files };
}

/** Whole days, for a file is deleted as a whole. What stands in the database too is kept as long as there. */
const daysOf = ({ logFileDays, ...kept }: LogOptions): { [category in Category]: number } => ({
  job: Math.ceil(kept.logRetentionMs / DAY_MS),
  scheduler: logFileDays,
  runner: logFileDays,
  security: Math.ceil(kept.auditRetentionMs / DAY_MS),
  errors: Math.ceil(kept.logErrorRetentionMs / DAY_MS),
  debug: Math.ceil(kept.logDebugRetentionMs / DAY_MS),
});
