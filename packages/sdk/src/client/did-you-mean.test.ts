import { expect, it } from 'vitest';
import { didYouMean } from './did-you-mean.js';

it.each([
  ['apikey', ' Did you mean "apiKey"?'],
  ['timeout', ' Did you mean "timeoutMs"?'],
  ['ulr', ''],
  ['urll', ' Did you mean "url"?'],
  ['concurrency', ''],
])('answers %o with %o', (word, expected) => {
  expect(didYouMean(word, ['url', 'apiKey', 'timeoutMs'])).toBe(expected);
});
