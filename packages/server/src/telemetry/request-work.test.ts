import { setImmediate as turn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { ManualClock } from '../testing/manual-clock.js';
import { RequestWork } from './request-work.js';

it('tells each request what it did itself, and nothing outside of one', async () => {
  const work = new RequestWork(new ManualClock());
  const request = (text: string) =>
    work.during(async () => {
      await turn();
      work.queried(2, text);
      await turn();
      return work.sofar().map((done) => done.text);
    });
  expect(await Promise.all([request('select 1'), request('select 2')])).toEqual([['select 1'], ['select 2']]);
  work.queried(1, 'select 3');
  expect(work.sofar()).toEqual([]);
});

// Seen to fail when the work ran in the context of the request that began it.
it('gives what is done apart to nobody, and the wait for it to who waits', async () => {
  const work = new RequestWork(new ManualClock());
  let commit: Promise<void> = Promise.resolve();
  const first = work.during(async () => {
    work.apart(() => {
      commit = turn().then(() => work.queried(1, 'insert'));
    });
    await work.awaiting(commit);
    return work.sofar().map(({ kind, text }) => text ?? kind);
  });
  const second = work.during(async () => {
    await work.awaiting(commit);
    return work.sofar().map(({ kind, text }) => text ?? kind);
  });
  expect(await Promise.all([first, second])).toEqual([['commit'], ['commit']]);
});

it('notes a bounded number, and passes failures on', async () => {
  const work = new RequestWork(new ManualClock());
  const noted = await work.during(async () => {
    for (let count = 0; count < 1_000; count++) work.queried(1, 'select');
    await expect(work.awaiting(Promise.reject(new Error('no')))).rejects.toThrow('no');
    return work.sofar().length;
  });
  expect(noted).toBe(64);
});
