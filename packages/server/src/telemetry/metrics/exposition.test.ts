import { expect, it } from 'vitest';
import { expositionIn } from './exposition.js';
import { Registry } from './registry.js';

// Seen to fail when the memory of a scrape was used again before it was given back.
it('writes a scrape into the memory of one before only when that was given back', () => {
  const registry = new Registry();
  const counter = registry.counter('a_total', 'A.').of([]);
  const write = expositionIn('text');
  const scrape = (value: number) => {
    counter.value = value;
    return write(registry.families);
  };
  const textOf = ({ bytes }: ReturnType<typeof write>) => Buffer.from(bytes).toString();
  const [first, second] = [scrape(1), scrape(2)];
  expect([textOf(first), textOf(second)].map((text) => text.split('\n')[2])).toEqual(['a_total 1', 'a_total 2']);
  first.release();
  const third = scrape(3);
  expect(third.bytes.buffer).toBe(first.bytes.buffer);
  expect([textOf(second), textOf(third)].map((text) => text.split('\n')[2])).toEqual(['a_total 2', 'a_total 3']);
});
