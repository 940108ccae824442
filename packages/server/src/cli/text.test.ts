import { describe, expect, it } from 'vitest';
import { fitted, padded, plain, widthOf } from './text.js';

describe('words of others', () => {
  it('cannot drive the terminal, nor break the line', () => {
    expect(plain('a\u001b[2Jb\nc\td\u0007\u009b1m')).toBe('a\\u001b[2Jb\\nc\\td\\u0007\\u009b1m');
    expect(plain('exe.\u202etxt')).toBe('exe.\\u202etxt');
    expect(plain('Grüße, 世界 👩‍👩‍👧')).toBe('Grüße, 世界 👩‍👩‍👧');
  });

  it('take two columns where terminals draw them so', () => {
    expect([widthOf('abc'), widthOf('世界'), widthOf('👩‍👩‍👧'), widthOf('é'), widthOf('e\u0301')]).toEqual([3, 4, 2, 1, 1]);
    expect(padded('世', 4)).toBe('世  ');
    expect(padded('12', 4, 'right')).toBe('  12');
  });

  it('are cut to a width, never in the middle of a character', () => {
    expect(fitted('abcdef', 6)).toBe('abcdef');
    expect(fitted('abcdef', 5)).toBe('abcd…');
    expect(fitted('世界世界', 6)).toBe('世界…'); // five columns: the next would make seven
    expect(fitted('👩‍👩‍👧👩‍👩‍👧', 3)).toBe('👩‍👩‍👧…');
    expect([fitted('abc', 1), fitted('abc', 0)]).toEqual(['…', '']);
  });
});
