import type { Clock, Timer } from '../clock.js';
import type { Group } from '../domain/commit/tickets.js';
import { type Sent, sendRows } from '../domain/integration/deliver.js';
import type { IntegrationKinds } from '../domain/integration/kind.js';
import { withDefaults } from '../domain/integration/settings.js';
import { storedOf } from '../domain/integration/stored-config.js';
import type { Outbound } from '../outbound/outbound.js';
import type { Secrets } from '../secrets/secrets.js';
import type { IntegrationConfigRow, IntegrationDeliveryRow, Ms, Reads } from '../store/store.js';
import { Lanes, retryWait } from './lanes.js';
import type { Loop } from './loop.js';

export const SEND_INTEGRATIONS = 'send-integrations';

const LOOK_EVERY_MS = 1_000; // a net, and what lets log lines gather
const DROP_EVERY_MS = 60_000;
/** Rows of one claim. */
const CLAIMED = 10;
/** Integrations that are looked at in one round. */
const LANES = 200;
/** Deliveries that are dropped in one transaction, and transactions of one round. */
const DROPPED_AT_ONCE = 500;
const DROPS = 20;
/** What a server that was killed holds is free after this; what a living one is sending it holds on to. */
const CLAIM_MS = 20_000;
const RENEW_EVERY_MS = 5_000;
const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 300_000;

export interface SenderDeps {
  config: { integrationMaxAgeMs: Ms; integrationMaxQueued: number };
  clock: Clock;
  reads: Pick<Reads, 'dueIntegrations' | 'deliveryEdges' | 'loggedLines' | 'now'>;
  kinds: IntegrationKinds;
  secrets: Secrets;
  outbound: Outbound;
  /** Runs a piece of work in the committer's next group. */
  inGroup<R>(run: (group: Group) => Promise<R>): Promise<R>;
  log: { warn(fields: object, message: string): void; info(fields: object, message: string): void };
  /** Told of each row that was delivered, how long after it was queued. */
  onDelivered(integration: string, latencyMs: Ms): void;
}

/**
 * Delivers what is queued for integrations. Each integration has a lane of its own.
 */
export class IntegrationSender {
  readonly #deps: SenderDeps;
  readonly #lanes: Lanes;
  readonly #holder: string;
  /** Failures in a row, by integration: the first is logged, and the recovery. */
  readonly #failures = new Map<number, number>();

