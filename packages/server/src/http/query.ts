import { z } from '@hono/zod-openapi';
import type { HttpLimits } from './deps.js';
import { keysOf } from './schema-walk.js';
import { name, optional } from './schemas/common.js';
import { check, invalidRequest } from './validation.js';

const CURSOR_LENGTH = 1024;

/** Fields of every list: the limit is bounded and has a default, so that the domain always gets one. */
export const pageFields = (limits: HttpLimits) => ({
  limit: z.int().min(1).max(limits.pageSize).default(Math.min(limits.defaultPageSize, limits.pageSize)),
  cursor: optional(name(CURSOR_LENGTH)),
});

export const pageQuery = (limits: HttpLimits) => z.strictObject(pageFields(limits));

interface RawQuery {
  [key: string]: string | number | RawQuery;
}

/** `context.orderId=42` and `context[orderId]=42`: one value of the record `context`. */
const OF_RECORD = /^(\w+)(?:\.(.+)|\[(.+)\])$/s;

/** Where the value of the parameter `key` belongs: a record is made when its first value comes. */
function placeOf(raw: RawQuery, records: readonly string[], key: string): { values: RawQuery; key: string } {
  const [, record = '', dotted, bracketed] = OF_RECORD.exec(key) ?? [];
  if (!records.includes(record)) return { values: raw, key };
  const inner = dotted ?? bracketed ?? '';
  // A key that objects cannot hold must not drop out of what is asked: more would match.
  if (inner === '__proto__') throw invalidRequest([{ path: key, message: 'is no key of a context' }], 'query');
  raw[record] ??= Object.create(null) as RawQuery;
  const values = raw[record];
  return typeof values === 'object' ? { values, key: inner } : { values: raw, key: record };
}

const NO_QUERY = z.strictObject({});

/** The part of a request target behind `?`, checked: each parameter once, numbers as numbers, unknown ones refused. */
export function parseQuery<T>(schema: z.ZodType<T> | undefined, search: string, ignored: string[] | undefined): T {
  const expected = (schema ?? NO_QUERY) as z.ZodType<T>;
  if (search === '') return check(expected, {}, { source: 'query' });
  const raw: RawQuery = Object.create(null);
  const records = keysOf(expected, 'record');
  for (const [key, value] of new URLSearchParams(search)) {
    const into = placeOf(raw, records, key);
    if (into.key in into.values) throw invalidRequest([{ path: key, message: 'is given twice' }], 'query');
    into.values[into.key] = value;
  }
  for (const key of keysOf(expected, 'number')) {
    const text = raw[key];
    if (typeof text === 'string' && /^-?\d{1,15}$/.test(text)) raw[key] = Number(text);
  }
  return check(expected, { ...raw }, { source: 'query', ignored });
}
