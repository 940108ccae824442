import type { OutputReference } from '@pipelogiq/protocol';

declare const outputType: unique symbol;

/**
 * Stands for a part of another stage's output; the server puts the value in when it hands the stage out.
 *
 * @typeParam T the value's type; it decides where in an input the reference may stand
 */
export interface Reference<out T> extends OutputReference {
  /** For types only: never set. */
  readonly [outputType]?: T;
}

/** An input in which references may stand for any value of the right type. */
export type StageInput<T> =
  | Reference<T>
  | (T extends string | number | boolean | bigint | symbol | null | undefined | { toJSON(): unknown }
      ? T
      : T extends object
        ? { [Key in keyof T]: StageInput<T[Key]> }
        : T);

/** Keys that may follow in a path. Anything may, where the type is not known. */
export type KeyOf<T> = [T] extends [never]
  ? string | number
  : unknown extends T
    ? string | number
    : NonNullable<T> extends infer Known
      ? Known extends readonly unknown[]
        ? number
        : Extract<keyof Known, string | number>
      : never;

/** The type at a key. Absent values fail the stage when the reference is resolved, so they need no `undefined` here. */
export type At<T, Key> = [T] extends [never]
  ? never
  : NonNullable<T> extends infer Known
    ? Known extends readonly (infer Item)[]
      ? Item
      : Key extends keyof Known
        ? Exclude<Known[Key], undefined>
        : never
    : never;

/** Names of the stages that the references anywhere in a value point to, each once. */
export function referencedStages(value: unknown): string[] {
  const names = new Set<string>();
  const seen = new Set<object>();
  const visit = (part: unknown): void => {
    if (typeof part !== 'object' || part === null || seen.has(part)) return;
    seen.add(part); // an object may be used in several places; a cycle is refused when the input is serialised
    if (isReference(part)) names.add(part.$output.stage);
    else for (const child of Object.values(part)) visit(child);
  };
  visit(value);
  return [...names];
}

function isReference(value: object): value is OutputReference {
  if (!('$output' in value) || typeof value.$output !== 'object' || value.$output === null) return false;
  return 'stage' in value.$output && typeof value.$output.stage === 'string';
}
