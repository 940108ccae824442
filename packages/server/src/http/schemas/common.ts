import { z } from '@hono/zod-openapi';
import { type Json, LIMITS } from '@pipelogiq/protocol';
import { isStorable, madeStorable } from '../../domain/storable.js';

/**
 * A field that may be absent. Typed as exactly optional, because JSON has no `undefined`; built as `.optional()`, because
 * zod-to-openapi 9 lists exactly optional fields among the required ones.
 */
export const optional = <T extends z.ZodType>(schema: T) => schema.optional() as unknown as z.ZodExactOptional<T>;

/** A name: not empty, bounded, storable everywhere. Length in UTF-16 units. */
export const name = (maxLength: number = LIMITS.nameLength) =>
  z.string().min(1).max(maxLength).refine(isStorable, 'must not contain NUL or half a surrogate pair');

/** What a name in a path looks like: it needs no escaping anywhere. */
export const PATH_NAME = `[A-Za-z0-9][A-Za-z0-9._~-]{0,${LIMITS.nameLength - 1}}`;
export const pathName = z
  .string()
  .regex(
    new RegExp(`^${PATH_NAME}$`),
    `must have 1 to ${LIMITS.nameLength} letters, digits, or . _ ~ -, and begin with a letter or digit`,
  )
  .openapi({ example: 'orders' });

/** Text for people: what does not fit or cannot be stored is replaced, because a report must not be lost over it. */
export const freeText = (maxLength: number) =>
  z.string().overwrite((text) => madeStorable(text.length > maxLength ? text.slice(0, maxLength) : text));

/** Lengths of text for people, in UTF-16 units; longer text is cut. */
export const TEXT = { reason: 2_000, message: 16_384, stack: 65_536, progress: 1_000 } as const;

/** Any JSON of a user. The parser has bounded its depth; it is looked at no further. */
export const json = (z.unknown() as unknown as z.ZodType<Json>).openapi('Json', { description: 'Any JSON value.' });
export const jsonMap = z.record(z.string(), json);

/** An id as the server gave it out. Foreign and impossible ids are not found, they are not invalid. */
export const id = z.string().min(1).max(64).openapi({ example: '42' });
export const time = z.iso.datetime({ offset: true }).openapi({ example: '2026-01-31T12:00:00.000Z' });
export const durationMs = (min = 0) => z.int().min(min).max(LIMITS.durationMs);
export const count = z.int().min(0);

export const page = <T extends z.ZodType>(item: T) => z.object({ items: z.array(item), nextCursor: z.string().nullable() });
