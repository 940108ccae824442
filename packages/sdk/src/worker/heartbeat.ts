import { type JobRef, ROUTES, type WorkerSession, type WorkerState } from '@pipelogiq/protocol';
import type { Transport } from '../transport/transport.js';
import { type BeatContent, LocalBeats } from './beat-local.js';
import type { BeatChange, BeatSession } from './beat-source.js';
import { type BeatEvents, type BeatThread, startBeatThread } from './beat-thread.js';
import { coalesced, within } from './timers.js';

export interface HeartbeatDeps {
  transport: Transport;
  /** The jobs that beats must name: the truth, of which the thread keeps a copy. */
  jobs(): Iterable<JobRef>;
  /** Totals for the next beat. */
  totals(): { processed: number; failed: number; lastError?: string };
  events: BeatEvents;
  warn(message: string): void;
}

/** Milliseconds that the start of a worker waits for its heartbeat thread. */
const READY_MS = 2_000;

/**
 * Keeps the leases of the jobs in flight.
 *
 * Modes: `off` → `thread` or `local` → `off`. `start` prefers a thread, which goes on beating while a handler blocks the
 * event loop; with an injected `fetch` or dispatcher, which no thread can use, it beats locally. A thread that cannot
 * start, or dies, is replaced by local beats for good, with one warning. The thread is told of each change to the jobs,
 * additions before any handler starts.
 */
export class Heartbeat {
  readonly #deps: HeartbeatDeps;
  #removed: string[] = [];
  #state: WorkerState = 'running';
  #session: BeatSession | undefined;
  #thread: BeatThread | undefined;
  #local: LocalBeats | undefined;
  readonly #postSoon: () => void;

  constructor(deps: HeartbeatDeps) {
    this.#deps = deps;
    this.#postSoon = coalesced(() => this.#post({}));
  }

  async start(worker: WorkerSession): Promise<void> {
    const session = beatSession(worker);
    this.#session = session;
    const target = this.#deps.transport.threadTarget;
    if (!target) return this.#beatLocally(session);
    const onDeath = (error: unknown) => this.#fallBack(error);
    try {
      this.#thread = await startBeatThread(target, ROUTES.workersHeartbeat, session, this.#deps.events, onDeath);
      await within(this.#thread.ready, READY_MS); // a handler that blocks at once must find it beating
    } catch (error) {
      this.#fallBack(error);
    }
  }

  /** @param refs JSON texts of job references */
  add(refs: readonly string[]): void {
    if (refs.length > 0) this.#post({ add: refs.join('\n') });
  }

  remove(ref: string): void {
    this.#removed.push(ref);
    this.#postSoon();
  }

  /** Tells the server at once. */
  setState(state: WorkerState): void {
    this.#state = state;
    this.#post({ now: true });
    this.#local?.now();
  }

  renewed(worker: WorkerSession): void {
    const session = beatSession(worker);
    this.#session = session;
    this.#post({ session });
    if (this.#local) this.#local.session = session;
  }

  async stop(): Promise<void> {
    await this.#thread?.stop();
    await this.#local?.stop();
    this.#thread = undefined;
    this.#local = undefined;
    this.#session = undefined;
  }

  #post(change: BeatChange): void {
    const remove = this.#removed.join('\n');
    this.#removed = [];
    this.#thread?.post({ ...change, remove, report: { ...this.#deps.totals(), state: this.#state } });
  }

  #fallBack(error: unknown): void {
    this.#thread = undefined;
    if (!this.#session) return;
    const why = error instanceof Error ? error.message : String(error);
    this.#deps.warn(`heartbeats run on the main thread, so a handler that blocks it may lose its lease: ${why}`);
    this.#beatLocally(this.#session);
  }

  #beatLocally(session: BeatSession): void {
    this.#local = new LocalBeats(this.#deps.transport, session, () => this.#content(), this.#deps.events);
  }

  #content(): BeatContent {
    const jobs = [...this.#deps.jobs()];
    return { ...this.#deps.totals(), state: this.#state, jobs, inFlight: jobs.length };
  }
}

const beatSession = ({ workerId, sessionToken, heartbeatIntervalMs }: WorkerSession): BeatSession => ({
  workerId,
  sessionToken,
  intervalMs: heartbeatIntervalMs,
});
