import type { z } from '@hono/zod-openapi';
import { didYouMean } from '../did-you-mean.js';

export type Source = 'body' | 'query';
export type Issue = z.core.$ZodIssue;

const NOUNS: { [type: string]: string } = {
  string: 'a string',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'an array',
  object: 'an object',
  record: 'an object',
  null: 'null',
};
const noun = (type: string): string => NOUNS[type] ?? type;

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}

const plural = (count: number | bigint, unit: string) => `${count} ${unit}${count === 1 ? '' : 's'}`;

function describeBound(origin: string, word: 'at most' | 'at least', bound: number | bigint): string {
  if (origin === 'string') return `must have ${word} ${plural(bound, 'character')}`;
  if (origin === 'array') return `must have ${word} ${plural(bound, 'item')}`;
  return `must be ${word} ${bound}`;
}

function describeType(expected: string, input: unknown, source: Source): string {
  if (input === undefined) return 'is required';
  // Everything in a query is a string, so what was found says nothing; its numbers are all whole ones.
  if (source === 'query') return `must be ${noun(expected === 'number' ? 'int' : expected)}`;
  const found = typeof input === 'boolean' ? String(input) : noun(typeOf(input));
  return expected === 'int' && typeof input === 'number' ? 'must be a whole number' : `must be ${noun(expected)}, not ${found}`;
}

function describeValue(values: readonly unknown[], input: unknown): string {
  if (input === undefined) return 'is required';
  const hint = typeof input === 'string' ? didYouMean(input, values.map(String)) : '';
  return `must be one of ${values.map((value) => JSON.stringify(value)).join(', ')}${hint}`;
}

/** What is wrong, as the rest of a sentence that begins with the field's path. */
export function describeIssue(issue: Issue, source: Source): string {
  switch (issue.code) {
    case 'invalid_type':
      return describeType(issue.expected, issue.input, source);
    case 'invalid_value':
      return describeValue(issue.values, issue.input);
    case 'too_big':
      return describeBound(issue.origin, 'at most', issue.maximum);
    case 'too_small':
      if (issue.minimum === 1 && (issue.origin === 'string' || issue.origin === 'array')) return 'must not be empty';
      return describeBound(issue.origin, 'at least', issue.minimum);
    case 'invalid_format':
      return issue.format === 'datetime' ? 'must be an RFC 3339 time such as 2026-01-31T12:00:00Z' : issue.message;
    case 'invalid_key':
      return `has a key that ${issue.issues[0] ? describeIssue(issue.issues[0], source) : 'is invalid'}`;
    default:
      return issue.message;
  }
}
