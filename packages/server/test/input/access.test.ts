import { SCOPES, type Scope } from '@pipelogiq/protocol';
import { describe, expect, it } from 'vitest';
import { type InspectedHarness, inspectedHarness, refusal } from './support.js';

/** Which scope opens what; `admin` opens all but what is for users. `caller`: any key. A route that is not here must not exist, or be open. */
const SCOPE_OF: Record<string, Scope | 'user' | 'caller'> = {
  'POST /pipelines': 'produce',
  'POST /pipelines/batch': 'produce',
  'GET /pipelines': 'read',
  'GET /pipelines/{id}': 'read',
  'GET /pipelines/{id}/stages': 'read',
  'GET /pipelines/{id}/context': 'read',
  'GET /pipelines/{id}/attempts': 'read',
  'GET /pipelines/{id}/logs': 'read',
  'GET /pipelines/{id}/trace': 'read',
  'GET /pipelines/{id}/wait': 'read',
  'POST /pipelines/{id}/cancel': 'operate',
  'POST /pipelines/{id}/pause': 'operate',
  'POST /pipelines/{id}/resume': 'operate',
  'POST /pipelines/{id}/rerun': 'operate',
  'POST /pipelines/{id}/stages': 'operate',
  'POST /pipelines/actions': 'operate',
  'GET /pipelines/actions/{id}': 'operate',
  'POST /stages/{id}/rerun': 'operate',
  'POST /stages/{id}/skip': 'operate',
  'GET /audit-events': 'admin',
  'GET /events': 'read',
  'GET /observability/overview': 'read',
  'GET /observability/insights': 'read',
  'GET /observability/errors': 'read',
  'POST /observability/errors/{name}/replay': 'operate',
  'POST /observability/marks': 'produce',
  'GET /observability/marks': 'read',
  'GET /observability/marks/{id}': 'read',
  'GET /metrics': 'admin',
  'GET /observability/config': 'operate',
  'POST /observability/config': 'operate',
  'POST /observability/test': 'operate',
  'GET /observability/status': 'read',
  'GET /observability/traces': 'read',
  'GET /alerts/channels/kinds': 'read',
  'GET /alerts/channels': 'read',
  'POST /alerts/channels': 'operate',
  'GET /alerts/channels/{id}': 'read',
  'PUT /alerts/channels/{id}': 'operate',
  'DELETE /alerts/channels/{id}': 'operate',
  'POST /alerts/channels/{id}/test': 'operate',
  'GET /alerts/rules': 'read',
  'POST /alerts/rules': 'operate',
  'POST /alerts/rules/preview': 'operate',
  'POST /alerts/rules/recommended': 'operate',
  'GET /alerts/rules/{id}': 'read',
  'PUT /alerts/rules/{id}': 'operate',
  'DELETE /alerts/rules/{id}': 'operate',
  'GET /alerts/incidents': 'read',
  'GET /alerts/incidents/{id}': 'read',
  'POST /alerts/incidents/{id}/ack': 'operate',
  'POST /alerts/incidents/{id}/resolve': 'operate',
  'GET /alerts/silences': 'read',
  'POST /alerts/silences': 'operate',
  'DELETE /alerts/silences/{id}': 'operate',
  'GET /alerts/deliveries': 'read',
  'GET /alerts/deliveries/{id}': 'read',
  'POST /alerts/deliveries/{id}/retry': 'operate',
  'POST /alerts/deliveries/{id}/drop': 'operate',
  'GET /stages/{id}/diagnosis': 'read',
  'POST /workers/bootstrap': 'work',
  'POST /workers/heartbeat': 'work',
  'POST /workers/shutdown': 'work',
  'GET /workers': 'read',
  'GET /workers/{id}': 'read',
  'GET /workers/{id}/jobs': 'read',
  'GET /workers/{id}/events': 'read',
  'POST /workers/{id}/drain': 'operate',
  'POST /jobs/pull': 'work',
  'POST /jobs/ack': 'work',
  'POST /jobs/nack': 'work',
  'POST /jobs/release': 'work',
  'POST /jobs/progress': 'work',
  'GET /jobs/{id}/payload': 'work',
  'POST /jobs/{id}/event-token': 'work',
  'POST /stages/{id}/token': 'operate',
  'POST /logs': 'work',
  'POST /schedules': 'operate',
  'GET /schedules': 'read',
  'GET /schedules/{id}': 'read',
  'PUT /schedules/{id}': 'operate',
  'DELETE /schedules/{id}': 'operate',
  'GET /schedules/{id}/firings': 'read',
  'POST /schedules/{id}/pause': 'operate',
  'POST /schedules/{id}/resume': 'operate',
  'POST /schedules/{id}/trigger': 'operate',
  'POST /hooks': 'operate',
  'GET /hooks': 'operate',
  'GET /hooks/{name}': 'operate',
  'PUT /hooks/{name}': 'operate',
  'DELETE /hooks/{name}': 'operate',
  'GET /log-level': 'admin',
  'PUT /log-level': 'admin',
  'GET /retention': 'read',
  'POST /admin/profiles/cpu': 'admin',
  'POST /admin/profiles/heap': 'admin',
  'GET /applications': 'admin',
  'POST /applications': 'admin',
  'GET /api-keys': 'admin',
  'POST /api-keys': 'admin',
  'DELETE /api-keys/{id}': 'admin',
  'POST /api-keys/{id}/rotate': 'admin',
  'GET /auth/me': 'caller',
  'POST /auth/logout': 'user',
  'POST /auth/password': 'user',
  'GET /auth/sessions': 'user',
  'DELETE /auth/sessions/{id}': 'user',
  'POST /auth/links': 'admin',
  'GET /users': 'admin',
  'GET /users/{id}': 'admin',
  'PUT /users/{id}': 'admin',
  'DELETE /users/{id}': 'admin',
  'GET /users/invitations': 'admin',
  'POST /users/invitations': 'admin',
  'DELETE /users/invitations/{id}': 'admin',
  'POST /users/setup-link': 'admin',
};

