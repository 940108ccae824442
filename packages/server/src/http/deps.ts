import { type ErrorCode, LIMITS } from '@pipelogiq/protocol';
import type { Clock } from '../clock.js';
import type { Principal, UseCases } from '../domain/use-cases.js';
import type { Logger } from '../telemetry/logging.js';

/** What http needs of a logger. */
export type HttpLog = Logger;

/** Sizes in bytes of UTF-8. */
export interface HttpLimits {
  /** Bodies of calls about one thing. */
  bodyBytes: number;
  /** Bodies of batches, settles, pulls, logs and heartbeats. */
  batchBodyBytes: number;
  /** Deepest nesting of arrays and objects in a body. */
  jsonDepth: number;
  /** Largest `limit` of a list. */
  pageSize: number;
  /** `limit` of a list that names none. */
  defaultPageSize: number;
  /** Longest profile, in milliseconds. */
  profileMs: number;
}

export const HTTP_LIMITS = {
  bodyBytes: LIMITS.bodyBytes,
  batchBodyBytes: LIMITS.batchBodyBytes,
  jsonDepth: LIMITS.jsonDepth,
  pageSize: LIMITS.pageSize,
  defaultPageSize: 50,
  profileMs: 60_000,
} as const satisfies HttpLimits;

export type HealthStatus = 'healthy' | 'degraded' | 'unhealthy';

/** One part of the server, as the database or the workers; further figures in snake_case, as `latency_ms`. */
export interface ComponentHealth {
  status: HealthStatus;
  /** In words that everybody may read. */
  issues: string[];
  /** Paths, addresses and errors' own words: for callers with the scope `read`. */
  details?: string[];
  [figure: string]: unknown;
}

/** `GET /health` without what http adds: `timestamp`, `uptime_seconds` and `checks` (the components once more). */
export interface HealthReport {
  /** `degraded` answers 200, `unhealthy` 503. */
  status: HealthStatus;
  components: { database: ComponentHealth; [component: string]: ComponentHealth };
  metrics: { [name: string]: number };
  issues: string[];
  database: 'connected' | 'disconnected';
}

export interface ReadyReport {
  ready: boolean;
  /** Why it is not ready; what is said when it is does not matter. */
  reasons: string[];
}

/** The ids under which a request is traced. */
export interface RequestTrace {
  traceId: string;
  spanId: string;
  flags: number;
  tracestate: string | undefined;
  parent: { spanId: string; isRemote: boolean } | undefined;
  /** Whether spans are sent anywhere at all. */
  isExported: boolean;
}

/** One answered request, for spans and metrics. */
export interface RequestInfo {
  method: string;
  /** The route's pattern (`/pipelines/{id}`); `unmatched` when no route was. */
  route: string;
  status: number;
  /** Epoch milliseconds. */
  startedAt: number;
  durationMs: number;
  requestId: string;
  traceparent?: string;
  tracestate?: string;
  /** Where something was told of it before its end. */
  trace?: RequestTrace;
  principal?: Principal;
  /** Of the caller, where it was refused; a proxy's, where there is one that is not trusted by name. */
  address?: string;
  /** Of the problem that was answered. */
  code?: ErrorCode;
}

/** Metrics as a scrape gets them. */
export interface MetricsText {
  enabled: boolean;
  contentType: string;
  /** UTF-8; `release` gives the bytes back once they were sent. */
  text(): Promise<{ bytes: Uint8Array<ArrayBuffer>; release(): void }>;
}

export interface HttpDeps {
  useCases: UseCases;
  limits: HttpLimits;
  /** Of the server package. */
  version: string;
  /** Epoch milliseconds. */
  startedAt: number;
  clock: Clock;
  log: HttpLog;
  health(): Promise<HealthReport>;
  ready(): ReadyReport;
  metrics: MetricsText;
  /** Lets a scrape in, beside API keys. */
  metricsToken?: string | undefined;
  /** Whether a scrape that looks as if it came from this machine needs credentials. */
  metricsAccess: 'local' | 'credentials';
  /** Where the dashboard's build is, when not where the package has it. */
  dashboardFolder?: string;
  /** Whether what a proxy at this address says of its callers is believed; absent: none is. */
  trustsProxy?(address: string): boolean;
  /** After which a session ends in any case, in milliseconds. */
  sessionMaxMs: number;
  /** Whether the server has stored something since it was started. */
  started(): boolean;
  /** Called after every answer, in the context of `during`; must not throw. */
  onRequest?(info: RequestInfo): void;
  /** Wraps the whole answering of a request. */
  during?<R>(answer: () => Promise<R>): Promise<R>;
  /** The ids under which a request is traced. */
  traceOf(headers: { traceparent?: string; tracestate?: string }): RequestTrace;
  isShuttingDown(): boolean;
  /** What callers hear of an error that is not about their request, as of a database that is away. */
  explain(error: unknown): Error;
}
