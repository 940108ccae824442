import { describe, expect, it } from 'vitest';
import { asCommonJs, quickstart, readmeSnippet } from './quickstart.js';

describe('the readme', () => {
  it('shows examples/quickstart to the letter', () => {
    expect(readmeSnippet()).toBe(quickstart());
  });

  it('shows a program of at most 30 lines', () => {
    expect(quickstart().trimEnd().split('\n').length).toBeLessThanOrEqual(30);
  });
});

describe('the snippet for CommonJS', () => {
  it('has no import and no top-level await left', () => {
    const text = asCommonJs(`import { a, b } from 'x';\nawait a(b);\n`);
    expect(text).toBe(`const { a, b } = require('x');\nvoid (async () => {\n\nawait a(b);\n\n})();\n`);
  });
});
