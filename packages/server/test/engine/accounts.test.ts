import type { ApiKeyCreated, InvitationCreated, Me, OneTimeLink, OpenSession, Page, SignedIn, User } from '@pipelogiq/protocol';
import { describe, expect, it } from 'vitest';
import { refusal } from '../input/support.js';
import { type Browser, PASSWORD, type People, people } from './people.js';

const HOUR = 3_600_000;
const NEW = 'another password of mine';

const login = (it: Browser, username: string, password = PASSWORD) => it.send('POST', '/auth/login', { username, password });
const linkFor = async (h: People, username?: string) =>
  (await h.call<OneTimeLink>('POST', '/auth/links', username === undefined ? {} : { username })).token;
const userOf = async (h: People, name: string) =>
  (await h.call<Page<User>>('GET', '/users')).items.find(({ username }) => username === name) as User;

// Each seen to fail: who was no owner any more came back as one.
describe('what somebody gave out ends with what they may', () => {
  const invitedBy = async (it: Browser) =>
    (await it.call<InvitationCreated>('POST', '/users/invitations', { role: 'owner' })).token;
  const accepted = async (h: People, token: string) =>
    refusal(await h.browser().send('POST', '/auth/invite', { token, username: 'back', password: PASSWORD }));
  const REFUSED = '401 unauthenticated';

  it.each([
    { becomes: 'deleted', how: (h: People, path: string) => h.call('DELETE', path) },
    { becomes: 'disabled', how: (h: People, path: string) => h.call('PUT', path, { disabled: true }) },
    { becomes: 'less', how: (h: People, path: string) => h.call('PUT', path, { role: 'admin' }) },
  ])('the invitations of an owner who is $becomes', async ({ how }) => {
    const h = await people();
    await h.owner();
    const eve = await h.person('eve', { role: 'owner' });
    const token = await invitedBy(eve);
    await how(h, `/users/${(await userOf(h, 'eve')).id}`);
    expect(await accepted(h, token)).toBe(REFUSED);
    expect((await h.call<Page<unknown>>('GET', '/users/invitations')).items).toEqual([]);
  });

  it('not those of one who becomes more', async () => {
    const h = await people();
    await h.owner();
    const eve = await h.person('eve', { role: 'admin' });
    const { token } = await eve.call<InvitationCreated>('POST', '/users/invitations', { role: 'viewer' });
    await h.call('PUT', `/users/${(await userOf(h, 'eve')).id}`, { role: 'owner' });
    expect((await h.browser().send('POST', '/auth/invite', { token, username: 'vic', password: PASSWORD })).status).toBe(201);
  });

  it('the invitations of a key that is disabled', async () => {
    const h = await people();
    await h.owner();
    const { id, key } = await h.call<ApiKeyCreated>('POST', '/api-keys', { name: 'deploy', scopes: ['admin'] });
    const invitation = await h.send('POST', '/users/invitations', { role: 'admin' }, { authorization: `Bearer ${key}` });
    const { token } = (await invitation.json()) as InvitationCreated;
    await h.call('DELETE', `/api-keys/${id}`);
    expect(await accepted(h, token)).toBe(REFUSED);
  });

  it('the sign-in links of one who changes the password', async () => {
    const h = await people();
    const it = await h.owner();
    const token = await linkFor(h, 'ada');
    await it.call('POST', '/auth/password', { currentPassword: PASSWORD, newPassword: NEW });
    expect(await refusal(await h.browser().send('POST', '/auth/link', { token }))).toBe(REFUSED);
  });
});

it('a key that is over before it is made is refused', async () => {
  const h = await people();
  const expiresAt = new Date(h.controlPlane.now()).toISOString();
  expect(await refusal(await h.send('POST', '/api-keys', { name: 'late', scopes: ['read'], expiresAt }))).toBe(
    '422 invalid_request',
  );
});

