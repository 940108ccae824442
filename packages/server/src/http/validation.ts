import type { z } from '@hono/zod-openapi';
import type { FieldError } from '@pipelogiq/protocol';
import { didYouMean } from '../did-you-mean.js';
import { DomainError } from '../domain/errors.js';
import { describeIssue, type Issue, type Source } from './issue-text.js';
import { knownKeys } from './schema-walk.js';

const MAX_ERRORS = 50;

/** Path of a field as people write it: `stages[2].dependsOn[0]`, `context["a b"]`. */
function formatPath(path: readonly PropertyKey[], at = ''): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    const key = String(part);
    if (!/^[\w$.-]+$/.test(key)) return `${text}[${JSON.stringify(key)}]`;
    return text === '' ? key : `${text}.${key}`;
  }, at);
}

function unknownFields(schema: z.ZodType, issue: Issue & { code: 'unrecognized_keys' }): FieldError[] {
  const known = knownKeys(schema, issue.path);
  return issue.keys.slice(0, MAX_ERRORS).map((key) => ({
    path: formatPath([...issue.path, key]),
    message: `is not known${didYouMean(key, known)}`,
  }));
}

function fieldErrors(schema: z.ZodType, issues: readonly Issue[], source: Source): FieldError[] {
  return issues.slice(0, MAX_ERRORS).flatMap((issue) => {
    if (issue.code === 'unrecognized_keys') return unknownFields(schema, issue);
    return [{ path: formatPath(issue.path), message: describeIssue(issue, source) }];
  });
}

/** A refusal whose detail is the first error in words. */
export function invalidRequest(errors: FieldError[], source: Source): DomainError {
  const [first] = errors;
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : '';
  const subject = first?.path || `The ${source}`;
  return new DomainError('invalid_request', `${subject} ${first?.message ?? 'is invalid'}${more}.`, {
    errors: errors.slice(0, MAX_ERRORS),
  });
}

const valueAt = (value: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>((at, key) => (at as { [key: PropertyKey]: unknown } | undefined)?.[key], value);

/**
 * Checks what will be filled in later: values that are `open` may be anything now. Returns the value when nothing of it is open that
 * matters to the schema, else undefined.
 */
export function checkOpen<T>(schema: z.ZodType<T>, value: unknown, isOpen: (value: unknown) => boolean): T | undefined {
  const result = schema.safeParse(value, WITH_INPUT);
  if (result.success) return result.data;
  const issues = (result.error.issues as Issue[]).filter(({ path }) => !isOpen(valueAt(value, path)));
  if (issues.length > 0) throw invalidRequest(fieldErrors(schema, issues, 'body'), 'body');
  return undefined;
}

/** Removes the fields that `issues` do not know from `value`, in place; returns their paths. */
function dropUnknown(value: unknown, issues: readonly Issue[], at: string): string[] {
  return issues.flatMap((issue) => {
    if (issue.code !== 'unrecognized_keys') return [];
    const parent = issue.path.reduce<unknown>((inner, key) => (inner as { [key: PropertyKey]: unknown })[key], value);
    return issue.keys.map((key) => {
      Reflect.deleteProperty(parent as object, key);
      return formatPath([...issue.path, key], at);
    });
  });
}

export interface CheckOptions {
  source: Source;
  /** Set when unknown fields are ignored: takes their paths. */
  ignored?: string[] | undefined;
  /** Where `value` stands in the body, when it is a part of it: begins the ignored paths. Errors name the path in `value`. */
  at?: string;
}

const WITH_INPUT = { reportInput: true }; // the words name what was found

/**
 * `value` as the schema has it, or a refusal that lists every field in words. Unknown fields are refused, at every level
 * that the schema describes, unless `ignored` takes them.
 */
export function check<T>(schema: z.ZodType<T>, value: unknown, { source, at = '', ignored }: CheckOptions): T {
  let result = schema.safeParse(value, WITH_INPUT);
  if (result.success) return result.data;
  if (ignored) {
    const dropped = dropUnknown(value, result.error.issues as Issue[], at);
    ignored.push(...dropped.slice(0, MAX_ERRORS));
    if (dropped.length > 0) result = schema.safeParse(value, WITH_INPUT);
    if (result.success) return result.data;
  }
  throw invalidRequest(fieldErrors(schema, result.error.issues as Issue[], source), source);
}
