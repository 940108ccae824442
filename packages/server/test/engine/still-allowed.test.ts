import type { ApiKey, ApiKeyCreated, InvitationCreated, Me, OneTimeLink, Page, User } from '@pipelogiq/protocol';
import { describe, expect, it } from 'vitest';
import { type Browser, PASSWORD, type People, people } from './people.js';

const pathOf = async (h: People, name: string): Promise<string> => {
  const { items } = await h.call<Page<User>>('GET', '/users');
  return `/users/${items.find(({ username }) => username === name)?.id}`;
};

const accept = async (h: People, token: string, username = 'back'): Promise<number> =>
  (await h.browser().send('POST', '/auth/invite', { token, username, password: PASSWORD })).status;

/** A call whose body comes only after `meanwhile`, which begins when the server reads it: it knows by then who calls. */
function slowly(
  h: People,
  { cookie }: Browser,
  [method, path]: [string, string],
  body: object,
  meanwhile: () => Promise<unknown>,
) {
  const stream = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        await meanwhile();
        controller.enqueue(new TextEncoder().encode(JSON.stringify(body)));
        controller.close();
      },
    },
    { highWaterMark: 0 },
  );
  const headers = {
    host: 'pipelogiq.test',
    'sec-fetch-site': 'same-origin',
    'content-type': 'application/json',
    cookie: cookie ?? '',
  };
  const init: RequestInit & { duplex: 'half' } = { method, headers, body: stream, duplex: 'half' };
  return h.controlPlane.fetch(new Request(`http://pipelogiq.test${path}`, init));
}

// Each seen to fail without its line in domain/account.
describe('keys of admins of all applications', () => {
  it.each([
    ['rotated', 'POST', '/rotate', { overlapMs: 0 }],
    ['disabled', 'DELETE', '', undefined],
  ])('are not shown to, nor %s by, an admin of the application that they belong to', async (_, method, action, body) => {
    const h = await people();
    await h.owner();
    const { id, key } = await h.call<ApiKeyCreated>('POST', '/api-keys', { name: 'all', scopes: ['admin'] });
    const own = { name: 'own', scopes: ['admin'], application: 'default' };
    const one = await h.call<ApiKeyCreated>('POST', '/api-keys', own);
    const eve = await h.person('eve', { applications: [{ application: 'default', role: 'admin' }] });
    const byKey = {
      send: (...of: Parameters<Browser['send']>) => h.send(of[0], of[1], of[2], { authorization: `Bearer ${one.key}` }),
    };
    for (const caller of [eve, byKey]) {
      const list = (await (await caller.send('GET', '/api-keys')).json()) as Page<ApiKey>;
      expect(list.items.map(({ name }) => name)).toEqual(['own']);
      expect((await caller.send(method, `/api-keys/${id}${action}`, body)).status).toBe(404);
    }
    const me = await h.send('GET', '/auth/me', undefined, { authorization: `Bearer ${key}` });
    expect(((await me.json()) as Me).allApplications).toBe(true);
  });
});

describe('who was removed, or became less, while a call was under way', () => {
  it('invites nobody', async () => {
    const h = await people();
    await h.owner();
    const eve = await h.person('eve', { role: 'owner' });
    const path = await pathOf(h, 'eve');
    const answer = await slowly(h, eve, ['POST', '/users/invitations'], { role: 'owner' }, () => h.call('DELETE', path));
    expect(answer.status).toBe(403);
  });

  it('does not become more again', async () => {
    const h = await people();
    await h.owner();
    const eve = await h.person('eve', { role: 'owner' });
    const path = await pathOf(h, 'eve');
    const answer = await slowly(h, eve, ['PUT', path], { role: 'owner' }, () => h.call('PUT', path, { role: 'viewer' }));
    expect([answer.status, (await h.call<User>('GET', path)).role]).toEqual([403, 'viewer']);
  });

  it('makes no key', async () => {
    const h = await people();
    await h.owner();
    const eve = await h.person('eve', { applications: [{ application: 'default', role: 'admin' }] });
    const path = await pathOf(h, 'eve');
    const key = { name: 'late', scopes: ['admin'], application: 'default' };
    const answer = await slowly(h, eve, ['POST', '/api-keys'], key, () => h.call('PUT', path, { applications: [] }));
    expect(answer.status).toBe(403);
  });

  it('invites nobody by another server, which has not heard of it', async () => {
    const h = await people();
    await h.owner();
    const eve = await h.person('eve', { role: 'owner' });
    const other = await people({ database: h.database });
    const there = other.browser();
    there.cookie = eve.cookie;
    expect((await there.send('GET', '/auth/me')).status).toBe(200);
    await h.call('DELETE', await pathOf(h, 'eve'));
    expect((await there.send('POST', '/users/invitations', { role: 'owner' })).status).toBe(403);
  });
});

