import {
  type CreateHook,
  type CreatePipeline,
  type Hook,
  type HookSaved,
  type HookSpec,
  LIMITS,
  ROUTES,
} from '@pipelogiq/protocol';
import type { Transport } from '../transport/transport.js';
import { type Listing, listing, type ReadOptions } from './listing.js';
import { route } from './route.js';

/** A template as on the wire, or what a definition builds of an input with placeholders. */
type HookTemplate = HookSpec['template'] | CreatePipeline;

/** Lets others create pipelines by `POST /hooks/{name}`, without an API key. Needs the scope `operate`. */
export class Hooks {
  readonly #transport: Transport;

  /** @internal */
  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /**
   * Makes a hook. This answer alone holds its `token`, or the signing `secret` when the server made it.
   *
   * @throws ValidationError for a template that cannot work; ConflictError when the name is taken, or when the server has no key to keep
   *   signing secrets with
   * @example
   * const { token } = await pipelogiq.hooks.create({
   *   name: 'orders',
   *   template: { name: 'order', stages: [{ name: 'charge', input: { orderId: '{{ body.order.id }}' } }] },
   *   deliveryId: '{{ body.id }}',
   * });
   */
  async create(
    hook: Omit<CreateHook, 'template'> & { template: HookTemplate },
    { signal }: ReadOptions = {},
  ): Promise<HookSaved> {
    // Sent once: the lost answer to a first try would have held the only token.
    const call = { method: 'POST', path: ROUTES.hooks, body: hook, retry: 'never', signal } as const;
    return (await this.#transport.request<HookSaved>(call)).body;
  }

  /** Newest first, without tokens and secrets. */
  list(options: ReadOptions = {}): Listing<Hook> {
    return listing(this.#transport, ROUTES.hooks, { limit: LIMITS.pageSize }, options);
  }

  /** @throws NotFoundError */
  async get(name: string, { signal }: ReadOptions = {}): Promise<Hook> {
    const path = route(ROUTES.hook, { name });
    return (await this.#transport.request<Hook>({ method: 'GET', path, retry: 'safe', signal })).body;
  }

  /**
   * Replaces template and delivery id. Without `auth` it keeps its token or secrets; with it, it gets new ones, and the old ones end at
   * once.
   *
   * @throws NotFoundError, and as `create`
   */
  async replace(
    name: string,
    hook: Omit<HookSpec, 'template'> & { template: HookTemplate },
    { signal }: ReadOptions = {},
  ): Promise<HookSaved> {
    const retry = hook.auth === undefined ? 'safe' : 'never'; // a repeat would make other credentials
    const call = { method: 'PUT', path: route(ROUTES.hook, { name }), body: hook, retry, signal } as const;
    return (await this.#transport.request<HookSaved>(call)).body;
  }

  /** Its pipelines stay. @throws NotFoundError */
  async delete(name: string, { signal }: ReadOptions = {}): Promise<void> {
    await this.#transport.request({ method: 'DELETE', path: route(ROUTES.hook, { name }), retry: 'safe', signal });
  }
}
