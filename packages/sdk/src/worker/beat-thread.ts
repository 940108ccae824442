import type { HeartbeatReply } from '@pipelogiq/protocol';
import type { ThreadTarget } from '../transport/transport.js';
import { BEAT_SOURCE, type BeatChange, type BeatSession, type BeatThreadData } from './beat-source.js';
import { deferred } from './timers.js';

/** A beat that was not answered with 2xx. */
export interface BeatFailure {
  /** Absent when there was no answer. */
  status?: number;
  code?: string;
  message: string;
  /** The session it was sent with. */
  sessionToken: string;
}

export interface BeatEvents {
  reply(reply: HeartbeatReply): void;
  failure(failure: BeatFailure): void;
}

export interface BeatThread {
  post(change: BeatChange): void;
  /** Resolves when its first beat has been answered, or has failed. */
  ready: Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts the thread that beats while handlers block the event loop.
 *
 * @param onDeath called once if it dies without being stopped
 * @throws when this runtime starts no threads
 */
export async function startBeatThread(
  target: ThreadTarget,
  path: string,
  session: BeatSession,
  events: BeatEvents,
  onDeath: (error: unknown) => void,
): Promise<BeatThread> {
  const { Worker } = await import('node:worker_threads'); // not in every runtime that bundles this
  const workerData: BeatThreadData = { url: target.url + path, headers: target.headers, session };
  // No loaders, inspectors or preloads of the program: they belong to its own code.
  const thread = new Worker(BEAT_SOURCE, { eval: true, workerData, execArgv: [], env: { ...process.env, NODE_OPTIONS: '' } });
  thread.unref();
  const { promise: ready, resolve: isReady } = deferred();
  let over = false;
  const die = (error: unknown) => {
    if (over) return;
    over = true;
    isReady();
    onDeath(error);
  };
  thread.on('message', (message: { reply?: HeartbeatReply; failure?: BeatFailure; ready?: true }) => {
    if (over) return;
    if (message.ready) isReady();
    if (message.reply) events.reply(message.reply);
    if (message.failure) events.failure(message.failure);
  });
  thread.on('error', die);
  thread.on('exit', (code) => die(new Error(`the heartbeat thread ended with code ${code}`)));
  return {
    ready,
    post: (change) => thread.postMessage(change),
    stop: async () => {
      over = true;
      await thread.terminate();
    },
  };
}
