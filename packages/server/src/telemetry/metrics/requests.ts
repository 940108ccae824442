import { type ErrorCode, parseTraceparent, SAMPLED } from '@pipelogiq/protocol';
import { HTTP_SECONDS } from './buckets.js';
import type { HistogramSeries, NumberSeries } from './families.js';
import type { Histograms, Numbers, Registry } from './registry.js';

/** One answered request, as far as it is counted. */
export interface AnsweredRequest {
  method: string;
  /** The route's pattern. */
  route: string;
  status: number;
  /** Epoch milliseconds. */
  startedAt: number;
  durationMs: number;
  traceparent?: string;
  /** Of the problem that was answered. */
  code?: ErrorCode;
}

const SECOND = 1_000;
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);
/** Whose doing it is that somebody was not let in. */
const AUTH_FAILURES: ReadonlySet<ErrorCode> = new Set(['unauthenticated', 'forbidden', 'session_invalid', 'host_not_allowed']);
const DELIVERY = 'POST /hooks/{name}';
/** Routes, their methods and statuses: some hundreds, of which few ever occur. */
const MAX_REQUESTS = 2_000;
const LABELS = ['method', 'route', 'status'];

interface RequestSeries {
  requests: NumberSeries;
  duration: HistogramSeries;
  /** Of deliveries to hooks. */
  latency: HistogramSeries | undefined;
}

/** Counts what was answered over HTTP. */
export class RequestMetrics {
  readonly #exemplars: boolean;
  readonly #known = new Map<string, RequestSeries>();
  readonly #requests: Numbers;
  readonly #durations: Histograms;
  readonly #webhooks: Histograms;
  readonly #authFailures: Numbers;

  constructor(registry: Registry, { exemplars }: { exemplars: boolean }) {
    this.#exemplars = exemplars;
    const bounds = { labels: LABELS, max: MAX_REQUESTS };
    const duration = 'From the arrival of a request to its answer; GET /events and long polls take as long as they wait.';
    this.#requests = registry.counter('http_requests_total', 'Requests that were answered.', bounds);
    this.#durations = registry.histogram('http_request_duration_seconds', duration, HTTP_SECONDS, bounds);
    const webhook = 'From the arrival of a delivery to a hook to its answer, after the commit.';
    this.#webhooks = registry.histogram('webhook_latency_seconds', webhook, HTTP_SECONDS, { labels: ['status'] });
    const failures = 'Requests that were not let in, by the code of the problem.';
    this.#authFailures = registry.counter('pipelogiq_auth_failures_total', failures, { labels: ['reason'] });
  }

  answered({ method, route, status, startedAt, durationMs, traceparent, code }: AnsweredRequest): void {
    const { requests, duration, latency } = this.#of(METHODS.has(method) ? method : 'other', route, String(status));
    const seconds = durationMs / SECOND;
    requests.inc();
    latency?.observe(seconds);
    if (code !== undefined && AUTH_FAILURES.has(code)) this.#authFailures.of([code]).inc();
    const parent = this.#exemplars ? parseTraceparent(traceparent) : undefined;
    // One that is not sampled is kept nowhere: its id would lead to nothing.
    if (parent && (parent.flags & SAMPLED) !== 0) duration.observeOne(seconds, parent, startedAt + durationMs);
    else duration.observe(seconds);
  }

  #of(method: string, route: string, status: string): RequestSeries {
    const operation = `${method} ${route}`;
    const key = `${operation} ${status}`;
    const known = this.#known.get(key);
    if (known) return known;
    const values = [method, route, status];
    const latency = operation === DELIVERY ? this.#webhooks.of([status]) : undefined;
    const made = { requests: this.#requests.of(values), duration: this.#durations.of(values), latency };
    this.#known.set(key, made);
    return made;
  }
}
