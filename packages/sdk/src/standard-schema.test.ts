import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { typed, validate } from './standard-schema.js';

describe('validation by a standard schema', () => {
  const Order = z.object({ id: z.coerce.number(), lines: z.array(z.object({ sku: z.string() })) });

  it('answers the transformed value', async () => {
    expect(await validate(Order, { id: '7', lines: [] })).toEqual({ valid: true, value: { id: 7, lines: [] } });
  });

  it('names each wrong field as the server does', async () => {
    const result = await validate(Order, { id: 1, lines: [{ sku: 'a' }, { sku: 2 }] });
    expect(result).toMatchObject({ valid: false, errors: [{ path: 'lines[1].sku' }] });
    expect(await validate(Order, null)).toMatchObject({ valid: false, errors: [{ path: '' }] });
  });

  it('awaits schemas that answer later', async () => {
    const later = z.string().refine(async (text) => text === 'yes');
    expect(await validate(later, 'yes')).toMatchObject({ valid: true });
    expect(await validate(later, 'no')).toMatchObject({ valid: false });
  });

  it('lets everything pass without a schema, or with types only', async () => {
    expect(await validate(undefined, 1)).toEqual({ valid: true, value: 1 });
    expect(await validate(typed<string>(), 1)).toEqual({ valid: true, value: 1 });
  });
});
