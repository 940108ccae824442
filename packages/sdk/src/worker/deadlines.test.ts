import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Deadlines, type WithDeadline } from './deadlines.js';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
afterEach(() => void vi.useRealTimers());

function watching() {
  const running = new Set<WithDeadline & { name: string }>();
  const due: string[] = [];
  const deadlines = new Deadlines(running, ({ name }) => due.push(name));
  const start = (name: string, inMs: number) => {
    const item = { name, deadline: performance.now() + inMs };
    running.add(item);
    deadlines.watch(item);
    return item;
  };
  return { running, due, start };
}

describe('deadlines', () => {
  it('come due in order, whatever the order in which their jobs started', () => {
    const { due, start, running } = watching();
    const late = start('late', 300);
    const early = start('early', 100);
    vi.advanceTimersByTime(100);
    expect(due).toEqual(['early']);
    running.delete(early);
    vi.advanceTimersByTime(200);
    expect(due).toEqual(['early', 'late']);
    running.delete(late);
  });

  it('of jobs that ended in time never come due', () => {
    const { due, start, running } = watching();
    running.delete(start('done', 100));
    start('slow', 200);
    vi.advanceTimersByTime(150);
    expect(due).toEqual([]);
    vi.advanceTimersByTime(50);
    expect(due).toEqual(['slow']);
  });

  it('may lie further ahead than a timer can wait', () => {
    const { due, start } = watching();
    start('far', 2 ** 31 + 1_000);
    vi.advanceTimersByTime(2 ** 31);
    expect(due).toEqual([]);
    vi.advanceTimersByTime(1_000);
    expect(due).toEqual(['far']);
  });
});
