import {
  type BulkAction,
  type CreateMark,
  type ErrorGroup,
  type Insights as InsightFigures,
  type InsightQuery,
  LIMITS,
  type Mark,
  type MarkCreated,
  type MarkInsight,
  type ReplayErrors,
  ROUTES,
} from '@pipelogiq/protocol';
import type { Transport } from '../transport/transport.js';
import { newIdempotencyKey } from './idempotency-key.js';
import { type Listing, listing, type ReadOptions } from './listing.js';
import { route } from './route.js';

interface ErrorFilter {
  range?: string;
  application?: string;
  handler?: string;
}

interface MarkFilter {
  from?: string;
  to?: string;
  application?: string;
  pipeline?: string;
}

/** Figures of what ran in the application. Needs the scope `read`; to mark deployments, `produce`. */
export class Insights {
  readonly #transport: Transport;

  /** @internal */
  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /**
   * Percentiles, hotspots, throughput and regressions, of the last 24 hours when nothing else is asked. Times are milliseconds.
   *
   * @throws ValidationError for a range that is malformed, empty or longer than figures are kept; NotFoundError when the server keeps none
   */
  async get({ signal, ...query }: InsightQuery & ReadOptions = {}): Promise<InsightFigures> {
    const request = { method: 'GET', path: ROUTES.insights, query: { ...query }, retry: 'safe', signal } as const;
    return (await this.#transport.request<InsightFigures>(request)).body;
  }

  /** Failures that are alike, most recent first, of the last 24 hours when no `range` is given. */
  errors({ signal, ...filter }: ErrorFilter & ReadOptions = {}): Listing<ErrorGroup> {
    return listing(this.#transport, ROUTES.errors, { limit: LIMITS.pageSize, ...filter }, signal ? { signal } : {});
  }

  /**
   * Runs the stages again that failed so for good and have not run since; what they had blocked follows. The server does it in small chunks
   * behind other work; `pipelines.action(id)` tells how far it is. With `dryRun` it only counts. Needs the scope `operate`. Sent once, unless
   * dry.
   *
   * @throws NotFoundError when there is no such group of failures
   * @example const { matched, possible } = await pipelogiq.insights.replay(group.fingerprint, { dryRun: true });
   */
  async replay(fingerprint: string, { signal, ...request }: ReplayErrors & ReadOptions = {}): Promise<BulkAction> {
    const path = route(ROUTES.errorsReplay, { name: fingerprint });
    const retry = request.dryRun === true ? 'safe' : 'never';
    return (await this.#transport.request<BulkAction>({ method: 'POST', path, body: request, retry, signal })).body;
  }

  /**
   * Marks a deployment: the insights then compare what ran before and after it. Every call carries an idempotency key, yours or a new one, so
   * that repeats over a bad network make one mark.
   *
   * @example await pipelogiq.insights.mark({ version: process.env.GIT_SHA ?? 'dev' });
   * @throws ValidationError for a time that lies ahead
   */
  async mark(mark: CreateMark, { signal }: ReadOptions = {}): Promise<MarkCreated> {
    const body = { ...mark, idempotencyKey: mark.idempotencyKey ?? newIdempotencyKey() };
    const request = { method: 'POST', path: ROUTES.marks, body, retry: 'safe', signal } as const;
    return (await this.#transport.request<MarkCreated>(request)).body;
  }

  /** Deployments, latest first; with `pipeline` those that change such pipelines. `from` and `to`: RFC 3339. */
  marks({ signal, ...filter }: MarkFilter & ReadOptions = {}): Listing<Mark> {
    return listing(this.#transport, ROUTES.marks, { limit: LIMITS.pageSize, ...filter }, signal ? { signal } : {});
  }

  /**
   * A deployment, and what ran as long before as after it.
   *
   * @param options.over longest time on each side, as `15m`, `1h` (default), `7d` (at most)
   * @throws NotFoundError
   */
  async compareMark(id: string, { over, signal }: { over?: string } & ReadOptions = {}): Promise<MarkInsight> {
    const request = { method: 'GET', path: route(ROUTES.mark, { id }), query: { over }, retry: 'safe', signal } as const;
    return (await this.#transport.request<MarkInsight>(request)).body;
  }
}
