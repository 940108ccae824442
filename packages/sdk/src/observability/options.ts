import type { LoggerLevel } from './log/logger.js';

/** OTLP export. What is set here counts before the standard variables, for all three signals. */
export interface OtlpOptions {
  /** `http://collector:4318`; for HTTP `/v1/traces`, `/v1/metrics`, `/v1/logs` are appended. Without one nothing is exported. */
  endpoint?: string;
  /** `http` is another name for the default, `http/protobuf`. */
  protocol?: 'http/protobuf' | 'http' | 'grpc';
  headers?: { [name: string]: string };
  compression?: 'gzip' | 'none';
  /** Milliseconds for one export, its retries included; default 10,000. */
  timeoutMs?: number;
}

export interface TracesOptions {
  /** Share of the traces that begin in this process, 0 to 1. A trace that came in follows its own flag. */
  sampleRate?: number;
}

export interface MetricsOptions {
  /** False: no HTTP server. Metrics are still counted, and exported over OTLP if that is on. Default true. */
  server?: boolean;
  /** Default 9090; 0 takes any free port. */
  port?: number;
  /** Default `127.0.0.1`. For Kubernetes `0.0.0.0`. */
  host?: string;
  /** Bearer token for everything but the two probes. Default: none. */
  token?: string;
  /** Path of the metrics; default `/metrics`. */
  path?: string;
  /** True: a port that is taken is an error of `startObservability`. Default: it is logged, and the worker runs without the server. */
  required?: boolean;
  /** Different values of one label; more become `other`. Default 100. */
  maxLabelValues?: number;
  /** Label combinations of one metric. Default 1,000. */
  maxSeries?: number;
  /** Milliseconds between two exports over OTLP; default 60,000. */
  exportIntervalMs?: number;
}

export interface LogsOptions {
  /** Default `info`. */
  level?: LoggerLevel;
  /** `text` is for eyes. Default `json`. */
  format?: 'json' | 'text';
  /** False: nothing on standard output. Default true. */
  console?: boolean;
  /** Also to a file, one a day: `logs/worker.json` becomes `logs/worker-2026-01-31.json`. */
  file?: string;
  /** Audit lines also to this file, one a day. */
  auditFile?: string;
  /** Days for which daily files are kept; default 30. */
  keepDays?: number;
  /** Adds `module`, `function`, `line`, `process` and `thread`. Costs a stack trace a line. Default false. */
  source?: boolean;
  /** Writes what handlers write to `job.log`, too. Default true. */
  jobLogs?: boolean;
}

/** What `startObservability` sets up. Everything is optional; an option counts before its variable. */
export interface ObservabilityOptions {
  /** Default: `OTEL_SERVICE_NAME`, else `pipelogiq-worker`. */
  serviceName?: string;
  serviceVersion?: string;
  /** Further resource attributes: `deployment.environment.name`, for example. */
  resourceAttributes?: { [name: string]: string };
  otlp?: OtlpOptions;
  /** False: no traces are exported. */
  traces?: boolean | TracesOptions;
  /** False: no server, and no export of metrics. */
  metrics?: boolean | MetricsOptions;
  /** False: no lines are written or exported. */
  logs?: boolean | LogsOptions;
  /** Variables to read instead of `process.env`. */
  env?: { readonly [name: string]: string | undefined };
}
