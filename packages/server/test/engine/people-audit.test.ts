import fs, { readFileSync } from 'node:fs';
import type { AuditEvent, InvitationCreated, OpenSession, Page, User } from '@pipelogiq/protocol';
import { expect, it, onTestFinished, vi } from 'vitest';
import { inspect } from '../input/support.js';
import { PASSWORD, people } from './people.js';

const NEW = 'another password of mine';

it('writes down who did what about people, and no secret of theirs', async () => {
  const logged: string[] = [];
  const write = vi.spyOn(fs, 'writeSync').mockImplementation((_, text) => {
    logged.push(String(text));
    return String(text).length;
  });
  onTestFinished(() => write.mockRestore());
  const h = await people({ auditRefusalsEveryMs: 1_000, logLevel: 'trace' });
  const owner = await h.owner();
  const tokens: string[] = [];
  const invite = async () => {
    const made = await owner.call<InvitationCreated>('POST', '/users/invitations', { role: 'viewer' });
    tokens.push(made.token);
    return made;
  };
  const { token } = await invite();
  const grace = h.browser();
  await grace.call('POST', '/auth/invite', { token, username: 'grace', password: PASSWORD });
  await owner.call('DELETE', `/users/invitations/${(await invite()).id}`);
  const other = h.browser();
  await other.call('POST', '/auth/login', { username: 'grace', password: PASSWORD });
  for (const username of ['grace', 'my-secret-as-a-name'])
    expect((await h.browser().send('POST', '/auth/login', { username, password: 'a wrong guess' })).status).toBe(401);
  const { items } = await other.call<Page<OpenSession>>('GET', '/auth/sessions');
  const graceCookie = grace.cookie ?? '';
  await other.call('DELETE', `/auth/sessions/${items.find(({ current }) => !current)?.id}`);
  await other.call('POST', '/auth/password', { currentPassword: PASSWORD, newPassword: NEW });
  const otherCookie = other.cookie ?? '';
  await other.call('POST', '/auth/logout');
  const { id } = (await owner.call<Page<User>>('GET', '/users')).items.find(({ username }) => username === 'grace') as User;
  await owner.call('PUT', `/users/${id}`, { role: 'operator' });
  const link = await owner.call<{ token: string }>('POST', '/auth/links', { username: 'grace' });
  tokens.push(link.token);
  await owner.call('DELETE', `/users/${id}`);
  await h.controlPlane.advance(1_000);
  const entries = (await owner.call<Page<AuditEvent>>('GET', '/audit-events')).items.reverse();
  const about = (entry: AuditEvent) => [entry.action, entry.actorName ?? entry.actor];
  expect(entries.map(about)).toEqual([
    ['link.create', 'local'],
    ['user.setup', 'ada'],
    ['user.invite', 'ada'],
    ['user.accept', 'grace'],
    ['user.invite', 'ada'],
    ['invitation.revoke', 'ada'],
    ['user.login', 'grace'],
    ['session.revoke', 'grace'],
    ['user.password', 'grace'],
    ['user.logout', 'grace'],
    ['user.update', 'ada'],
    ['link.create', 'ada'],
    ['user.delete', 'ada'],
    ['access.login_failed', 'unknown'],
    ['access.login_failed', 'unknown'],
  ]);
  expect(entries.slice(-2).map(({ target, result }) => [target.id, result])).toEqual([
    [id, 'refused'],
    ['unknown', 'refused'],
  ]);
  const cookies = [owner.cookie ?? '', graceCookie, otherCookie].map((cookie) => cookie.split('=')[1] as string);
  const stored = JSON.stringify(await inspect(h.database));
  await h.controlPlane.close();
  expect(logged.join('')).toContain('/auth/login'); // each request, at this level
  for (const secret of [PASSWORD, NEW, 'a wrong guess', 'my-secret-as-a-name', ...tokens, ...cookies]) {
    expect(secret.length).toBeGreaterThan(10);
    expect(
      [stored, ...logged].some((text) => text.includes(secret)),
      secret,
    ).toBe(false);
  }
});

it('has tried every action about people that the documentation names', () => {
  const protocol = readFileSync(new URL('../../../../docs/protocol.md', import.meta.url), 'utf8');
  const section = protocol.split('### Audit trail')[1]?.split('\n## ')[0] ?? '';
  const named = [...section.matchAll(/`((?:user|session|invitation|link)\.[a-z_]+)`/g)].map((match) => match[1]);
  const tried = readFileSync(new URL(import.meta.url), 'utf8');
  const elsewhere = ['user.create']; // the local owner, in sign-in.test.ts
  expect(named.filter((action) => !elsewhere.includes(action ?? '') && !tried.includes(`'${action}'`))).toEqual([]);
  expect(named.length).toBeGreaterThan(8);
});
