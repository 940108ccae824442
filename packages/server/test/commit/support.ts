import { onTestFinished } from 'vitest';
import { CHANNELS } from '../../src/channels/index.js';
import { type ConfigOptions, resolveConfig } from '../../src/config.js';
import type { Principal, WorkerPrincipal } from '../../src/domain/use-cases.js';
import { createEngine, type Engine } from '../../src/engine.js';
import { HealthWatch } from '../../src/health/watch.js';
import { checkStageSpecs } from '../../src/http/index.js';
import { networks } from '../../src/outbound/networks.js';
import { createOutbound } from '../../src/outbound/outbound.js';
import { createSecrets } from '../../src/secrets/secrets.js';
import type { Store, Tx } from '../../src/store/store.js';
import { openTelemetry } from '../../src/telemetry/telemetry.js';
import { ManualClock } from '../../src/testing/manual-clock.js';
import { aDatabase, openStoreOf } from '../support/stores.js';

type Around = <T>(run: () => Promise<T>) => Promise<T>;

/** A store whose transactions pass through `beforeCommit` once their work is done. */
function wrapped(store: Store, watch: Watched['watch']): Store {
  return {
    reads: store.reads,
    health: store.health,
    figures: store.figures,
    failureOf: (error) => store.failureOf(error),
    close: () => store.close(),
    transaction: (work, durability) => {
      watch.transactions += 1;
      watch.canWait.push(durability?.canWait ?? false);
      return store.transaction((tx: Tx, now) => watch.beforeCommit(() => work(watch.tx(tx), now)), durability);
    },
  };
}

export interface Watched {
  engine: Engine;
  clock: ManualClock;
  caller: Principal;
  database: string;
  /** `transactions` counts, and `canWait` says of each whether it need not be durable at once; `beforeCommit` may be replaced, and what stands before the store's transaction. */
  watch: { transactions: number; canWait: boolean[]; beforeCommit: Around; tx(tx: Tx): Tx };
  worker(): Promise<WorkerPrincipal>;
}

/** The engine on a database of its own, without HTTP, with its transactions in the hands of the test. */
export async function watchedEngine(options: ConfigOptions = {}, env: Record<string, string> = {}): Promise<Watched> {
  const clock = new ManualClock();
  const config = resolveConfig({ options: { logLevel: 'silent', ...options } });
  const database = await aDatabase();
  const store = await openStoreOf(database, clock);
  const watch: Watched['watch'] = { transactions: 0, canWait: [], beforeCommit: (run) => run(), tx: (tx) => tx };
  const telemetry = openTelemetry({ config, env, clock, version: '0', store: 'sqlite' });
  const secrets = createSecrets({ master: () => 'unused', randomBytes: (bytes) => clock.randomBytes(bytes) });
  const watchedStore = wrapped(store, watch);
  const health = new HealthWatch({ store: watchedStore, config, clock, log: telemetry.log });
  const outbound = createOutbound({ networks: networks(), timeoutMs: 1_000, maxBytes: 1_000, clock });
  const engine = await createEngine({
    config,
    clock,
    store: watchedStore,
    telemetry,
    secrets,
    health,
    outbound,
    integrations: new Map(),
    channels: CHANNELS,
    mailer: { send: () => Promise.reject(new Error('no mail in this test')), close: () => undefined },
    checkStageSpecs,
  });
  onTestFinished(async () => {
    watch.beforeCommit = (run) => run();
    await engine.stop();
    await store.close();
  });
  const caller = await engine.accounts.authenticate(await engine.accounts.createLocalKey());
  if (!caller) throw new Error('no local key');
  await engine.idle();
  return {
    engine,
    clock,
    caller,
    database,
    watch,
    worker: async () => {
      const { workers } = engine.useCases;
      const { workerId, sessionToken } = await workers.bootstrap(caller, { workerName: 'w', supportedHandlers: ['a'] });
      return workers.authenticate(caller, workerId, sessionToken);
    },
  };
}

/** Holds every transaction between its last statement and its COMMIT until `open` is called. */
export function holdCommits(watch: Watched['watch']): { held: Promise<void>; open(): void } {
  let open = (): void => {};
  let reached = (): void => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  const held = new Promise<void>((resolve) => {
    reached = resolve;
  });
  onTestFinished(open); // a test that failed must not wait for ever for its engine to end
  watch.beforeCommit = async (run) => {
    const result = await run();
    reached();
    await opened;
    return result;
  };
  return { held, open };
}

export const pipeline = (name: string, input: unknown = null) => ({ name, stages: [{ name: 'a', input: input as never }] });
