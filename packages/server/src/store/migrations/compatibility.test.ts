import { describe, expect, it } from 'vitest';
import { decideCourse } from './compatibility.js';

const known = ['0001-foundation', '0002-events', '0004-operate'];

describe('a server that opens a database', () => {
  it('migrates one that is empty, older, or as new as itself', () => {
    for (const applied of [[], known.slice(0, 1), known]) expect(decideCourse(known, applied, 1)).toEqual({ kind: 'migrate' });
  });

  it('runs on a newer one that still keeps what it uses', () => {
    for (const min of [1, 4]) expect(decideCourse(known, [...known, '0005-more'], min)).toEqual({ kind: 'run' });
  });

  it('refuses one from which a newer version has taken what it uses, in words', () => {
    expect(decideCourse(known, [...known, '0005-less'], 5)).toEqual({
      kind: 'refuse',
      why: 'the database was written by a newer version of Pipelogiq: it needs schema 5 or newer, and this version knows 4; start that version, or restore a backup',
    });
  });

  it('refuses one that does not say what it needs', () => {
    expect(decideCourse(known, [...known, '0005-more'], undefined)).toMatchObject({ kind: 'refuse' });
  });

  it('refuses one of another line of versions, and names what is missing', () => {
    expect(decideCourse(known, ['0001-foundation', '0003-other'], 1)).toMatchObject({
      kind: 'refuse',
      why: expect.stringContaining('it lacks 0002-events, 0004-operate'),
    });
  });
});
