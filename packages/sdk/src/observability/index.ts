export type { HealthCheck, HealthCheckOptions, HealthDetails, HealthStatus } from './health/checks.js';
export type { HealthReport, Liveness, Readiness } from './health/report.js';
export { type IncomingHeaders, tracedFetch, withIncomingTrace } from './http-trace.js';
export type { AuditEvent, LogFields, Logger, LoggerLevel } from './log/logger.js';
export type { Collect, Counter, Gauge, Histogram } from './metrics/instruments.js';
export type { CollectedOptions, HistogramOptions, MetricOptions } from './metrics/registry.js';
export type { Labels } from './metrics/series.js';
export { type Observability, startObservability } from './observability.js';
export type { LogsOptions, MetricsOptions, ObservabilityOptions, OtlpOptions, TracesOptions } from './options.js';
