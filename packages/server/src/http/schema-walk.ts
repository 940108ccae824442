import type { z } from '@hono/zod-openapi';

type Def = {
  type: string;
  innerType?: z.ZodType;
  element?: z.ZodType;
  valueType?: z.ZodType;
  shape?: { [key: string]: z.ZodType };
};

const defOf = (schema: z.ZodType): Def => schema.def as unknown as Def;

/** The schema without `optional` and its like around it. */
function unwrap(schema: z.ZodType): z.ZodType {
  const { innerType } = defOf(schema);
  return innerType ? unwrap(innerType) : schema;
}

function step(schema: z.ZodType, key: PropertyKey): z.ZodType | undefined {
  const { shape, element, valueType } = defOf(unwrap(schema));
  return shape ? shape[String(key)] : (element ?? valueType);
}

/** Names of the fields that the object at `path` may have. */
export function knownKeys(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  const inner = path.reduce<z.ZodType | undefined>((at, key) => at && step(at, key), schema);
  return Object.keys((inner && defOf(unwrap(inner)).shape) ?? {});
}

/** Names of the fields of an object schema that hold numbers, or values by key. */
export function keysOf(schema: z.ZodType, type: 'number' | 'record'): string[] {
  const { shape = {} } = defOf(unwrap(schema));
  return Object.keys(shape).filter((key) => defOf(unwrap(shape[key] as z.ZodType)).type === type);
}
