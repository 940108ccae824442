import type { FieldError } from '@pipelogiq/protocol';

/**
 * The shape that schema libraries share (https://standardschema.dev, version 1): zod, valibot, arktype and others.
 * Copied, so that no library is needed.
 */
export interface StandardSchema<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => StandardResult<Output> | Promise<StandardResult<Output>>;
    /** For types only: never set. */
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
  };
}

/** What `validate` answers. */
export type StandardResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly StandardIssue[] };

/** One thing that is wrong with a value. */
export interface StandardIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** A value that passed, transformed by its schema, or what is wrong with it. */
export type Validated<T> = { valid: true; value: T } | { valid: false; errors: FieldError[] };

/** Runs a value through its schema. Without a schema every value passes as it is. */
export async function validate<T>(schema: StandardSchema<unknown, T> | undefined, value: unknown): Promise<Validated<T>> {
  if (!schema) return { valid: true, value: value as T };
  const result = await schema['~standard'].validate(value);
  if (!result.issues) return { valid: true, value: result.value };
  return { valid: false, errors: result.issues.map((issue) => ({ path: pathOf(issue), message: issue.message })) };
}

/** Written as the server writes paths: `stages[2].dependsOn[0]`; empty for the value itself. */
function pathOf(issue: StandardIssue): string {
  return (issue.path ?? []).reduce<string>((path, segment) => {
    const key = typeof segment === 'object' ? segment.key : segment;
    if (typeof key === 'number') return `${path}[${key}]`;
    return path ? `${path}.${String(key)}` : String(key);
  }, '');
}

/**
 * A schema that checks nothing at run time and gives a type at compile time, for those who use no schema library.
 *
 * @example const resize = declareHandler('resize', { input: typed<{ file: string }>(), output: typed<{ bytes: number }>() });
 */
export function typed<T>(): StandardSchema<T, T> {
  return { '~standard': { version: 1, vendor: 'pipelogiq', validate: (value) => ({ value: value as T }) } };
}