  constructor(deps: SenderDeps) {
    this.#deps = deps;
    this.#holder = deps.clock.randomHex(8);
    this.#lanes = new Lanes({
      due: async () => deps.reads.dueIntegrations(await deps.reads.now(), LANES),
      step: (configId) => this.#step(configId),
      onError: (err, configId) => deps.log.warn({ err, integration_id: configId }, 'deliveries of an integration wait'),
    });
  }

  loops(): Loop[] {
    return [
      { name: SEND_INTEGRATIONS, everyMs: LOOK_EVERY_MS, onLeader: true, run: () => this.#lanes.look() },
      { name: 'drop-deliveries', everyMs: DROP_EVERY_MS, onLeader: true, run: () => this.#drop() },
    ];
  }

  /** Ends the calls under way; what they were to deliver is free again. */
  stop(): Promise<void> {
    return this.#lanes.stop();
  }

  /** Whether there may be more. */
  async #step(configId: number): Promise<boolean> {
    const { inGroup } = this.#deps;
    const holder = this.#holderOf(configId);
    const claimed = await inGroup(({ tx, now }) =>
      tx.claimDeliveries(configId, { holder, heldUntil: now + CLAIM_MS, now, limit: CLAIMED }),
    );
    if (!claimed || claimed.rows.length === 0) return false;
    const sent = await this.#whileHeld(configId, (signal) => this.#send(claimed.config, claimed.rows, signal));
    const endedAt = await inGroup(async (group) => {
      await this.#finish(group, configId, sent);
      return group.now; // by the same clock as the time at which they were queued
    });
    const done = new Set(sent.done);
    for (const { id, created_at } of claimed.rows)
      if (done.has(id)) this.#deps.onDelivered(claimed.config.type, Math.max(endedAt - created_at, 0));
    this.#tell(claimed.config, sent);
    return sent.failure === undefined;
  }

  /** Holds on to the claim for as long as the work takes, and ends the work when the claim is lost. */
  async #whileHeld<R>(configId: number, work: (signal: AbortSignal) => Promise<R>): Promise<R> {
    const { clock, inGroup, log } = this.#deps;
    const interrupted = new AbortController();
    const interrupt = (): void => interrupted.abort();
    this.#lanes.signal.addEventListener('abort', interrupt);
    let timer: Timer | undefined;
    const renew = async (): Promise<void> => {
      const claim = { holder: this.#holderOf(configId) };
      const isHeld = await inGroup(({ tx, now }) => tx.renewDeliveries(configId, { ...claim, heldUntil: now + CLAIM_MS, now }));
      if (!isHeld) interrupt();
    };
    const later = (): void => {
      timer = clock.setTimer(() => {
        later();
        renew().catch((err) => log.warn({ err, integration_id: configId }, 'a claim of deliveries was not renewed'));
      }, RENEW_EVERY_MS);
    };
    later();
    try {
      return await work(interrupted.signal);
    } finally {
      timer?.cancel();
      this.#lanes.signal.removeEventListener('abort', interrupt);
    }
  }

  #holderOf(configId: number): string {
    return `${this.#holder}:${configId}`;
  }

  async #send(row: IntegrationConfigRow, rows: readonly IntegrationDeliveryRow[], signal: AbortSignal): Promise<Sent> {
    const { kinds, secrets, outbound, reads, clock } = this.#deps;
    const kind = kinds.get(row.type);
    if (!kind) return { done: [], sent: 0, dropped: 0, failure: { message: `This server knows no integration ${row.type}.` } };
    try {
      const settings = withDefaults(kind, storedOf(secrets, row));
      return await sendRows(
        { outbound, loggedLines: (ids) => reads.loggedLines(ids), now: () => clock.now(), signal },
        kind,
        settings,
        rows,
      );
    } catch (error) {
      return { done: [], sent: 0, dropped: 0, failure: { message: error instanceof Error ? error.message : String(error) } };
    }
  }

  async #finish({ tx, now }: Group, configId: number, { done, sent, dropped, refusal, failure }: Sent): Promise<void> {
    const holder = this.#holderOf(configId);
    await tx.removeDeliveries(done, holder);
    await tx.releaseDeliveries(holder);
    if (sent === 0 && dropped === 0 && failure?.isInterrupted) return;
    const fault = failure?.isInterrupted ? undefined : failure;
    const error = fault?.message ?? refusal;
    const retryAt = fault && now + (fault.retryAfterMs ?? this.#backoff(configId));
    await tx.noteDelivery(configId, {
      sent,
      dropped,
      now,
      ...(error !== undefined && { error }),
      ...(retryAt !== undefined && { retryAt }),
    });
  }

  #backoff(configId: number): Ms {
    const bounds = { first: FIRST_RETRY_MS, last: LAST_RETRY_MS };
    return retryWait(this.#failures.get(configId) ?? 0, bounds, this.#deps.clock.random());
  }

  #tell({ id, type, application_id }: IntegrationConfigRow, { failure, refusal, dropped }: Sent): void {
    const { log } = this.#deps;
    const about = { integration: type, application_id };
    if (refusal !== undefined)
      log.warn({ ...about, dropped, reason: refusal }, 'an integration refused something for good; it is dropped');
    if (failure?.isInterrupted) return;
    const before = this.#failures.get(id) ?? 0;
    if (failure) {
      if (before === 0) log.warn({ ...about, reason: failure.message }, 'an integration failed and will be tried again');
      this.#failures.set(id, before + 1);
    } else if (before > 0) {
      log.info({ ...about, failures: before }, 'an integration works again');
      this.#failures.delete(id);
    }
  }

  async #drop(): Promise<{ inMs: number } | undefined> {
    const { inGroup, config, reads } = this.#deps;
    const bounds = { before: (await reads.now()) - config.integrationMaxAgeMs, keep: config.integrationMaxQueued };
    let turns = DROPS;
    for (let after: number | undefined = 0; after !== undefined; ) {
      const { edges, next } = await reads.deliveryEdges({ ...bounds, after, limit: LANES });
      for (const { configId, upTo } of edges) {
        const drop = () => inGroup(({ tx, now }) => tx.dropDeliveries(configId, { upTo, limit: DROPPED_AT_ONCE, now }));
        for (let isFull = true; isFull; turns--) {
          if (turns === 0) return { inMs: 0 };
          isFull = (await drop()) === DROPPED_AT_ONCE;
        }
      }
      after = next;
    }
    return undefined;
  }
}
