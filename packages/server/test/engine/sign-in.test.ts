import type { AuthState, InvitationCreated, Me, OneTimeLink, Page, SignedIn, User } from '@pipelogiq/protocol';
import { expect, it } from 'vitest';
import { refusal } from '../input/support.js';
import { PASSWORD, people } from './people.js';

it('makes the first owner by a link that works once', async () => {
  const h = await people();
  const it = h.browser();
  expect(await it.call<AuthState>('GET', '/auth/state')).toEqual({ setupRequired: true, passwordMinLength: 10, user: null });
  const { token, path } = await h.call<OneTimeLink>('POST', '/users/setup-link');
  expect(path).toBe(`dashboard/setup#token=${token}`);
  const body = { token, username: 'ada', password: PASSWORD };
  const { user } = await it.call<SignedIn>('POST', '/auth/setup', body);
  expect(user).toMatchObject({ username: 'ada', role: 'owner', hasPassword: true, disabled: false, applications: [] });
  expect(await refusal(await h.browser().send('POST', '/auth/setup', { ...body, username: 'eve' }))).toBe('409 state_conflict');
  expect(await it.call<AuthState>('GET', '/auth/state')).toEqual({ setupRequired: false, passwordMinLength: 10, user });
  const { user: same, ...me } = await it.call<Me>('GET', '/auth/me');
  expect(same).toEqual(user);
  expect(me).toMatchObject({ key: null, application: 'default', applications: ['default'], allApplications: true });
  expect((await it.call<Page<User>>('GET', '/users')).items).toEqual([user]);
});

it('tells of a link whether it works, before its form is filled, and uses nothing up', async () => {
  const h = await people();
  const { token } = await h.call<OneTimeLink>('POST', '/users/setup-link');
  const check = async (kind: string, of: string) =>
    (await h.browser().send('POST', '/auth/links/check', { kind, token: of })).status;
  expect([await check('setup', token), await check('setup', token), await check('invite', token)]).toEqual([204, 204, 401]);
  await h.browser().call<SignedIn>('POST', '/auth/setup', { token, username: 'ada', password: PASSWORD });
  expect(await check('setup', token)).toBe(409);
  const invited = await h.call<InvitationCreated>('POST', '/users/invitations', { role: 'viewer' });
  expect([await check('invite', invited.token), await check('invite', invited.token)]).toEqual([204, 204]);
  await h.browser().call<SignedIn>('POST', '/auth/invite', { token: invited.token, username: 'grace', password: PASSWORD });
  expect(await check('invite', invited.token)).toBe(401);
});

it('signs in with a password and out again', async () => {
  const h = await people();
  await h.owner();
  const it = h.browser();
  expect(await refusal(await it.send('POST', '/auth/login', { username: 'ada', password: 'not this one' }))).toBe(
    '401 unauthenticated',
  );
  await it.call('POST', '/auth/login', { username: 'ADA', password: PASSWORD });
  const cookie = it.cookie as string;
  expect((await it.send('GET', '/pipelines')).status).toBe(200);
  await it.call('POST', '/auth/logout');
  expect(it.cookie).toBeUndefined();
  it.cookie = cookie;
  expect(await refusal(await it.send('GET', '/pipelines'))).toBe('401 unauthenticated');
});

it('signs the local owner in by a link, once', async () => {
  const h = await people();
  const { token } = await h.call<OneTimeLink>('POST', '/auth/links');
  const it = h.browser();
  const { user } = await it.call<SignedIn>('POST', '/auth/link', { token });
  expect(user).toMatchObject({ username: 'owner', role: 'owner', hasPassword: false });
  expect(await refusal(await h.browser().send('POST', '/auth/link', { token }))).toBe('401 unauthenticated');
});