// Each seen to fail: the other server knew what it had been told for some seconds more, and what it made then stayed.
describe('another server, which has not heard of it, lets nobody in', () => {
  const invite = ['POST', '/users/invitations', { role: 'admin' }] as const;

  it('by a secret of a key that was replaced at once', async () => {
    const h = await people();
    await h.owner();
    const { id, key } = await h.call<ApiKeyCreated>('POST', '/api-keys', { name: 'leaked', scopes: ['admin'] });
    const other = await people({ database: h.database });
    const authorization = `Bearer ${key}`;
    expect((await other.send('GET', '/auth/me', undefined, { authorization })).status).toBe(200);
    await h.call('POST', `/api-keys/${id}/rotate`, { overlapMs: 60_000 });
    expect((await other.send(...invite, { authorization })).status).toBe(201);
    await h.call('POST', `/api-keys/${id}/rotate`, { overlapMs: 0 });
    expect((await other.send(...invite, { authorization })).status).toBe(403);
  });

  it.each([
    ['that was ended', async (ada: Browser) => ada.call('POST', '/auth/logout')],
    [
      'whose password was changed',
      async (ada: Browser) =>
        ada.call('POST', '/auth/password', { currentPassword: PASSWORD, newPassword: 'another password of mine' }),
    ],
  ])('by a session %s', async (_, change) => {
    const h = await people();
    const ada = await h.owner();
    const other = await people({ database: h.database });
    const there = other.browser();
    there.cookie = ada.cookie;
    expect((await there.send(...invite)).status).toBe(201);
    await change(ada);
    expect((await there.send(...invite)).status).toBe(403);
  });
});

describe('links end', () => {
  it('with the password of who gave them out', async () => {
    const h = await people();
    const ada = await h.owner();
    const { token } = await ada.call<InvitationCreated>('POST', '/users/invitations', { role: 'owner' });
    await ada.call('POST', '/auth/password', { currentPassword: PASSWORD, newPassword: 'another password of mine' });
    expect(await accept(h, token)).toBe(401);
  });

  it('with the key that gave them out, where its secret is replaced at once', async () => {
    const h = await people();
    await h.owner();
    const { id, key } = await h.call<ApiKeyCreated>('POST', '/api-keys', { name: 'deploy', scopes: ['admin'] });
    const authorization = `Bearer ${key}`;
    const invited = await h.send('POST', '/users/invitations', { role: 'admin' }, { authorization });
    const { token } = (await invited.json()) as InvitationCreated;
    await h.call('POST', `/api-keys/${id}/rotate`, { overlapMs: 0 });
    expect(await accept(h, token)).toBe(401);
  });

  it('with who gave them out, and the sessions that began by them too', async () => {
    const h = await people();
    const ada = await h.owner();
    const eve = await h.person('eve', { role: 'owner' });
    const link = async () => (await eve.call<OneTimeLink>('POST', '/auth/links', { username: 'ada' })).token;
    const asAda = h.browser();
    await asAda.call('POST', '/auth/link', { token: await link() });
    const unused = await link();
    await h.call('DELETE', await pathOf(h, 'eve'));
    expect((await asAda.send('GET', '/auth/me')).status).toBe(401);
    expect((await h.browser().send('POST', '/auth/link', { token: unused })).status).toBe(401);
    expect((await ada.send('GET', '/auth/me')).status).toBe(200);
  });

  it('with the user whom they sign in, also when that one is enabled again', async () => {
    const h = await people();
    await h.owner();
    await h.person('eve', { role: 'admin' });
    const { token } = await h.call<OneTimeLink>('POST', '/auth/links', { username: 'eve' });
    const path = await pathOf(h, 'eve');
    await h.call('PUT', path, { disabled: true });
    await h.call('PUT', path, { disabled: false });
    expect((await h.browser().send('POST', '/auth/link', { token })).status).toBe(401);
  });
});

it('a key that is disabled twice at once is disabled once', async () => {
  const h = await people();
  const { id } = await h.call<ApiKeyCreated>('POST', '/api-keys', { name: 'deploy', scopes: ['admin'] });
  await Promise.all([h.call('DELETE', `/api-keys/${id}`), h.call('DELETE', `/api-keys/${id}`)]);
  const { items } = await h.call<Page<{ action: string }>>('GET', '/audit-events?action=api_key.disable');
  expect(items).toHaveLength(1);
});

it('an invitation for a name makes that user alone', async () => {
  const h = await people();
  await h.owner();
  const { token } = await h.call<InvitationCreated>('POST', '/users/invitations', { role: 'admin', username: 'grace' });
  expect(await accept(h, token, 'mallory')).toBe(422);
  expect(await accept(h, token, 'Grace')).toBe(201);
});
