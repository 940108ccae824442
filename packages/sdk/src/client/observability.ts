import {
  type Integration,
  type IntegrationStatus,
  type IntegrationTested,
  LIMITS,
  type Page,
  ROUTES,
  type SaveIntegration,
  type TestIntegration,
  type TraceFilter,
  type TraceSummary,
} from '@pipelogiq/protocol';
import type { Transport } from '../transport/transport.js';
import { type Listing, listing, type ReadOptions } from './listing.js';

/** Integrations of the application, and its traces. */
export class Observability {
  readonly #transport: Transport;

  /** @internal */
  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Every kind of integration with its fields, configured or not; secrets are `[redacted]`. Needs the scope `operate`. */
  async integrations({ signal }: ReadOptions = {}): Promise<Integration[]> {
    const request = { method: 'GET', path: ROUTES.observabilityConfig, retry: 'safe', signal } as const;
    return (await this.#transport.request<Page<Integration>>(request)).body.items;
  }

  /**
   * Makes or replaces the integration of a type. A secret that is left out stays what it was; null removes it. Needs the scope `operate`.
   *
   * @example await pipelogiq.observability.configure({ type: 'sentry', config: { dsn: 'https://key@o1.ingest.sentry.io/2' } });
   * @throws ValidationError naming the fields that cannot be taken; ConflictError when the server has no key to keep secrets with
   */
  async configure(integration: SaveIntegration, { signal }: ReadOptions = {}): Promise<Integration> {
    const request = { method: 'POST', path: ROUTES.observabilityConfig, body: integration, retry: 'safe', signal } as const;
    return (await this.#transport.request<Integration>(request)).body;
  }

  /**
   * Tries the connection: of the stored config, or of the one that is given, which is not stored. A failure is an answer. Needs the scope `operate`.
   *
   * @throws NotFoundError when there is no config and none is given
   */
  async test(integration: TestIntegration, { signal }: ReadOptions = {}): Promise<IntegrationTested> {
    const request = { method: 'POST', path: ROUTES.observabilityTest, body: integration, retry: 'never', signal } as const;
    return (await this.#transport.request<IntegrationTested>(request)).body;
  }

  /** How each integration does: last test, success and error, what waits, what was sent and dropped. Needs the scope `read`. */
  async status({ signal }: ReadOptions = {}): Promise<IntegrationStatus[]> {
    const request = { method: 'GET', path: ROUTES.observabilityStatus, retry: 'safe', signal } as const;
    return (await this.#transport.request<Page<IntegrationStatus>>(request)).body.items;
  }

  /** Traces by id, pipeline, state, time and duration (milliseconds), newest first. Needs the scope `read`. */
  traces({ signal, ...filter }: Omit<TraceFilter, 'cursor'> & ReadOptions = {}): Listing<TraceSummary> {
    return listing(this.#transport, ROUTES.observabilityTraces, { limit: LIMITS.pageSize, ...filter }, signal ? { signal } : {});
  }
}
