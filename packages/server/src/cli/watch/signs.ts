import type { Clock } from '../../clock.js';
import type { Screen } from './screen.js';

/** Silence before the first sign; each further one takes twice as long, up to the longest. */
const FIRST_MS = 5_000;
const LONGEST_MS = 60_000;

/**
 * A screen that gives a sign of life while nothing happens. Who looks at a log knows that it goes on; and a pipe whose reader is gone is
 * found out by writing alone.
 */
export function withSigns(screen: Screen, clock: Pick<Clock, 'setTimer'>): Screen {
  let timer: { cancel(): void } | undefined;
  const after = (silenceMs: number) => {
    timer?.cancel();
    timer = clock.setTimer(() => {
      screen.silence();
      after(Math.min(silenceMs * 2, LONGEST_MS));
    }, silenceMs);
  };
  const shown =
    <Args extends unknown[]>(show: (...args: Args) => void) =>
    (...args: Args) => {
      show(...args);
      after(FIRST_MS);
    };
  return {
    ...screen,
    state: shown(screen.state),
    event: shown(screen.event),
    log: shown(screen.log),
    note: shown(screen.note),
    close() {
      timer?.cancel();
      screen.close();
    },
  };
}
