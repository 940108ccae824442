import { z } from '@hono/zod-openapi';
import { describe, expectTypeOf, test } from 'vitest';
import type { Principal, WorkerPrincipal } from '../domain/use-cases.js';
import { json, route } from './route.js';

const base = { operationId: 'x', summary: 'x', tag: 'x', method: 'POST', path: '/x', answers: {} } as const;
const body = { schema: z.strictObject({ workerId: z.string() }), size: 'single' } as const;

describe('a declared route', () => {
  test('must say who may call it', () => {
    // @ts-expect-error: no access
    route({ ...base, handle: () => json(200, {}) });
    // @ts-expect-error: no such access
    route({ ...base, access: 'everybody', handle: () => json(200, {}) });
  });

  test('must say which worker calls when it is for workers, and only then', () => {
    // @ts-expect-error: no workerIdOf
    route({ ...base, access: 'worker', body, handle: () => json(200, {}) });
    // @ts-expect-error: not for workers
    route({ ...base, access: 'work', body, workerIdOf: () => '1', handle: () => json(200, {}) });
  });

  test('gets the caller that its access promises, and the body of its schema', () => {
    route({
      ...base,
      access: 'open',
      handle({ caller }) {
        expectTypeOf(caller).toEqualTypeOf<undefined>();
        return json(200, {});
      },
    });
    route({
      ...base,
      access: 'produce',
      handle({ caller }) {
        expectTypeOf(caller).toEqualTypeOf<Principal>();
        return json(200, {});
      },
    });
    route({
      ...base,
      access: 'worker',
      body,
      workerIdOf: (input) => input.body.workerId,
      handle({ caller, body }) {
        expectTypeOf(caller).toEqualTypeOf<WorkerPrincipal>();
        expectTypeOf(body).toEqualTypeOf<{ workerId: string }>();
        return json(200, {});
      },
    });
  });
});
