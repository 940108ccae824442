import { afterEach, expect, it, vi } from 'vitest';
import { standardOutput } from './output.js';

const { isTTY } = process.stdout;
afterEach(() => {
  process.stdout.isTTY = isTTY;
  vi.unstubAllEnvs();
});

it.each([
  { isTTY: true, NO_COLOR: undefined, TERM: 'xterm', hasColour: true },
  { isTTY: true, NO_COLOR: '', TERM: 'xterm', hasColour: true }, // https://no-color.org: when it is not empty
  { isTTY: true, NO_COLOR: '0', TERM: 'xterm', hasColour: false },
  { isTTY: true, NO_COLOR: '1', TERM: 'xterm', hasColour: false },
  { isTTY: true, NO_COLOR: undefined, TERM: 'dumb', hasColour: false },
  { isTTY: false, NO_COLOR: undefined, TERM: 'xterm', hasColour: false },
])('is coloured on a terminal, unless it or NO_COLOR says otherwise: $isTTY, $NO_COLOR, $TERM', ({ hasColour, ...given }) => {
  process.stdout.isTTY = given.isTTY;
  vi.stubEnv('NO_COLOR', given.NO_COLOR);
  vi.stubEnv('TERM', given.TERM);
  expect(standardOutput.hasColour).toBe(hasColour);
});
