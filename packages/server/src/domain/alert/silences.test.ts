import { describe, expect, it } from 'vitest';
import { isSilenced, joined, type Labels, type Silence } from './silences.js';

const about = (match: Labels): Silence => ({ applicationId: 1, match });
const rowOf = (labels: Labels, untold: string | null = '{}') =>
  ({ application_id: 1, labels: JSON.stringify(labels), untold }) as Parameters<typeof joined>[0];

/** An incident of these events, one after the other; whether a silence that is made then is about it. */
function isKept(events: readonly Labels[], match: Labels): boolean {
  const [first = {}, ...rest] = events;
  let row = rowOf(first);
  for (const event of rest) row = rowOf(event, joined(row, event, [])?.untold ?? null);
  return isSilenced(row, JSON.parse(row.labels) as Labels, [about(match)]);
}

describe('a silence that is made after several events', () => {
  const several = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => ({ pipeline: name, event: 'pipeline_failed' }));

  it('is about an incident when it is about each of them', () => {
    expect(isKept([{ pipeline: 'load-a' }, { pipeline: 'load-b' }, { pipeline: 'load-a' }], { pipeline: 'load-*' })).toBe(true);
    expect(isKept([{ pipeline: 'load-a' }, { pipeline: 'other' }, { pipeline: 'load-a' }], { pipeline: 'load-*' })).toBe(false);
  });

  it('is not when one of them lacks the label, whichever', () => {
    expect(isKept([{ pipeline: 'a' }, {}, { pipeline: 'a' }], { pipeline: '*' })).toBe(false);
    expect(isKept([{}, { pipeline: 'a' }, { pipeline: 'a' }], { pipeline: '*' })).toBe(false);
  });

  it('is about none in a label of more values than are kept, and goes by the others', () => {
    expect(isKept(several.slice(0, 5), { pipeline: '*' })).toBe(true);
    expect(isKept(several, { pipeline: '*' })).toBe(false);
    expect(isKept(several, { event: 'pipeline_failed' })).toBe(true);
  });
});

describe('an event that joins an incident', () => {
  const silences = [about({ pipeline: 'quiet' })];

  it('changes nothing of what it has to say, or has said, when it is silenced', () => {
    expect(joined(rowOf({ pipeline: 'loud' }), { pipeline: 'quiet' }, silences)).toBeUndefined();
    expect(joined(rowOf({ pipeline: 'loud' }, null), { pipeline: 'quiet' }, silences)).toBeUndefined();
  });

  it('is all that it has to say when the rest was told or is silenced', () => {
    expect(joined(rowOf({ pipeline: 'quiet' }), { pipeline: 'loud' }, silences)).toEqual({ untold: '{}' });
    expect(joined(rowOf({ pipeline: 'other' }, null), { pipeline: 'loud' }, silences)).toEqual({ untold: '{}' });
  });

  it('is not silenced by another application', () => {
    const elsewhere = [{ applicationId: 2, match: { pipeline: 'quiet' } }];
    expect(joined(rowOf({ pipeline: 'loud' }), { pipeline: 'quiet' }, elsewhere)).toEqual({
      untold: JSON.stringify({ pipeline: ['loud', 'quiet'] }),
    });
  });
});
