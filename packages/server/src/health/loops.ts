import type { Config } from '../config.js';
import type { LoopState } from '../loops/loop.js';
import { type Finding, Findings } from './finding.js';
import { ownWords, wordsFor } from './words.js';

/** Background work: what it did last, what fails, what does not come back. */
export function checkLoops(states: readonly LoopState[], { stuckAfterMs }: Pick<Config, 'stuckAfterMs'>, now: number): Finding {
  const findings = new Findings();
  const failing = new Map<string, LoopState[]>(); // a database that is away fails them all: one issue, not ten
  for (const state of states) {
    const { name, runningSince, mayTakeMs = stuckAfterMs, failures, lastError } = state;
    if (runningSince !== undefined && now - runningSince >= mayTakeMs) {
      findings.add('degraded', `The loop ${name} is stuck: it has been under way for more than ${mayTakeMs} ms.`);
    }
    if (failures > 0) failing.set(wordsFor(lastError), [...(failing.get(wordsFor(lastError)) ?? []), state]);
  }
  for (const [words, loops] of failing) {
    const names = loops.map(({ name }) => name).join(', ');
    const one = loops.length === 1;
    findings.add(
      'degraded',
      `The ${one ? 'loop' : 'loops'} ${names} ${one ? 'fails' : 'fail'}: ${words}.`,
      ownWords(loops[0]?.lastError),
    );
  }
  return findings.with({ loops: Object.fromEntries(states.map((state) => [state.name, figuresOf(state, now)])) });
}

const figuresOf = ({ everyMs, lastRun, runningSince, failures }: LoopState, now: number) => ({
  every_ms: everyMs,
  last_run: lastRun ? new Date(lastRun.startedAt).toISOString() : null,
  ...(lastRun && { last_duration_ms: lastRun.durationMs }),
  ...(runningSince !== undefined && { running_for_ms: now - runningSince }),
  failures,
});
