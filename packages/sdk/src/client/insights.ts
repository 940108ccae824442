import { type ErrorGroup, type Insights as InsightFigures, type InsightQuery, LIMITS, ROUTES } from '@pipelogiq/protocol';
import type { Transport } from '../transport/transport.js';
import { type Listing, listing, type ReadOptions } from './listing.js';

/** Figures of what ran in the application. Needs the scope `read`. */
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
  errors({ signal, ...filter }: { range?: string; handler?: string } & ReadOptions = {}): Listing<ErrorGroup> {
    return listing(this.#transport, ROUTES.errors, { limit: LIMITS.pageSize, ...filter }, signal ? { signal } : {});
  }
}
