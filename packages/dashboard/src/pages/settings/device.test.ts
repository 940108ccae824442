import { expect, it } from 'vitest';
import { deviceOf } from './device.js';

const CHROME = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36';

it('names browsers as people do', () => {
  expect(deviceOf(CHROME)).toBe('Chrome on Linux');
  expect(deviceOf(`${CHROME} Edg/131.0.0.0`)).toBe('Edge on Linux');
  expect(
    deviceOf(
      'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 Version/18.1 Mobile/15E148 Safari/604.1',
    ),
  ).toBe('Safari on iPhone');
  expect(deviceOf('Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:132.0) Gecko/20100101 Firefox/132.0')).toBe('Firefox on Windows');
});

it('leaves what is no browser as it is, cut to a line', () => {
  expect(deviceOf('curl/8.5.0')).toBe('curl/8.5.0');
  expect(deviceOf('x'.repeat(200))).toHaveLength(40);
  expect(deviceOf(null)).toBe('Unknown');
});
