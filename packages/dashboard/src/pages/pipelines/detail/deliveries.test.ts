import { expect, it } from 'vitest';
import { beginnings } from './deliveries.js';

const line = (id: string, stageId: string, fencingToken: number) => ({ id, stageId, fencingToken });

it('finds where another delivery of a stage begins, also between lines of others', () => {
  const lines = [
    line('a', '1', 7),
    line('b', '1', 7),
    line('c', '2', 1),
    line('d', '1', 9),
    line('e', '2', 1),
    line('f', '1', 9),
  ];
  expect([...beginnings(lines)]).toEqual([
    ['a', 1],
    ['d', 2],
  ]);
});

it('finds none where all is of one delivery', () => {
  expect(beginnings([line('a', '1', 3), line('b', '2', 1), line('c', '1', 3)]).size).toBe(0);
});

it('numbers a line that arrived late by its own delivery', () => {
  const lines = [line('a', '1', 1), line('b', '1', 2), line('c', '1', 1)];
  expect([...beginnings(lines).values()]).toEqual([1, 2, 1]);
});
