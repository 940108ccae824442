import { describe, expect, it } from 'vitest';
import type { ClaimedStage, Tx } from '../../store/store.js';
import { Effects } from '../commit/effects.js';
import { buildJobs } from './job.js';

const stage = (id: number, payload_bytes: number, more: Partial<ClaimedStage> = {}) =>
  ({
    id,
    pipeline_id: id,
    name: `join-${id}`,
    handler: 'join',
    dependency_count: 2,
    has_context: 1,
    payload_bytes,
    trace_id: 'a'.repeat(32),
    span_id: 'b'.repeat(16),
    trace_flags: 1,
    tracestate: null,
    ...more,
  }) as ClaimedStage;

describe('jobs', () => {
  it('read no output and no context that travels by reference, however many there are', async () => {
    const asked: [string, number[]][] = [];
    const rows = (what: string) => async (ids: number[]) => {
      asked.push([what, ids]);
      return [];
    };
    const tx = {
      dependencyOutputs: rows('outputs'),
      dependencyNames: rows('names'),
      contextOf: rows('context'),
    } as Partial<Tx> as Tx;
    const group = { tx, now: 0, effects: new Effects(0), isDataFailure: () => false };
    const delivered = [stage(1, 100), stage(2, 101), stage(3, 0, { dependency_count: 0 })].map((each) => ({
      stage: each,
      input: null,
    }));
    const jobs = await buildJobs(group, delivered, { jobPayloadBytes: 100 });
    expect(asked).toEqual([
      ['outputs', [1]],
      ['names', [2]],
      ['context', [1, 3]],
    ]);
    expect([...jobs.values()].map(({ payloadByReference = false }) => payloadByReference)).toEqual([false, true, false]);
  });
});
