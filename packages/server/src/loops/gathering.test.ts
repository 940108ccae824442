import { describe, expect, it } from 'vitest';
import { ManualClock } from '../testing/manual-clock.js';
import { Gathering } from './gathering.js';

const settled = () => new Promise<void>(setImmediate);

function noted(gathering: Gathering, names: string[], name: string): Promise<void> {
  return gathering.wait().then(() => {
    names.push(name);
  });
}

describe('a gathering', () => {
  it('lets all go on together, so long after the first; who comes later waits for the next', async () => {
    const clock = new ManualClock();
    const gathering = new Gathering(clock, 20);
    const gone: string[] = [];
    const first = noted(gathering, gone, 'first');
    await clock.advance(15, settled);
    const second = noted(gathering, gone, 'second');
    await clock.advance(4, settled);
    expect(gone).toEqual([]);
    await clock.advance(1, settled);
    await Promise.all([first, second]);
    const third = noted(gathering, gone, 'third');
    await clock.advance(19, settled);
    expect(gone).toEqual(['first', 'second']);
    await clock.advance(1, settled);
    await third;
  });

  it('keeps nobody when it ends, nor after that', async () => {
    const gathering = new Gathering(new ManualClock(), 20);
    const waiting = gathering.wait();
    gathering.end();
    await waiting;
    await gathering.wait();
  });

  it('of no time keeps nobody', async () => {
    await new Gathering(new ManualClock(), 0).wait();
  });
});
