import { describe, expect, it } from 'vitest';
import { figureLines, figuresOf } from '../../scripts/demo/figures.mjs';
import { progressOn } from '../../scripts/demo/progress.mjs';
import { duration, waterfall } from '../../scripts/demo/waterfall.mjs';

const attempt = (readyOffsetMs: number, queueWaitMs: number, runMs: number, outcome?: string, errorCode?: string) => ({
  readyOffsetMs,
  queueWaitMs,
  runOffsetMs: readyOffsetMs + queueWaitMs,
  runMs,
  ...(outcome ? { outcome } : {}),
  ...(errorCode ? { errorCode } : {}),
});

const trace = {
  durationMs: 1_000,
  stages: [
    { name: 'fetch', attempts: [attempt(0, 100, 100, 'failed', 'busy'), attempt(500, 0, 250, 'completed')] },
    { name: 'report', attempts: [attempt(750, 50, 200, 'completed')] },
    { name: 'blocked', attempts: [] },
  ],
};

describe('the waterfall of the demo', () => {
  it('draws one line for each attempt, with waiting, running and failing apart', () => {
    const [first, second, third] = waterfall(trace, 84);
    expect(first).toMatch(/^fetch #1 \|\.+x+ +\| waited 100 ms, ran 100 ms, busy$/);
    expect(second).toMatch(/^fetch #2 \| +=+ +\| waited under 1 ms, ran 250 ms$/);
    expect(third).toMatch(/^report {3}\| +\.*=+ *\| waited 50 ms, ran 200 ms$/);
    expect(waterfall(trace, 84)).toHaveLength(3);
  });

  it('keeps all bars in line, and to the width', () => {
    const lines = waterfall(trace, 90);
    expect(new Set(lines.map((line: string) => line.lastIndexOf('|'))).size).toBe(1);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(90);
  });

  it('shows an attempt that ended at once, or that still runs', () => {
    const short = { durationMs: 0, stages: [{ name: 'a', attempts: [attempt(0, 0, 0)] }] };
    expect(waterfall(short, 60)[0]).toMatch(/^a \|> +\|/);
  });

  it('has nothing to draw for a pipeline that no worker has touched', () => {
    expect(waterfall({ durationMs: 5, stages: [] })).toEqual([]);
  });
});

describe('the figures of the demo', () => {
  it('are taken from all attempts', () => {
    expect(figuresOf(trace)).toEqual({
      createToLeaseMs: 100,
      totalMs: 1_000,
      queueWaitP50Ms: 50,
      queueWaitMaxMs: 100,
      runMs: { fetch: 350, report: 200, blocked: 0 },
      attempts: 3,
    });
    expect(figureLines(trace).join('\n')).toContain('fetch 350 ms, report 200 ms');
  });

  it('are written with a unit that fits', () => {
    expect([0, 0.44, 9, 9.96, 105.4, 1_840].map(duration)).toEqual([
      'under 1 ms',
      '0.4 ms',
      '9 ms',
      '10.0 ms',
      '105 ms',
      '1.84 s',
    ]);
  });
});

describe('the progress of the demo', () => {
  const stage = (status: string, attempts = 0) => ({ name: 'fetch', status, attempts });
  const written = (isTTY: boolean, ...states: ReturnType<typeof stage>[]) => {
    let text = '';
    const progress = progressOn({ isTTY, columns: 80, write: (chunk: string) => (text += chunk) });
    for (const state of states) progress.show([state]);
    return text;
  };

  it('writes a line for each change when nobody watches a terminal', () => {
    const states = [stage('not_started'), stage('running', 1), stage('running', 1), stage('scheduled', 1), stage('completed', 2)];
    const lines = written(false, ...states)
      .trimEnd()
      .split('\n');
    expect(lines).toHaveLength(3);
    expect(lines[1]).toContain('attempt 1, tries again soon');
    expect(lines[2]).toContain('completed (attempt 2)');
  });

  it('counts the attempt that runs', () => {
    const [first, , third] = written(false, stage('running', 0), stage('scheduled', 1), stage('running', 1)).split('\n');
    expect(first).toMatch(/running$/);
    expect(third).toMatch(/running \(attempt 2\)$/);
  });

  it('paints over its lines on a terminal', () => {
    const [first, second] = written(true, stage('running'), stage('completed')).split('\n');
    expect([first, second]).toEqual([expect.stringContaining('running'), expect.stringMatching(/\[1A.*completed/)]);
  });
});
