/**
 * What a value of type `T` is after it was stored: `JSON.parse(JSON.stringify(value))`. Dates become strings, functions
 * and undefined vanish, tuples stay tuples.
 */
export type Jsonify<T> = T extends { toJSON(): infer Serialised }
  ? Jsonify<Serialised>
  : T extends string | number | boolean | null
    ? T
    : T extends Vanishing
      ? never
      : T extends readonly unknown[]
        ? {
            [Index in keyof T]:
              | Jsonify<T[Index]>
              | (T[Index] extends infer Item ? (Item extends Vanishing ? null : never) : never);
          }
        : T extends object
          ? { [Key in keyof T as T[Key] extends Vanishing ? never : Key]: Jsonify<T[Key]> }
          : unknown;

/** Left out of objects; null in arrays. */
type Vanishing = undefined | symbol | ((...args: never[]) => unknown);
