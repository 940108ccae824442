import type { Clock } from '../clock.js';
import type { Group } from '../domain/commit/tickets.js';
import type { IntegrationKind, IntegrationKinds } from '../domain/integration/kind.js';
import { withDefaults } from '../domain/integration/settings.js';
import { storedOf } from '../domain/integration/stored-config.js';
import { runTest, type TestOutcome } from '../domain/integration/test-connection.js';
import type { Outbound } from '../outbound/outbound.js';
import type { Secrets } from '../secrets/secrets.js';
import type { IntegrationConfigRow, Ms, Reads } from '../store/store.js';
import { Lanes } from './lanes.js';
import type { Loop } from './loop.js';

const LOOK_EVERY_MS = 10_000;
/** What failed is tried again after this: three failures in a row are told, and the end of them is seen soon. */
const FAILED_AGAIN_MS = 60_000;
/** Tests under way at a time: integrations that were made together are so spread. */
const AT_ONCE = 20;
/** Integrations that are looked at in one round. */
const LOOKED_AT = 1_000;

type Quiet = IntegrationConfigRow & { failures: number };

export interface CheckerDeps {
  config: { integrationCheckMs: Ms };
  clock: Pick<Clock, 'now'>;
  reads: Pick<Reads, 'quietIntegrations' | 'now'>;
  kinds: IntegrationKinds;
  secrets: Secrets;
  outbound: Outbound;
  /** Runs a piece of work in the committer's next group. */
  inGroup<R>(run: (group: Group) => Promise<R>): Promise<R>;
  log: { warn(fields: object, message: string): void; info(fields: object, message: string): void };
}

/**
 * Tests integrations that have had nothing to tell for a while, so that a token that has ended is known before a failure is to be told by
 * it. Only kinds whose test leaves nothing behind; what waits for delivery is tried by its sender.
 */
export class IntegrationChecker {
  readonly #deps: CheckerDeps;
  readonly #lanes: Lanes;
  /** Of the last look. Those under way are still due: they count among those that are tested at once. */
  #due = new Map<number, Quiet>();
  /** Configs that name nothing to try, as of their last change. */
  readonly #nothingToTry = new Map<number, Ms>();

  constructor(deps: CheckerDeps) {
    this.#deps = deps;
    this.#lanes = new Lanes({
      due: () => this.#look(),
      step: (id) => this.#step(id),
      onError: (err, id) => deps.log.warn({ err, integration_id: id }, 'the test of an integration was not noted'),
    });
  }

  loops(): Loop[] {
    const { integrationCheckMs } = this.#deps.config;
    if (integrationCheckMs === 0) return [];
    const everyMs = Math.min(LOOK_EVERY_MS, integrationCheckMs);
    return [{ name: 'check-integrations', everyMs, onLeader: true, run: () => this.#lanes.look() }];
  }

  stop(): Promise<void> {
    return this.#lanes.stop();
  }

  async #look(): Promise<number[]> {
    const { reads, kinds, config } = this.#deps;
    const now = await reads.now();
    const rows = await reads.quietIntegrations({
      types: [...kinds.values()].filter(({ testsQuietly }) => testsQuietly).map(({ type }) => type),
      quietSince: now - config.integrationCheckMs,
      failedSince: now - Math.min(FAILED_AGAIN_MS, config.integrationCheckMs),
      limit: LOOKED_AT,
    });
    const due = rows.filter(({ id, updated_at }) => this.#nothingToTry.get(id) !== updated_at).slice(0, AT_ONCE);
    this.#due = new Map(due.map((row) => [row.id, row]));
    return [...this.#due.keys()];
  }

  /** The calls are made beside the commit; what they showed is noted in it. */
  async #step(id: number): Promise<false> {
    const { kinds, inGroup } = this.#deps;
    const row = this.#due.get(id);
    const kind = row && kinds.get(row.type);
    if (!row || !kind) return false;
    const { ok, message, isTried } = await this.#test(kind, row);
    if (this.#lanes.signal.aborted) return false;
    if (!isTried) {
      this.#nothingToTry.set(id, row.updated_at);
      return false;
    }
    await inGroup(({ tx, now }) => tx.noteTest(row, { now, ...(!ok && { error: message }) }));
    this.#tell(row, ok, message);
    return false;
  }

  async #test(kind: IntegrationKind, row: IntegrationConfigRow): Promise<TestOutcome> {
    try {
      return await runTest(
        { ...this.#deps, signal: this.#lanes.signal },
        kind,
        withDefaults(kind, storedOf(this.#deps.secrets, row)),
      );
    } catch (error) {
      return { ok: false, message: error instanceof Error ? error.message : String(error), isTried: true };
    }
  }

  #tell({ type, application_id, failures }: Quiet, ok: boolean, message: string): void {
    const about = { integration: type, application_id };
    if (!ok && failures === 0) this.#deps.log.warn({ ...about, reason: message }, 'the test of an integration failed');
    if (ok && failures > 0) this.#deps.log.info({ ...about, failures }, 'an integration works again');
  }
}
