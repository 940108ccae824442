import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { DEFAULTS, type Json, LIMITS, type WorkerBootstrap } from '@pipelogiq/protocol';
import { didYouMean } from '../client/did-you-mean.js';
import { ConfigurationError } from '../errors.js';
import type { AnyHandler } from '../handler.js';
import { SDK_VERSION } from '../version.js';

/** What a worker runs and how. Durations in milliseconds. */
export interface WorkerOptions {
  /** The handlers of this worker; it is given stages of these only. */
  handlers: readonly AnyHandler[];
  /** Handlers that run at the same time; default 10. */
  concurrency?: number;
  /**
   * Jobs pulled ahead of a free slot, under lease; default 0. With short handlers a prefetch of about `concurrency` keeps
   * the slots busy while the next pull travels.
   */
  prefetch?: number;
  /** Shown in lists; default: the host name. */
  name?: string;
  /** The same instance id gives the same worker id, also after a restart; default: a new one for each `Worker`. */
  instanceId?: string;
  /** Group of workers; default `default`. */
  pool?: string;
  environment?: string;
  /** Version of your code. */
  version?: string;
  metadata?: { [key: string]: Json };
  /** How long running handlers may take to finish when the worker stops; default 30,000. */
  drainTimeoutMs?: number;
  /** How long one pull waits for work; default 30,000, which is the most. */
  waitMs?: number;
  /** Drain on SIGTERM and SIGINT; a second signal gives back at once what still runs. Default true. */
  signals?: boolean;
}

export type ResolvedOptions = Required<Omit<WorkerOptions, 'environment' | 'version' | 'metadata'>> & {
  registration: WorkerBootstrap;
  handlersByName: ReadonlyMap<string, AnyHandler>;
};

const WORKER_DEFAULTS = {
  concurrency: DEFAULTS.concurrency,
  prefetch: DEFAULTS.prefetch,
  pool: DEFAULTS.pool,
  drainTimeoutMs: 30_000,
  waitMs: LIMITS.waitMs,
  signals: true,
} as const satisfies Partial<WorkerOptions>;

/** Both together stay below the number of jobs that one heartbeat may name. */
const MOST_JOBS = 5_000;

const KNOWN = [
  'handlers',
  'concurrency',
  'prefetch',
  'name',
  'instanceId',
  'pool',
  'environment',
  'version',
  'metadata',
  'drainTimeoutMs',
  'waitMs',
  'signals',
] as const satisfies (keyof WorkerOptions)[];

/** @throws ConfigurationError for unknown options, impossible values and handlers that share a name */
export function resolveOptions(options: WorkerOptions): ResolvedOptions {
  for (const key of Object.keys(options)) {
    if (!(KNOWN as readonly string[]).includes(key)) {
      throw new ConfigurationError(`There is no worker option "${key}".${didYouMean(key, KNOWN)}`);
    }
  }
  const given = Object.fromEntries(
    Object.entries(options).filter(([, value]) => value !== undefined),
  ) as unknown as WorkerOptions;
  const resolved = { ...WORKER_DEFAULTS, name: hostname(), instanceId: randomUUID(), ...given };
  checkInteger('concurrency', resolved.concurrency, 1, MOST_JOBS);
  checkInteger('prefetch', resolved.prefetch, 0, MOST_JOBS);
  checkInteger('drainTimeoutMs', resolved.drainTimeoutMs, 0, LIMITS.durationMs);
  checkInteger('waitMs', resolved.waitMs, 0, LIMITS.waitMs);
  return { ...resolved, handlersByName: byName(resolved.handlers), registration: registrationOf(resolved) };
}

function registrationOf(options: Omit<ResolvedOptions, 'registration' | 'handlersByName'> & WorkerOptions): WorkerBootstrap {
  const { handlers, concurrency, name, instanceId, pool, environment, version, metadata } = options;
  return {
    workerName: name,
    supportedHandlers: handlers.map((handler) => handler.name),
    instanceId,
    pool,
    sdkVersion: SDK_VERSION,
    hostName: hostname(),
    pid: process.pid,
    concurrency,
    ...(environment !== undefined && { environment }),
    ...(version !== undefined && { version }),
    ...(metadata !== undefined && { metadata }),
  };
}

function byName(handlers: readonly AnyHandler[]): Map<string, AnyHandler> {
  if (!Array.isArray(handlers) || handlers.length === 0) throw new ConfigurationError('A worker needs at least one handler.');
  if (handlers.length > LIMITS.handlersPerWorker) {
    throw new ConfigurationError(`A worker takes at most ${LIMITS.handlersPerWorker} handlers.`);
  }
  const named = new Map<string, AnyHandler>();
  for (const handler of handlers as readonly AnyHandler[]) {
    if (typeof handler?.run !== 'function') {
      const hint = 'give what declareHandler(…).handle(…) or defineHandler(…) returns';
      throw new ConfigurationError(`Handler "${String(handler?.name)}" has no code: ${hint}.`);
    }
    if (named.has(handler.name)) throw new ConfigurationError(`Two handlers are named "${handler.name}".`);
    named.set(handler.name, handler);
  }
  return named;
}

function checkInteger(name: string, value: number, min: number, max: number): void {
  if (Number.isInteger(value) && value >= min && value <= max) return;
  throw new ConfigurationError(`Worker option "${name}" must be a whole number from ${min} to ${max}, not ${String(value)}.`);
}
