import { z } from '@hono/zod-openapi';
import type { HttpLimits } from './deps.js';
import { numericKeys } from './schema-walk.js';
import { name, optional } from './schemas/common.js';
import { check, invalidRequest } from './validation.js';

const CURSOR_LENGTH = 1024;

/** Fields of every list: the limit is bounded and has a default, so that the domain always gets one. */
export const pageFields = (limits: HttpLimits) => ({
  limit: z.int().min(1).max(limits.pageSize).default(Math.min(limits.defaultPageSize, limits.pageSize)),
  cursor: optional(name(CURSOR_LENGTH)),
});

export const pageQuery = (limits: HttpLimits) => z.strictObject(pageFields(limits));

const NO_QUERY = z.strictObject({});

/** The part of a request target behind `?`, checked: each parameter once, numbers as numbers, unknown ones refused. */
export function parseQuery<T>(schema: z.ZodType<T> | undefined, search: string, ignored: string[] | undefined): T {
  const expected = (schema ?? NO_QUERY) as z.ZodType<T>;
  if (search === '') return check(expected, {}, { source: 'query' });
  const raw: { [key: string]: string | number } = Object.create(null);
  for (const [key, value] of new URLSearchParams(search)) {
    if (key in raw) throw invalidRequest([{ path: key, message: 'is given twice' }], 'query');
    raw[key] = value;
  }
  for (const key of numericKeys(expected)) {
    const text = raw[key];
    if (typeof text === 'string' && /^-?\d{1,15}$/.test(text)) raw[key] = Number(text);
  }
  return check(expected, { ...raw }, { source: 'query', ignored });
}
