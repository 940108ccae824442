import { beforeAll, describe, expect, it, vi } from 'vitest';
import { NODE } from './layout.js';
import { heightOf, viewportOf } from './place.js';

const CHAIN = { a: { x: 0, y: 0 }, b: { x: 264, y: 0 }, c: { x: 528, y: 0 } };

describe('where a graph stands at first', () => {
  beforeAll(() => {
    vi.stubGlobal('window', { innerHeight: 900 });
    return () => void vi.unstubAllGlobals();
  });

  it('is the middle of its box, in its own size, when there is room', () => {
    const width = 528 + NODE.width;
    expect(viewportOf(CHAIN, width + 200, undefined)).toEqual({ x: 100, y: (heightOf(CHAIN) - NODE.height) / 2, zoom: 1 });
  });

  it('is all of it, smaller, as long as it can be read', () => {
    const { x, zoom } = viewportOf(CHAIN, 600, undefined);
    expect(zoom).toBeCloseTo((600 - 32) / 736);
    expect(x).toBeCloseTo(16);
  });

  it('is the stage that one looks at first, on a phone', () => {
    expect(viewportOf(CHAIN, 358, 'c')).toMatchObject({ x: 16 - 528, zoom: 1 });
  });

  it('takes no more of a low window than a part', () => {
    vi.stubGlobal('window', { innerHeight: 240 });
    expect(heightOf(CHAIN)).toBe(180);
  });
});