describe('a session', () => {
  it('ends after 12 hours without use, and lives on while it is used', async () => {
    const h = await people({ sessionIdleMs: 120_000 });
    const [used, idle] = [await h.person('used', { role: 'viewer' }), await h.person('idle', { role: 'viewer' })];
    for (let minute = 0; minute < 3; minute++) {
      await h.controlPlane.advance(60_000);
      expect((await used.send('GET', '/pipelines')).status).toBe(200);
    }
    expect(await refusal(await idle.send('GET', '/pipelines'))).toBe('401 unauthenticated');
  });

  it('ends after its time in any case, and is deleted', async () => {
    const h = await people({ sessionMaxMs: 120_000 });
    const it = await h.person('ada', { role: 'viewer' });
    await h.controlPlane.advance(60_000);
    expect((await it.send('GET', '/pipelines')).status).toBe(200);
    await h.controlPlane.advance(60_000);
    expect(await refusal(await it.send('GET', '/pipelines'))).toBe('401 unauthenticated');
  });

  it('is listed with where it comes from, and revoked by its own user only', async () => {
    const h = await people();
    const here = await h.person('ada', { role: 'viewer' });
    const there = h.browser();
    await there.call('POST', '/auth/login', { username: 'ada', password: PASSWORD }, { 'user-agent': 'Lynx' });
    const { items } = await here.call<Page<OpenSession>>('GET', '/auth/sessions');
    expect(items.map(({ current, userAgent }) => [current, userAgent])).toEqual([
      [false, 'Lynx'],
      [true, null],
    ]);
    const other = items[0]?.id as string;
    const stranger = await h.person('eve', { role: 'owner' });
    expect(await refusal(await stranger.send('DELETE', `/auth/sessions/${other}`))).toBe('404 not_found');
    await here.call('DELETE', `/auth/sessions/${other}`);
    expect(await refusal(await there.send('GET', '/auth/me'))).toBe('401 unauthenticated');
    expect((await here.send('GET', '/auth/me')).status).toBe(200);
  });

  it('is a new one at each sign-in, and the one before in the same browser ends', async () => {
    const h = await people();
    const it = await h.person('ada', { role: 'viewer' });
    const before = it.cookie;
    await login(it, 'ada');
    expect(it.cookie).not.toBe(before);
    const old = h.browser();
    old.cookie = before;
    expect((await old.send('GET', '/auth/me')).status).toBe(401);
  });

  it('has the safest cookie that the way to the server allows', async () => {
    const h = await people();
    await h.person('ada', { role: 'viewer' });
    const cookieOf = async (headers: Record<string, string>) => {
      const body = { username: 'ada', password: PASSWORD };
      return (await h.browser().send('POST', '/auth/login', body, headers)).headers.get('set-cookie') ?? '';
    };
    expect(await cookieOf({})).toMatch(/^pipelogiq=[\w-]{43}; HttpOnly; SameSite=Lax; Path=\/; Max-Age=604800$/);
    const https = await cookieOf({ origin: 'https://pipelogiq.test' });
    expect(https).toMatch(/^__Host-pipelogiq=[\w-]{43}; HttpOnly; SameSite=Lax; Path=\/; Max-Age=604800; Secure$/);
  });

  it('of those with too many, the first ends', async () => {
    const h = await people({ maxUserSessions: 2 });
    const first = await h.person('ada', { role: 'viewer' });
    for (let more = 0; more < 2; more++) await login(h.browser(), 'ada');
    await h.controlPlane.advance(5_000); // a session is remembered for that long
    expect((await first.send('GET', '/auth/me')).status).toBe(401);
  });
});

