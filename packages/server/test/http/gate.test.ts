import { ROUTES } from '@pipelogiq/protocol';
import { describe, expect, test } from 'vitest';
import { allRoutes } from '../../src/http/routes/index.js';
import { anApi, aPull, problemOf } from './harness.js';

const OPEN = [
  '/',
  '/health',
  '/health/live',
  '/health/ready',
  '/health/startup',
  '/healthz',
  '/ready',
  '/readyz',
  '/version',
  '/openapi.json',
  '/docs',
  '/docs/errors',
  '/dashboard',
  '/dashboard/{path}',
  ROUTES.authState,
];
/** Open, for a secret of its own counts in place of a key. */
const OWN_SECRET: string[] = [ROUTES.stageComplete, ROUTES.hook];
/** Open, for who calls wants to sign in. */
const SIGN_IN: string[] = [ROUTES.authSetup, ROUTES.authLogin, ROUTES.authLink, ROUTES.authInvite, ROUTES.authLinksCheck];

const filledIn = (path: string) => path.replace('{id}', '1').replace('{name}', 'orders').replace('{path}', 'pipelines');

describe('the gate', () => {
  test('declares every route of the protocol with an access', () => {
    const routes = allRoutes(anApi().deps);
    expect(new Set(routes.map(({ path }) => path))).toEqual(new Set([...Object.values(ROUTES), ...OPEN]));
    expect(
      routes
        .filter(({ access }) => access === 'open')
        .map(({ path }) => path)
        .sort(),
    ).toEqual([...OPEN, ...OWN_SECRET, ...SIGN_IN].sort());
  });

  test('refuses every route that is not open without a key, and calls nothing', async () => {
    const api = anApi();
    for (const { method, path, access } of allRoutes(api.deps)) {
      if (SIGN_IN.includes(path)) continue;
      const response = await api.call(method, filledIn(path), { key: null });
      if (path === '/dashboard') expect(response.status).toBe(308);
      else if (path === '/dashboard/{path}')
        expect([200, 503]).toContain(response.status); // there where it was built
      else if (access === 'open' && !OWN_SECRET.includes(path)) expect(response.status, path).toBe(200);
      else {
        expect(response.status, `${method} ${path}`).toBe(401);
        expect(response.headers.get('www-authenticate')).toContain('Bearer');
        expect((await problemOf(response)).code).toBe('unauthenticated');
      }
    }
    expect(api.calls.filter(({ name }) => name !== 'hooks.deliver' && name !== 'signIn.state')).toEqual([]); // which knows the token, and refuses
  });

  test('refuses a key without the scope on every route, and lets admin in everywhere', async () => {
    const api = anApi();
    for (const { method, path, access } of allRoutes(api.deps)) {
      if (access === 'open' || access === 'caller') continue;
      const response = await api.call(method, filledIn(path), { key: 'key-none' });
      expect((await problemOf(response)).code, `${method} ${path}`).toBe('forbidden');
      const admin = await api.call(method, filledIn(path), { key: 'key-everything' });
      expect([401, 403].includes(admin.status), `${method} ${path}`).toBe(access === 'user');
    }
  });

  test('takes the key from either header', async () => {
    const api = anApi();
    expect((await api.call('GET', '/pipelines', { key: 'key-read' })).status).toBe(200);
    expect((await api.call('GET', '/pipelines', { key: null, headers: { 'x-api-key': 'key-read' } })).status).toBe(200);
    expect((await api.call('GET', '/pipelines', { key: 'no such key' })).status).toBe(401);
    expect((await api.call('GET', '/pipelines', { key: null, headers: { authorization: 'Basic a2V5' } })).status).toBe(401);
    expect((await api.call('GET', '/pipelines', { key: 'k'.repeat(2_000) })).status).toBe(401);
  });

  test('tells strangers nothing about unknown paths and wrong methods', async () => {
    const api = anApi();
    for (const [method, path] of [
      ['GET', '/nothing'],
      ['PUT', '/pipelines'],
      ['POST', '/health'],
      ['OPTIONS', '/pipelines'],
    ] as const) {
      expect((await api.call(method, path, { key: null })).status, `${method} ${path}`).toBe(401);
    }
  });

  test('answers 404 to a known caller for an unknown path and 405 with Allow for a wrong method', async () => {
    const api = anApi();
    expect((await problemOf(await api.call('GET', '/nothing'))).code).toBe('not_found');
    const wrong = await api.call('DELETE', '/pipelines');
    expect(wrong.status).toBe(405);
    expect(wrong.headers.get('allow')).toBe('GET, HEAD, POST');
    expect((await problemOf(await api.call('GET', '/pipelines/abc'))).code).toBe('not_found');
    expect((await problemOf(await api.call('GET', `/pipelines/${'9'.repeat(40)}`))).code).toBe('not_found');
    expect(api.calls).toEqual([]);
  });

  test('lets no method override through', async () => {
    const api = anApi();
    const headers = { 'x-http-method-override': 'DELETE', 'x-method-override': 'DELETE' };
    expect((await api.call('POST', '/api-keys/1?_method=DELETE', { headers })).status).toBe(405);
    expect(api.calls).toEqual([]);
  });

  test('checks the session of the worker that the body names', async () => {
    const api = anApi();
    const response = await api.call('POST', '/jobs/pull', {
      body: aPull,
      key: 'key-work',
      headers: { 'x-worker-session': 'another' },
    });
    expect(response.status).toBe(401);
    expect((await problemOf(response)).code).toBe('session_invalid');
    expect(api.calls).toEqual([]);
    expect((await api.call('POST', '/jobs/pull', { body: aPull, key: 'key-work' })).status).toBe(200);
    expect(api.calls[0]?.args[0]).toMatchObject({ workerId: 7, application: 'shop' });
  });

  test('takes the worker of a payload from the query', async () => {
    const api = anApi();
    const response = await api.call('GET', '/jobs/42/payload?workerId=7&fencingToken=3', { key: 'key-work' });
    expect(response.status).toBe(200);
    expect(api.calls[0]).toMatchObject({ name: 'jobs.payload', args: [{ workerId: 7 }, '42', 3, undefined] });
  });
});
