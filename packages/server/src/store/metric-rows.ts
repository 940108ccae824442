import type { WorkerState } from '@pipelogiq/protocol';
import type { Ms } from './rows.js';

/** A handler of an application. */
export interface HandlerKey {
  application_id: number;
  handler: string;
}

/** Stages of a handler that can be leased now, by the sign of their priority. */
export interface QueueDepth extends HandlerKey {
  high: number;
  normal: number;
  low: number;
}

/** Stages of an application that can be leased now. */
export type ReadyStages = Omit<QueueDepth, 'handler'>;

export interface RunningStages extends HandlerKey {
  stages: number;
}

export interface WorkerGroup {
  application_id: number;
  pool: string;
  state: WorkerState | 'offline';
  workers: number;
  /** Jobs that they last said they had. */
  in_flight: number;
  /** Of those among them that said how many jobs they run at once: these, and the jobs that they have. */
  slots: number;
  slots_used: number;
}

/** What metrics show of all applications together. */
export interface MetricReads {
  /** Of all handlers that have any, in order; undefined when more than `limit` stages can be leased. */
  allQueueDepths(limit: number): Promise<QueueDepth[] | undefined>;
  /** Counts to `limit` for each handler and priority. */
  queueDepths(handlers: readonly HandlerKey[], limit: number): Promise<QueueDepth[]>;
  /** Of the first `limit` stages that can be leased now, whatever their handlers. */
  readyStages(limit: number): Promise<ReadyStages[]>;
  /** Of the first `limit` stages that run. */
  runningStages(limit: number): Promise<RunningStages[]>;
  /** Of the newest `limit` workers. Who was last seen before `liveSince` and did not stop is offline. */
  workerGroups(liveSince: Ms, limit: number): Promise<WorkerGroup[]>;
  databaseBytes(): Promise<number>;
}

/** Connections of a server to its database. */
export interface PoolFigures {
  pool: 'writers' | 'readers';
  max: number;
  used: number;
  idle: number;
  /** Requests that wait for a connection. */
  waiting: number;
}

/** What a store can tell of itself without asking the database; each part only where it means something. */
export interface StoreFigures {
  /** Of the log of changes beside the file. */
  walBytes?(): Promise<number>;
  pools?(): PoolFigures[];
}

/** Told how long each statement took; its text has placeholders and no values. */
export type OnQuery = (connection: 'writer' | 'reader', durationMs: number, text: string) => void;
