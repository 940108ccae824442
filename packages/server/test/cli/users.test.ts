import type { SignedIn } from '@pipelogiq/protocol';
import { describe, expect, it } from 'vitest';
import { oneLine } from './command.js';
import { aServer, Paper, type Served } from './in-process.js';

const cheap = () => aServer({ passwordCost: 14 });
const PASSWORD = 'correct horse battery';

/** What a link is worth: who it signs in. */
async function follow({ url }: Served, link: string, body: object = {}): Promise<SignedIn> {
  const [, kind, token] = /\/dashboard\/([\w-]+)#token=([\w-]{43})(?:&username=[\w-]+)?\s*$/.exec(link) ?? [];
  const path = { 'sign-in': '/auth/link', invite: '/auth/invite' }[kind ?? ''];
  const response = await fetch(`${url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token, ...body }),
  });
  if (!response.ok) throw new Error(await response.text());
  return (await response.json()) as SignedIn;
}

describe('pipelogiq login-link', () => {
  it('prints a link that signs the first owner in, who is made for it', async () => {
    const server = await cheap();
    const { code, stdout } = await server.cli('login-link', new Paper({ columns: 80 }));
    expect(code).toBe(0);
    expect((await follow(server, stdout)).user).toMatchObject({ username: 'owner', role: 'owner' });
    await expect(follow(server, stdout)).rejects.toThrow('unauthenticated');
  });

  it('prints none to a pipe, unless it is asked to', async () => {
    const server = await cheap();
    expect(await server.cli('login-link')).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringMatching(oneLine(/--output -/)),
    });
    const { url } = (await server.json('login-link --output -')) as { url: string };
    expect((await follow(server, url)).user.username).toBe('owner');
  });

  it('says in one line that there is no such user', async () => {
    const server = await cheap();
    const ended = await server.cli('login-link --username nobody --output -');
    expect(ended).toMatchObject({ code: 4, stderr: expect.stringMatching(oneLine(/no user "nobody"/)) });
  });
});

describe('pipelogiq users', () => {
  it('invites, lists, changes, disables, enables and deletes', async () => {
    const server = await cheap();
    const { stdout } = await server.cli('users invite --username grace --access default:operator --output -');
    const { user } = await follow(server, stdout, { username: 'grace', password: PASSWORD });
    expect(user).toMatchObject({ role: null, applications: [{ application: 'default', role: 'operator' }] });
    expect(await server.json('users list')).toEqual({ items: [user], nextCursor: null });
    expect((await server.cli('users set grace --role viewer')).stdout).toBe(
      'grace: viewer of all applications, default:operator\n',
    );
    expect(await server.json('users disable GRACE')).toMatchObject({ disabled: true });
    expect((await server.cli('users list')).stdout).toMatch(/grace +viewer +default:operator +disabled/);
    expect(await server.json(`users enable ${user.id}`)).toMatchObject({ disabled: false });
    expect((await server.cli('users delete grace')).stdout).toBe('grace is deleted\n');
    expect((await server.cli('users list')).stdout).toBe('There is no user.\n');
    expect((await server.cli('users disable grace')).code).toBe(4);
  });

  it('refuses what is not a role, and a change of nothing', async () => {
    const server = await cheap();
    expect((await server.cli('users invite --access shop')).code).toBe(2);
    expect((await server.cli('users set ada')).code).toBe(2);
  });
});
