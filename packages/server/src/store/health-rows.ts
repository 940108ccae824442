import type { Ms } from './rows.js';

/** Workers that have not said that they stop. */
export interface WorkerCounts {
  /** Seen since a moment that the caller names. */
  live: number;
  /** Seen before that, but not so long ago that they are forgotten. */
  silent: number;
}

/** The first stage in the line of a handler. */
export interface WaitingHandler {
  application_id: number;
  handler: string;
  /** Since when that stage could have run. */
  ready_at: Ms;
}

/** One that has not said that it stops, and has not been heard of. */
export interface SilentWorker {
  id: number;
  application_id: number;
  name: string;
  last_seen_at: Ms;
}

/** An enabled integration that failed several times in a row. */
export interface FailingIntegration {
  type: string;
  application: string;
  failures: number;
  last_error: string | null;
}

/** An alert channel that people may wait for in vain. */
export interface TroubledChannel {
  name: string;
  type: string;
  application: string;
  failures: number;
  last_error: string | null;
  /** Why the server disabled it. */
  disabled_reason: string | null;
}

export interface AlertHealth {
  /** Messages that wait for enabled channels. */
  queued: number;
  /** When the oldest of them was queued. */
  oldest_at: Ms | null;
  /** Enabled channels that failed several times in a row. */
  failing: number;
  /** Channels that the server disabled. */
  disabled: number;
  /** What was put aside since then, for nothing could be made of it. */
  parked: number;
  /** The first of both. */
  named: TroubledChannel[];
}

/** What the health of the server is judged by. All applications together. */
export interface HealthReads {
  workerCounts(liveSince: Ms, forgottenBefore: Ms): Promise<WorkerCounts>;
  /** Workers that were last seen from one moment to another, this one excluded. */
  silentWorkers(from: Ms, until: Ms, limit: number): Promise<SilentWorker[]>;
  /** How many secrets are stored under each key: the first eleven characters of what is sealed (secrets/secrets.ts), and their number. */
  sealedSecrets(): Promise<{ head: string; secrets: number }[]>;
  /** Handlers with stages that can be leased now. */
  waitingHandlers(limit: number): Promise<WaitingHandler[]>;
  /** Lists of handlers, as JSON, of workers that take work and were seen since then. */
  servedHandlers(liveSince: Ms, limit: number): Promise<{ application_id: number; handlers: string }[]>;
  /** Enabled integrations, those of them that failed so often in a row, and the first of those. */
  integrationHealth(failures: number, limit: number): Promise<{ enabled: number; failing: number; named: FailingIntegration[] }>;
  /**
   * @param failures - in a row, from which on a channel is failing
   * @param parkedSince - what was put aside before is not counted
   */
  alertHealth(failures: number, parkedSince: Ms, limit: number): Promise<AlertHealth>;
}

/** What a store knows of itself; each part only where it means something. */
export interface StoreHealth {
  /** The file of the database, where it is one. */
  readonly file?: string;
  /** Reads every page of the file away from the main thread. Resolves to what is wrong with it; empty: nothing. */
  quickCheck?(): Promise<string[]>;
  /** Calls `listener` for each error that says that the file is damaged or cannot be read. */
  onDamage?(listener: (error: Error) => void): void;
  /** How far the slowest standby is behind, in milliseconds; undefined where none is known. */
  replicationLagMs?(): Promise<Ms | undefined>;
}
