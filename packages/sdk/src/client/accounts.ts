import {
  type ApiKey,
  type ApiKeyCreated,
  type Application,
  type AuditEvent,
  type AuditFilter,
  type CreateApiKey,
  type CreateApplication,
  LIMITS,
  ROUTES,
  type RotateApiKey,
} from '@pipelogiq/protocol';
import type { Transport } from '../transport/transport.js';
import { type Listing, listing, type ReadOptions } from './listing.js';
import { route } from './route.js';

/** API keys. Needs the scope `admin`. */
export class ApiKeys {
  readonly #transport: Transport;

  /** @internal */
  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Makes a key. This answer alone holds it; it is sent once, since a repeat would make another. */
  async create(request: CreateApiKey, { signal }: ReadOptions = {}): Promise<ApiKeyCreated> {
    const call = { method: 'POST', path: ROUTES.apiKeys, body: request, retry: 'never', signal } as const;
    return (await this.#transport.request<ApiKeyCreated>(call)).body;
  }

  list(options: ReadOptions = {}): Listing<ApiKey> {
    return listing(this.#transport, ROUTES.apiKeys, {}, options);
  }

  /**
   * Gives a key a new secret. This answer alone holds it; it is sent once, since a repeat would make another.
   *
   * @param options `overlapMs`: milliseconds for which the present secret is taken too; 0 ends it at once; default: the server's, a day
   * @throws NotFoundError
   */
  async rotate(id: string, { signal, ...request }: ReadOptions & RotateApiKey = {}): Promise<ApiKeyCreated> {
    const call = { method: 'POST', path: route(ROUTES.apiKeyRotate, { id }), body: request, retry: 'never', signal } as const;
    return (await this.#transport.request<ApiKeyCreated>(call)).body;
  }

  /** Refuses the key from now on. @throws NotFoundError */
  async disable(id: string, { signal }: ReadOptions = {}): Promise<ApiKey> {
    const path = route(ROUTES.apiKey, { id });
    return (await this.#transport.request<ApiKey>({ method: 'DELETE', path, retry: 'safe', signal })).body;
  }
}

/** Applications: tenants, each with its own keys, pipelines and workers. Needs the scope `admin`. */
export class Applications {
  readonly #transport: Transport;

  /** @internal */
  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** @throws ConflictError when the name is taken */
  async create(request: CreateApplication, { signal }: ReadOptions = {}): Promise<Application> {
    const call = { method: 'POST', path: ROUTES.applications, body: request, retry: 'never', signal } as const;
    return (await this.#transport.request<Application>(call)).body;
  }

  list(options: ReadOptions = {}): Listing<Application> {
    return listing(this.#transport, ROUTES.applications, {}, options);
  }
}

/** Who did what to pipelines and stages. Needs the scope `admin`. */
export class AuditEvents {
  readonly #transport: Transport;

  /** @internal */
  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /**
   * Newest first.
   *
   * @example pipelogiq.auditEvents.list({ kind: 'api_key', from: '2030-01-01T00:00:00Z' })
   */
  list({ signal, ...filter }: AuditFilter & ReadOptions = {}): Listing<AuditEvent> {
    return listing(this.#transport, ROUTES.auditEvents, { limit: LIMITS.pageSize, ...filter }, { ...(signal && { signal }) });
  }
}
