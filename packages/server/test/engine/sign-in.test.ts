import type { AuthState, Me, OneTimeLink, Page, SignedIn, User } from '@pipelogiq/protocol';
import { expect, it } from 'vitest';
import { refusal } from '../input/support.js';
import { PASSWORD, people } from './people.js';

it('makes the first owner by a link that works once', async () => {
  const h = await people();
  const it = h.browser();
  expect(await it.call<AuthState>('GET', '/auth/state')).toEqual({ setupRequired: true, user: null });
  const { token, path } = await h.call<OneTimeLink>('POST', '/users/setup-link');
  expect(path).toBe(`dashboard/setup#token=${token}`);
  const body = { token, username: 'ada', password: PASSWORD };
  const { user } = await it.call<SignedIn>('POST', '/auth/setup', body);
  expect(user).toMatchObject({ username: 'ada', role: 'owner', hasPassword: true, disabled: false, applications: [] });
  expect(await refusal(await h.browser().send('POST', '/auth/setup', { ...body, username: 'eve' }))).toBe('409 state_conflict');
  expect(await it.call<AuthState>('GET', '/auth/state')).toEqual({ setupRequired: false, user });
  const { user: same, ...me } = await it.call<Me>('GET', '/auth/me');
  expect(same).toEqual(user);
  expect(me).toMatchObject({ key: null, application: 'default', applications: ['default'], allApplications: true });
  expect((await it.call<Page<User>>('GET', '/users')).items).toEqual([user]);
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
