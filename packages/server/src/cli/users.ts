import {
  type ApplicationAccess,
  type InvitationCreated,
  type Page,
  ROLES,
  ROUTES,
  type Role,
  type User,
} from '@pipelogiq/protocol';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { systemClock } from '../clock.js';
import { callServer } from './call.js';
import { addServerFlags, onServer, type ServerFlags, type Target } from './connection.js';
import { CliError, EXIT } from './failure.js';
import { requireReader } from './login-link.js';
import type { Output } from './output.js';
import { addPageFlags, type PageFlags, printJson, printPage, readPages } from './paging.js';
import type { Column } from './table.js';
import { relative } from './time-words.js';

interface RoleFlags {
  role?: Role | 'none';
  access?: ApplicationAccess[];
}

/** `pipelogiq users …` */
export function usersCommands(program: Command, output: Output): void {
  const group = program.command('users').description('people who may sign in');
  listUsers(group, output);
  inviteUser(group, output);
  changeUser(group, output, 'set', 'change what a user may do');
  changeUser(group, output, 'disable', 'end the sessions of a user and let nobody in by that name', { disabled: true });
  changeUser(group, output, 'enable', 'let a disabled user in again', { disabled: false });
  deleteUser(group, output);
}

const asAdmin = <T>(flags: ServerFlags, use: (target: Target) => Promise<T>): Promise<T> =>
  onServer(flags, (_, target) => use(target), 'admin');

const usersOf =
  (target: Target) =>
  ({ limit, cursor }: { limit: number; cursor?: string }): Promise<Page<User>> => {
    const query = new URLSearchParams({ limit: String(limit), ...(cursor !== undefined && { cursor }) });
    return callServer<Page<User>>(target, 'GET', `${ROUTES.users}?${query}`);
  };

function listUsers(group: Command, output: Output): void {
  const command = group.command('list').description('users, newest first');
  addServerFlags(addPageFlags(command)).action(async (flags: ServerFlags & PageFlags) => {
    const page = await asAdmin(flags, (target) => readPages(flags, usersOf(target)));
    printPage(output, page, { json: flags.json, none: 'There is no user.', columns: columns(systemClock().now()) });
  });
}

const columns = (now: number): Column<User>[] => [
  { title: 'ID', value: ({ id }) => id },
  { title: 'USERNAME', value: ({ username }) => username, flexible: true },
  { title: 'ROLE', value: ({ role }) => role ?? '' },
  { title: 'APPLICATIONS', value: ({ applications }) => accessText(applications), flexible: true },
  { title: 'STATE', value: ({ disabled }) => (disabled ? 'disabled' : 'enabled') },
  {
    title: 'LAST SIGN-IN',
    value: ({ lastLoginAt }) => (lastLoginAt === null ? 'never' : relative(lastLoginAt, now)),
    align: 'right',
  },
];

const accessText = (applications: readonly ApplicationAccess[]): string =>
  applications.map(({ application, role }) => `${application}:${role}`).join(', ');

function oneAccess(text: string, before: ApplicationAccess[] = []): ApplicationAccess[] {
  const [, application, role] = /^(.+):(viewer|operator|admin)$/.exec(text) ?? [];
  if (application === undefined) throw new InvalidArgumentError('It must be as shop:viewer, shop:operator or shop:admin.');
  return [...before, { application, role: role as ApplicationAccess['role'] }];
}

const addRoleFlags = (command: Command, roles: readonly string[]): Command =>
  command
    .addOption(new Option('--role <word>', 'for all applications').choices(roles))
    .option('--access <application:role>', 'for one application; may be repeated', oneAccess);

function inviteUser(group: Command, output: Output): void {
  const command = group
    .command('invite')
    .description('a link by which somebody becomes a user, once')
    .option('--username <text>', 'their name; without it they choose one');
  addRoleFlags(command, ROLES).option('--output <file>', '- prints the link even when no terminal reads it');
  addServerFlags(command).action(async (flags: ServerFlags & RoleFlags & { username?: string; output?: string }) => {
    requireReader(output, flags);
    const { username, role, access } = flags;
    const body = {
      ...(username !== undefined && { username }),
      ...(role !== undefined && { role }),
      ...(access && { applications: access }),
    };
    const made = await asAdmin(flags, async (target) => {
      const { path, id, expiresAt } = await callServer<InvitationCreated>(target, 'POST', ROUTES.usersInvitations, body);
      return { id, url: `${target.url}/${path}`, expiresAt };
    });
    if (flags.json) printJson(output, made);
    else output.line(made.url);
  });
}

/** By name, or by id. @throws CliError when there is no such user */
async function found(target: Target, who: string): Promise<User> {
  for (let cursor: string | undefined; ; ) {
    const page = await usersOf(target)({ limit: 200, ...(cursor !== undefined && { cursor }) });
    const user = page.items.find(({ id, username }) => username.toLowerCase() === who.toLowerCase() || id === who);
    if (user) return user;
    if (page.nextCursor === null) throw new CliError(`there is no user ${JSON.stringify(who)}`, { exitCode: EXIT.notFound });
    cursor = page.nextCursor;
  }
}

function changeUser(group: Command, output: Output, name: string, description: string, change?: { disabled: boolean }): void {
  const command = group.command(`${name} <user>`).description(description);
  if (!change) addRoleFlags(command, [...ROLES, 'none']);
  addServerFlags(command).action(async (who: string, flags: ServerFlags & RoleFlags) => {
    const { role, access } = flags;
    const asked = {
      ...(role !== undefined && { role: role === 'none' ? null : role }),
      ...(access && { applications: access }),
    };
    const body = change ?? asked;
    if (Object.keys(body).length === 0) throw new CliError('say --role or --access', { exitCode: EXIT.usage });
    const user = await asAdmin(flags, async (target) => {
      const { id } = await found(target, who);
      return callServer<User>(target, 'PUT', ROUTES.user.replace('{id}', id), body);
    });
    if (flags.json) printJson(output, user);
    else output.line(`${user.username}: ${wordsOf(user)}`);
  });
}

const wordsOf = ({ role, applications, disabled }: User): string =>
  [disabled && 'disabled', role ? `${role} of all applications` : '', accessText(applications)].filter(Boolean).join(', ') ||
  'no role';

function deleteUser(group: Command, output: Output): void {
  const command = group.command('delete <user>').description('delete a user, with all sessions');
  addServerFlags(command).action(async (who: string, flags: ServerFlags) => {
    const user = await asAdmin(flags, async (target) => {
      const user = await found(target, who);
      await callServer(target, 'DELETE', ROUTES.user.replace('{id}', user.id));
      return user;
    });
    if (flags.json) printJson(output, user);
    else output.line(`${user.username} is deleted`);
  });
}