describe('a password', () => {
  it('changes with the one before, gives a new cookie and ends the other sessions', async () => {
    const h = await people();
    const it = await h.person('ada', { role: 'viewer' });
    const other = h.browser();
    await login(other, 'ada');
    const wrong = await it.send('POST', '/auth/password', { currentPassword: 'not this one', newPassword: NEW });
    expect(await wrong.json()).toMatchObject({ code: 'invalid_request', errors: [{ path: 'currentPassword' }] });
    expect((await it.send('POST', '/auth/password', { newPassword: NEW })).status).toBe(422);
    const before = it.cookie;
    await it.call('POST', '/auth/password', { currentPassword: PASSWORD, newPassword: NEW });
    expect(it.cookie).not.toBe(before);
    expect((await it.send('GET', '/auth/me')).status).toBe(200);
    expect((await other.send('GET', '/auth/me')).status).toBe(401);
    expect((await login(h.browser(), 'ada')).status).toBe(401);
    expect((await login(h.browser(), 'ada', NEW)).status).toBe(200);
  });

  it('that is forgotten is set anew in a session of a sign-in link, once', async () => {
    const h = await people();
    await h.person('ada', { role: 'viewer' });
    const it = h.browser();
    const { session } = await it.call<SignedIn>('POST', '/auth/link', { token: await linkFor(h, 'ada') });
    expect(session.byLink).toBe(true);
    await it.call('POST', '/auth/password', { newPassword: NEW });
    expect((await it.send('POST', '/auth/password', { newPassword: PASSWORD })).status).toBe(422);
    expect((await login(h.browser(), 'ada', NEW)).status).toBe(200);
  });

  it.each([
    ['too short', 'short'],
    ['the name', 'grace.hopper'],
  ])('that is %s is refused', async (_, password) => {
    const h = await people();
    const { token } = await h.call<InvitationCreated>('POST', '/users/invitations', { role: 'viewer' });
    const body = { token, username: 'Grace.Hopper', password };
    const response = await h.browser().send('POST', '/auth/invite', body);
    expect(await response.json()).toMatchObject({ status: 422, errors: [{ path: 'password' }] });
    expect((await h.browser().send('POST', '/auth/invite', { ...body, password: PASSWORD })).status).toBe(201); // not used up
  });

  it('is guessed ten times, then no more, not even rightly; a link goes on', async () => {
    const h = await people({ loginsPerAccount: 3, loginWindowMs: 60_000 });
    await h.person('ada', { role: 'viewer' });
    const it = h.browser();
    const guesses = await Promise.all(Array.from({ length: 5 }, () => login(it, 'ADA', 'a wrong guess')));
    expect(guesses.map(({ status }) => status).sort()).toEqual([401, 401, 401, 429, 429]);
    const limited = await login(it, 'ada');
    expect([limited.status, limited.headers.get('retry-after')]).toEqual([429, '60']);
    expect((await login(it, 'nobody', 'a wrong guess')).status).toBe(401); // another name
    await it.call('POST', '/auth/link', { token: await linkFor(h, 'ada') });
    await h.controlPlane.advance(60_000);
    expect((await login(it, 'ada')).status).toBe(200);
  });

  it('refuses a wrong name, a wrong password and a disabled user in the same words', async () => {
    const h = await people();
    for (const name of ['ada', 'off']) await h.person(name, { role: 'viewer' });
    await h.call('PUT', `/users/${(await userOf(h, 'off')).id}`, { disabled: true });
    const said = async (name: string, password: string) => {
      const { requestId: _, ...problem } = (await (await login(h.browser(), name, password)).json()) as { requestId: string };
      return problem;
    };
    const unknown = await said('nobody', PASSWORD);
    expect(unknown).toMatchObject({ status: 401, code: 'unauthenticated' });
    expect(await said('ada', 'not this one')).toEqual(unknown);
    expect(await said('off', PASSWORD)).toEqual(unknown);
  });
});

