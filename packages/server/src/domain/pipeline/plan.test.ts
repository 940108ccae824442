import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { planPipeline } from './plan.js';

/** The trace id of a pipeline that is planned at `now`, its random part given. */
function traceIdAt(now: number, random = randomBytes(16).toString('hex'), traceparent?: string): string {
  const clock = { now: () => now, randomHex: (bytes: number) => random.slice(0, bytes * 2) };
  const request = { name: 'order', stages: [{ name: 'charge' }], ...(traceparent !== undefined && { traceparent }) };
  return planPipeline({ clock, maxValueBytes: 1_000, sampler: () => 1 }, 1, request).pipeline.trace_id;
}

describe('a new trace id', () => {
  it('is in the order of time, to the millisecond, so that ids of one time lie side by side in the index', () => {
    const start = Date.parse('2026-01-31T23:59:58.500Z');
    const ids = Array.from({ length: 3_000 }, (_, ms) => traceIdAt(start + ms));
    expect(ids).toEqual(ids.toSorted());
    expect(new Set(ids.map((id) => id.slice(0, 12))).size).toBe(ids.length);
  });

  it('begins with the seconds since the epoch and ends with random bits, at least the 56 of W3C Trace Context Level 2', () => {
    const id = traceIdAt(Date.parse('2026-01-31T23:59:58.999Z'), 'ab'.repeat(16));
    expect(id).toMatch(/^[0-9a-f]{32}$/);
    expect(Number.parseInt(id.slice(0, 8), 16)).toBe(Date.parse('2026-01-31T23:59:58Z') / 1_000);
    expect(id.slice(12)).toBe('ab'.repeat(10));
  });

  it('is not made where the caller has a trace', () => {
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
    expect(traceIdAt(Date.now(), undefined, `00-${traceId}-00f067aa0ba902b7-01`)).toBe(traceId);
  });
});
