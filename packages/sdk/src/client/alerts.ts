import {
  type AlertRule,
  type AlertRuleSpec,
  type Channel,
  type ChannelSpec,
  type ChannelTested,
  type Incident,
  type IncidentFilter,
  LIMITS,
  ROUTES,
} from '@pipelogiq/protocol';
import type { Transport } from '../transport/transport.js';
import { type Listing, listing, type ReadOptions } from './listing.js';
import { route } from './route.js';

/** Places where people are told, rules for what they are told of, and what is going on. Needs the scopes `read` and `operate`. */
export class Alerts {
  readonly #transport: Transport;

  /** @internal */
  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Newest first; secrets are `[redacted]`. */
  channels(options: ReadOptions = {}): Listing<Channel> {
    return listing(this.#transport, ROUTES.alertChannels, { limit: LIMITS.pageSize }, options);
  }

  /** @throws ValidationError naming the fields; ConflictError when the name is taken */
  createChannel(channel: ChannelSpec, options: ReadOptions = {}): Promise<Channel> {
    return this.#post(ROUTES.alertChannels, channel, options);
  }

  /**
   * Sends a test message through a channel now, and tells what the provider answered. Sent once.
   *
   * @throws NotFoundError
   * @example const { ok, message } = await pipelogiq.alerts.testChannel(channel.id);
   */
  testChannel(id: string, options: ReadOptions = {}): Promise<ChannelTested> {
    return this.#post(route(ROUTES.alertChannelTest, { id }), {}, options);
  }

  /** Newest first. */
  rules(options: ReadOptions = {}): Listing<AlertRule> {
    return listing(this.#transport, ROUTES.alertRules, { limit: LIMITS.pageSize }, options);
  }

  /** @throws ValidationError naming the fields; ConflictError when the name is taken */
  createRule(rule: AlertRuleSpec, options: ReadOptions = {}): Promise<AlertRule> {
    return this.#post(ROUTES.alertRules, rule, options);
  }

  /**
   * Makes the recommended rules whose names are free: twice is the same as once.
   *
   * @param channels ids of the channels that they tell
   * @returns those that were made
   */
  async recommend(channels: readonly string[], options: ReadOptions = {}): Promise<AlertRule[]> {
    return (await this.#post<{ rules: AlertRule[] }>(ROUTES.alertRulesRecommended, { channels }, options)).rules;
  }

  /** Newest first. */
  incidents(filter: IncidentFilter = {}, options: ReadOptions = {}): Listing<Incident> {
    return listing(this.#transport, ROUTES.alertIncidents, { limit: LIMITS.pageSize, ...filter }, options);
  }

  async #post<T>(path: string, body: object, { signal }: ReadOptions): Promise<T> {
    return (await this.#transport.request<T>({ method: 'POST', path, body, retry: 'never', signal })).body;
  }
}