describe('users', () => {
  it('act in the applications that they have a role in, with the stronger of their roles', async () => {
    const h = await people();
    for (const name of ['shop', 'zoo']) await h.call('POST', '/applications', { name });
    const it = await h.person('ada', { role: 'viewer', applications: [{ application: 'shop', role: 'operator' }] });
    const meIn = (application?: string) =>
      it.call<Me>('GET', '/auth/me', undefined, application === undefined ? {} : { 'pipelogiq-application': application });
    expect(await meIn()).toMatchObject({ application: 'default', scopes: ['read'], allApplications: true });
    expect(await meIn('shop')).toMatchObject({ scopes: ['read', 'operate', 'produce'], allApplications: false });
    expect((await meIn()).applications).toEqual(['default', 'shop', 'zoo']);
    const made = { name: 'p', stages: [{ name: 's' }] };
    expect((await it.send('POST', '/pipelines', made)).status).toBe(403);
    const { id } = await it.call<{ id: string }>('POST', '/pipelines', made, { 'pipelogiq-application': 'shop' });
    expect((await it.send('GET', `/pipelines/${id}`)).status).toBe(404);
    const single = await h.person('eve', { applications: [{ application: 'zoo', role: 'viewer' }] });
    expect(await single.call<Me>('GET', '/auth/me')).toMatchObject({
      application: 'zoo',
      applications: ['zoo'],
      allApplications: false,
    });
  });

  it('lose what is taken from them at once', async () => {
    const h = await people();
    const it = await h.person('ada', { role: 'operator' });
    const { id } = await userOf(h, 'ada');
    expect((await it.send('GET', '/hooks')).status).toBe(200);
    expect(await h.call('PUT', `/users/${id}`, { role: 'viewer' })).toMatchObject({ role: 'viewer' });
    expect((await it.send('GET', '/hooks')).status).toBe(403);
    await h.call('PUT', `/users/${id}`, { disabled: true });
    expect((await it.send('GET', '/pipelines')).status).toBe(401);
    await h.call('PUT', `/users/${id}`, { disabled: false });
    expect((await it.send('GET', '/pipelines')).status).toBe(401); // the session is gone, not asleep
    await h.call('DELETE', `/users/${id}`);
    expect((await login(h.browser(), 'ada')).status).toBe(401);
  });

  it('who are no owners neither make, change, remove nor impersonate owners; the last one stays', async () => {
    const h = await people();
    const owner = await h.owner();
    const admin = await h.person('admin', { role: 'admin' });
    const { id } = await userOf(h, 'ada');
    for (const [method, path, body] of [
      ['PUT', `/users/${id}`, { disabled: true }],
      ['PUT', `/users/${(await userOf(h, 'admin')).id}`, { role: 'owner' }],
      ['DELETE', `/users/${id}`, undefined],
      ['POST', '/users/invitations', { role: 'owner' }],
      ['POST', '/auth/links', { username: 'ada' }],
      ['POST', '/auth/links', {}],
    ] as const) {
      expect(await refusal(await admin.send(method, path, body)), `${method} ${path}`).toBe('403 forbidden');
    }
    for (const change of [{ role: 'admin' }, { role: null }, { disabled: true }])
      expect(await refusal(await owner.send('PUT', `/users/${id}`, change))).toBe('409 state_conflict');
    expect(await refusal(await owner.send('DELETE', `/users/${id}`))).toBe('409 state_conflict');
    await h.person('second', { role: 'owner' });
    expect(await owner.call('PUT', `/users/${id}`, { role: 'admin' })).toMatchObject({ role: 'admin' });
  });

  it('come by an invitation that works once, within its time, with what it gives', async () => {
    const h = await people({ invitationMs: 120_000 });
    const made = await h.call<InvitationCreated>('POST', '/users/invitations', { username: 'ada', role: 'viewer' });
    const body = { token: made.token, username: 'ada', password: PASSWORD };
    expect(await h.call('GET', '/users/invitations')).toMatchObject({
      items: [{ id: made.id, username: 'ada', role: 'viewer' }],
    });
    expect((await h.browser().call<SignedIn>('POST', '/auth/invite', body)).user.role).toBe('viewer');
    expect((await h.browser().send('POST', '/auth/invite', { ...body, username: 'eve' })).status).toBe(401);
    expect((await h.send('POST', '/users/invitations', { username: 'ADA', role: 'viewer' })).status).toBe(409); // the name is taken
    const late = await h.call<InvitationCreated>('POST', '/users/invitations', { role: 'viewer' });
    const revoked = await h.call<InvitationCreated>('POST', '/users/invitations', { role: 'viewer' });
    await h.call('DELETE', `/users/invitations/${revoked.id}`);
    await h.controlPlane.advance(120_000);
    for (const { token } of [late, revoked])
      expect((await h.browser().send('POST', '/auth/invite', { ...body, username: 'eve', token })).status).toBe(401);
  });
});

it('lets two secrets of an API key live while it is rotated', async () => {
  const h = await people();
  const made = await h.call<ApiKeyCreated>('POST', '/api-keys', { name: 'k', scopes: ['read'] });
  const status = async (key: string) => (await h.send('GET', '/pipelines', undefined, { authorization: `Bearer ${key}` })).status;
  expect(await status(made.key)).toBe(200); // and remembered
  const rotated = await h.call<ApiKeyCreated>('POST', `/api-keys/${made.id}/rotate`, { overlapMs: 60_000 });
  expect(Date.parse(rotated.oldSecretUntil as string)).toBe(h.controlPlane.now() + 60_000);
  expect([await status(made.key), await status(rotated.key)]).toEqual([200, 200]);
  await h.controlPlane.advance(60_000);
  expect([await status(made.key), await status(rotated.key)]).toEqual([401, 200]);
  const again = await h.call<ApiKeyCreated>('POST', `/api-keys/${made.id}/rotate`, { overlapMs: 0 });
  expect([await status(rotated.key), await status(again.key)]).toEqual([401, 200]);
  await h.call('DELETE', `/api-keys/${made.id}`);
  expect(await refusal(await h.send('POST', `/api-keys/${made.id}/rotate`, {}))).toBe('404 not_found');
});

it('keeps people and their sessions over a restart', async () => {
  const h = await people();
  const it = await h.person('ada', { role: 'viewer' });
  await h.controlPlane.close();
  const again = await people({ database: h.database, now: h.controlPlane.now() + HOUR });
  const browser = again.browser();
  browser.cookie = it.cookie;
  expect((await browser.call<Me>('GET', '/auth/me')).user?.username).toBe('ada');
});
