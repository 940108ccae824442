import { expect, it } from 'vitest';
import type { ErrorGroupRow, Tx } from '../../store/store.js';
import { foldFailures, type StoredFailure } from './failures.js';

const failure = (at: number, count = 1): StoredFailure => ({
  applicationId: 1,
  fingerprint: `f${at}`,
  handler: 'h',
  code: 'c',
  message: `m${at}`,
  count,
  dead: 0,
  examples: [at],
});

// Seen to fail without the bound: 2,501 groups are written.
it('tells apart what failed most when one fold has thousands of groups, and counts the rest as other', async () => {
  const put: ErrorGroupRow[] = [];
  const tx = {
    errorGroups: async () => [],
    allocateIds: async (_: string, count: number) => Array.from({ length: count }, (_id, at) => at + 1),
    putErrorGroups: async (rows: ErrorGroupRow[]) => void put.push(...rows),
    trimErrorGroups: async () => {},
  } as unknown as Tx;
  const rare = Array.from({ length: 2_500 }, (_, at) => failure(at));
  const deltas = [rare, [failure(9_999, 7)]].map((failures, at) => ({ written_at: at, failures: JSON.stringify(failures) }));
  await foldFailures({ tx }, deltas, 1_000);
  expect(put).toHaveLength(2_001);
  expect(put.find(({ fingerprint }) => fingerprint === 'f9999')).toMatchObject({ count: 7 });
  expect(put.find(({ message }) => message === '(other)')).toMatchObject({ count: 501, handler: 'h', code: '(other)' });
  expect(put.reduce((sum, { count }) => sum + count, 0)).toBe(2_507);
});
