import type { Session } from 'node:inspector/promises';
import type { Clock } from '../clock.js';

/** What a profile tells: where the time goes, or what holds the memory. */
export type ProfileKind = 'cpu' | 'heap';

/** Bytes between two samples of the heap. */
const HEAP_INTERVAL = 32_768;

/**
 * Profiles of this process through V8's own inspector, one at a time: two would count each other. Both sample, so the server goes on
 * meanwhile; neither holds users' data, only names of functions and files.
 */
export class Profiler {
  readonly #clock: Pick<Clock, 'setTimer'>;
  #end: (() => void) | undefined;
  #stopped = false;

  constructor(clock: Pick<Clock, 'setTimer'>) {
    this.#clock = clock;
  }

  /**
   * Resolves to the JSON of a `.cpuprofile` or a `.heapprofile`, after `ms` or sooner when `signal` aborts or `stop` is called.
   * @throws Error while another is taken
   */
  async take(kind: ProfileKind, ms: number, signal: AbortSignal): Promise<string> {
    if (this.#end) throw new Error('a profile is being taken already');
    let end = (): void => {};
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    this.#end = end;
    const timer = this.#clock.setTimer(end, ms);
    signal.addEventListener('abort', end, { once: true });
    if (signal.aborted || this.#stopped) end();
    try {
      const { Session } = await import('node:inspector/promises');
      const session = new Session();
      session.connect();
      try {
        return JSON.stringify(await (kind === 'cpu' ? cpu(session, ended) : heap(session, ended)));
      } finally {
        session.disconnect();
      }
    } finally {
      timer.cancel();
      signal.removeEventListener('abort', end);
      this.#end = undefined;
    }
  }

  /** Ends the profile under way, whose caller gets what there is, and those that are still to come. */
  stop(): void {
    this.#stopped = true;
    this.#end?.();
  }
}

async function cpu(session: Session, ended: Promise<void>): Promise<object> {
  await session.post('Profiler.enable');
  await session.post('Profiler.start');
  await ended;
  const { profile } = await session.post('Profiler.stop');
  await session.post('Profiler.disable');
  return profile;
}

async function heap(session: Session, ended: Promise<void>): Promise<object> {
  await session.post('HeapProfiler.enable');
  await session.post('HeapProfiler.startSampling', { samplingInterval: HEAP_INTERVAL });
  await ended;
  const { profile } = await session.post('HeapProfiler.stopSampling');
  await session.post('HeapProfiler.disable');
  return profile;
}
