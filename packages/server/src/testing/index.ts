import { type ControlPlane, type ControlPlaneOptions, openControlPlane } from '../control-plane.js';
import { ManualClock } from './manual-clock.js';

/** A real control plane with a clock that the test moves. */
export interface TestControlPlane extends ControlPlane {
  /** Epoch milliseconds by the test's clock. */
  now(): number;
  /** Moves time by `ms`: leases end, delays and backoffs come due, in order. Resolves when all that follows is committed. */
  advance(ms: number): Promise<void>;
  /** Sets the time by `ms` at once, as if the process had been stopped or the clock been set. */
  jump(ms: number): Promise<void>;
}

export interface TestOptions extends Omit<ControlPlaneOptions, 'clock'> {
  /** Start of time, epoch milliseconds; default 2030-01-01. */
  now?: number;
  /** Seed of ids and jitter; default 1. */
  seed?: number;
}

/**
 * The real server in memory, with time under control: no port, no file, nothing mocked.
 *
 * @example
 * const controlPlane = await createTestControlPlane();
 * const pipelogiq = new Pipelogiq(controlPlane.connection());
 * await controlPlane.advance(60_000); // every lease without a heartbeat has ended
 * await controlPlane.close();
 */
export async function createTestControlPlane({ now, seed, ...options }: TestOptions = {}): Promise<TestControlPlane> {
  const clock = new ManualClock({ ...(now === undefined ? {} : { now }), ...(seed === undefined ? {} : { seed }) });
  const defaults = { database: ':memory:', logLevel: 'silent', env: {}, alertGatherMs: 0 } as const; // nothing waits for the clock unasked
  const controlPlane = await openControlPlane({ ...defaults, ...options, clock });
  const settle = async (): Promise<void> => {
    // What a timer set off is queued at once; what its commit sets off is queued one turn later.
    for (let turn = 0; turn < 2; turn++) {
      await new Promise(setImmediate);
      await controlPlane.idle();
    }
  };
  return Object.assign(controlPlane, {
    now: () => clock.now(),
    advance: (ms: number) => clock.advance(ms, settle),
    jump: async (ms: number) => {
      clock.jump(ms);
      await settle();
    },
  });
}
