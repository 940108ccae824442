import type { JsonText } from '../use-cases.js';

const EMPTY = new Set(['null', '""', '[]', '{}']);

/** Absent, null, or an empty string, array or object. */
export const isEmptyOutput = (output: string | null): boolean => output === null || EMPTY.has(output);

/** Serializes user JSON once; from here on it travels as text. `undefined` is SQL's null. */
export const jsonText = (value: unknown): JsonText | null => (value === undefined ? null : (JSON.stringify(value) as JsonText));

/** Stored text as JSON on the wire. */
export const orNull = (text: string | null): JsonText => (text ?? 'null') as JsonText;

/** Bytes of UTF-8. */
export const byteLength = (text: string | null): number => (text === null ? 0 : Buffer.byteLength(text));