interface Operation {
  name: string;
  method: string;
  path: string;
}

/** Every operation that the server's own description names, but those that are open. */
async function closedOperations(h: InspectedHarness): Promise<Operation[]> {
  const { paths } = await h.call<{ paths: Record<string, Record<string, { security?: object[] }>> }>('GET', '/openapi.json');
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(([, operation]) => operation.security === undefined || operation.security.length > 0)
      .map(([method, operation]) => ({ operation, name: `${method.toUpperCase()} ${path}`, method: method.toUpperCase(), path })),
  );
}

const send = (h: InspectedHarness, key: string | undefined, { method, path }: Operation, id = '1') =>
  h.sendAs(key, method, path.replace('{id}', id).replace('{name}', 'none'), 'POST PUT'.includes(method) ? {} : undefined);

/** Moves time until the answer is there: some operations take as long as they are asked to. */
async function passingTime<T>(h: InspectedHarness, answer: Promise<T>): Promise<T> {
  let isThere = false;
  const noted = answer.finally(() => {
    isThere = true;
  });
  while (!isThere) await h.controlPlane.advance(1_000);
  return noted;
}

describe('every operation of the document', () => {
  it('is one that this test knows the scope of', async () => {
    const operations = await closedOperations(await inspectedHarness());
    expect(operations.map(({ name }) => name).sort()).toEqual(Object.keys(SCOPE_OF).sort());
  });

  it('refuses no key, an unknown, a disabled and an expired one with 401, and changes nothing', async () => {
    const h = await inspectedHarness();
    const soon = new Date(h.controlPlane.now() + 60_000).toISOString();
    const [disabled, expired] = [await h.key({ scopes: ['admin'] }), await h.key({ scopes: ['admin'], expiresAt: soon })];
    for (const { key } of [disabled, expired]) expect((await h.sendAs(key, 'GET', '/pipelines')).status).toBe(200); // known, and perhaps remembered
    await h.call('DELETE', `/api-keys/${disabled.id}`);
    await h.controlPlane.advance(60_000);
    const before = await h.stored();
    const unknown = `${expired.key.slice(0, -1)}${expired.key.endsWith('x') ? 'y' : 'x'}`;
    for (const operation of await closedOperations(h)) {
      for (const key of [undefined, '', 'plq_nonsense', unknown, disabled.key, expired.key]) {
        expect(await refusal(await send(h, key, operation)), `${operation.name} with ${key}`).toBe('401 unauthenticated');
      }
    }
    expect(await h.stored()).toEqual(before);
  });

  it('opens to its own scope and to admin only, and never answers 5xx', async () => {
    const h = await inspectedHarness();
    const keys = new Map<Scope, string>();
    for (const scope of SCOPES) keys.set(scope, (await h.key({ scopes: [scope] })).key);
    for (const operation of await closedOperations(h)) {
      for (const [scope, key] of keys) {
        const sent = send(h, key, operation, '999');
        const response = operation.path.startsWith('/admin/profiles/') ? await passingTime(h, sent) : await sent;
        const need = SCOPE_OF[operation.name];
        const opens = need !== 'user' && (scope === 'admin' || scope === need || need === 'caller');
        expect(response.status, `${operation.name} as ${scope}`).toBeLessThan(500);
        expect(response.status === 403, `${operation.name} as ${scope}`).toBe(!opens);
      }
    }
  });
});

// Seen to fail when a key of one application, with the scope read or as its admin, was let in.
it('shows metrics, which are of all applications, to no key of one', async () => {
  const h = await inspectedHarness();
  for (const scope of ['read', 'admin'] as const) {
    const { key } = await h.call<{ key: string }>('POST', '/api-keys', { name: scope, scopes: [scope], application: 'tenant' });
    expect(await refusal(await h.sendAs(key, 'GET', '/metrics'))).toBe('403 forbidden');
  }
});
