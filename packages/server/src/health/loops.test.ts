import { expect, it } from 'vitest';
import type { LoopState } from '../loops/loop.js';
import { checkLoops } from './loops.js';

const aLoop = (name: string, state: Partial<LoopState> = {}): LoopState => ({ name, everyMs: 1_000, failures: 0, ...state });
const full = Object.assign(new Error('database or disk is full'), { code: 'SQLITE_FULL' });

it('names loops that fail, once for what they have in common', () => {
  const wrapped = new Error('The database cannot be used now.', { cause: full });
  const states = [
    aLoop('a', { failures: 3, lastError: full }),
    aLoop('b', { failures: 1, lastError: wrapped }),
    aLoop('c', { failures: 1, lastError: new Error('no such thing at /srv/data') }),
    aLoop('d', { lastRun: { startedAt: 0, durationMs: 7 } }),
  ];
  const found = checkLoops(states, { stuckAfterMs: 4_000 }, 9_000);
  expect(found.status).toBe('degraded');
  expect(found.issues).toEqual([
    'The loops a, b fail: the disk is full.',
    'The loop c fails: of an error that stands in the log.',
  ]);
  expect(found.details).toEqual(['database or disk is full', 'no such thing at /srv/data']);
  expect(found.loops).toMatchObject({
    a: { failures: 3, last_run: null },
    d: { failures: 0, last_run: '1970-01-01T00:00:00.000Z', last_duration_ms: 7 },
  });
});

it('counts a run as stuck from its limit on, and gives longer to loops that may take longer', () => {
  const states = [aLoop('a', { runningSince: 5_000 }), aLoop('check', { runningSince: 0, mayTakeMs: 60_000 })];
  const issuesAt = (now: number) => checkLoops(states, { stuckAfterMs: 4_000 }, now).issues;
  expect(issuesAt(8_999)).toEqual([]);
  expect(issuesAt(9_000)).toEqual(['The loop a is stuck: it has been under way for more than 4000 ms.']);
  expect(issuesAt(60_000)).toHaveLength(2);
});
