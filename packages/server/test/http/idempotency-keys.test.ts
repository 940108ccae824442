import { describe, expect, test } from 'vitest';
import { anApi, aPipeline, problemOf } from './harness.js';

// Seen to fail for stages and marks, which took any key from the header: 201.
describe.each([
  ['POST', '/pipelines', aPipeline],
  ['POST', '/pipelines/1/stages', { stages: [{ name: 'late' }] }],
  ['POST', '/schedules/1/trigger', {}],
  ['POST', '/observability/marks', { version: '1' }],
])('the Idempotency-Key header of %s %s', (method, path, body) => {
  test.each([
    ['none at all', '', 'must not be empty'],
    ['more than 255 characters', 'k'.repeat(256), 'must have at most 255 characters'],
  ])('is refused with %s, like the field', async (_, key, message) => {
    const api = anApi();
    const response = await api.call(method, path, { body, headers: { 'idempotency-key': key } });
    expect(await problemOf(response)).toMatchObject({
      status: 422,
      code: 'invalid_request',
      errors: [{ path: 'idempotencyKey', message }],
    });
    expect(api.calls).toEqual([]);
  });

  test('counts with up to 255, and must be the same as the field', async () => {
    const api = anApi();
    const key = 'k'.repeat(255);
    const headers = { 'idempotency-key': key };
    await api.call(method, path, { body, headers });
    await api.call(method, path, { body: { ...body, idempotencyKey: key }, headers });
    expect(JSON.stringify(api.calls).split(key)).toHaveLength(3);
    const other = await api.call(method, path, { body: { ...body, idempotencyKey: 'other' }, headers });
    expect(await problemOf(other)).toMatchObject({ status: 422, code: 'idempotency_mismatch' });
  });
});
