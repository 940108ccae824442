import {
  LIMITS,
  type PipelineCreated,
  ROUTES,
  type Schedule,
  type ScheduleFilter,
  type ScheduleFiring,
  type ScheduleSpec,
} from '@pipelogiq/protocol';
import type { Transport } from '../transport/transport.js';
import { newIdempotencyKey } from './idempotency-key.js';
import { type Listing, listing, type ReadOptions } from './listing.js';
import { route } from './route.js';

/** Creates pipelines by the clock. Needs the scopes `read` and `operate`. */
export class Schedules {
  readonly #transport: Transport;

  /** @internal */
  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /**
   * Makes a schedule. It counts from now.
   *
   * @throws ValidationError for an expression, a zone or a template that cannot work; ConflictError when the name is taken
   * @example
   * await pipelogiq.schedules.create({
   *   name: 'nightly report',
   *   cron: '30 2 * * *',
   *   timeZone: 'Europe/Berlin',
   *   template: await report.build({ day: 'yesterday' }),
   * });
   */
  create(schedule: ScheduleSpec, { signal }: ReadOptions = {}): Promise<Schedule> {
    return this.#send('POST', ROUTES.schedules, schedule, { retry: 'never', signal });
  }

  /** Newest first; `name` finds one by its name. */
  list(filter: ScheduleFilter = {}, options: ReadOptions = {}): Listing<Schedule> {
    return listing(this.#transport, ROUTES.schedules, { limit: LIMITS.pageSize, ...filter }, options);
  }

  /** @throws NotFoundError */
  async get(id: string, { signal }: ReadOptions = {}): Promise<Schedule> {
    const path = route(ROUTES.schedule, { id });
    return (await this.#transport.request<Schedule>({ method: 'GET', path, retry: 'safe', signal })).body;
  }

  /**
   * Replaces all of a schedule; what is left out takes its default. A paused one stays paused. Another expression or zone counts from
   * now, everything else keeps the fire times as they are.
   *
   * @throws NotFoundError, and as `create`
   */
  replace(id: string, schedule: ScheduleSpec, { signal }: ReadOptions = {}): Promise<Schedule> {
    return this.#send('PUT', route(ROUTES.schedule, { id }), schedule, { retry: 'safe', signal });
  }

  /** Its pipelines stay. @throws NotFoundError */
  async delete(id: string, { signal }: ReadOptions = {}): Promise<void> {
    await this.#transport.request({ method: 'DELETE', path: route(ROUTES.schedule, { id }), retry: 'safe', signal });
  }

  /** It fires no more until it is resumed. */
  pause(id: string, { signal }: ReadOptions = {}): Promise<Schedule> {
    return this.#send('POST', route(ROUTES.schedulePause, { id }), {}, { retry: 'safe', signal });
  }

  /** It fires again, from now on: not what it would have fired while it was paused. */
  resume(id: string, { signal }: ReadOptions = {}): Promise<Schedule> {
    return this.#send('POST', route(ROUTES.scheduleResume, { id }), {}, { retry: 'safe', signal });
  }

  /**
   * Creates a pipeline from it at once, paused or not. Every call carries an idempotency key, yours or a new one, so that repeats over a
   * bad network make one pipeline.
   */
  trigger(id: string, { idempotencyKey, signal }: ReadOptions & { idempotencyKey?: string } = {}): Promise<PipelineCreated> {
    const body = { idempotencyKey: idempotencyKey ?? newIdempotencyKey() };
    return this.#send('POST', route(ROUTES.scheduleTrigger, { id }), body, { retry: 'safe', signal });
  }

  /** The pipelines that its fire times made, latest first. */
  firings(id: string, options: ReadOptions = {}): Listing<ScheduleFiring> {
    return listing(this.#transport, route(ROUTES.scheduleFirings, { id }), { limit: LIMITS.pageSize }, options);
  }

  async #send<T>(
    method: 'POST' | 'PUT',
    path: string,
    body: object,
    { retry, signal }: { retry: 'safe' | 'never'; signal: AbortSignal | undefined },
  ): Promise<T> {
    return (await this.#transport.request<T>({ method, path, body, retry, signal })).body;
  }
}
