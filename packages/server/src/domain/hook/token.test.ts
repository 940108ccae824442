import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { isHookToken } from './token.js';

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

it('knows the token whose hash is stored, and no other', () => {
  expect(isHookToken('a token', sha256('a token'))).toBe(true);
  expect(isHookToken('another', sha256('a token'))).toBe(false);
  expect(isHookToken(sha256('a token'), sha256('a token'))).toBe(false);
  expect(isHookToken('grün', sha256('grün'))).toBe(true);
});

it('refuses a missing token, and every token when nothing is stored', () => {
  expect(isHookToken(undefined, sha256(''))).toBe(false);
  expect(isHookToken('', '')).toBe(false);
  expect(isHookToken('a token', sha256('a token').slice(0, -1))).toBe(false);
});
