import { z } from '@hono/zod-openapi';
import { ROLES, SCOPES } from '@pipelogiq/protocol';
import { durationMs, id, name, optional, time } from './common.js';

const MAX_PASSWORD = 1_024;
const MAX_TOKEN = 128;
const MAX_ROLES = 1_000;

/** Letters and digits of any script, and what addresses of email have: nothing that could be taken for another name at a glance. */
const username = z
  .string()
  .max(64)
  .regex(/^[\p{L}\p{N}][\p{L}\p{N}._@+-]*$/u, 'must begin with a letter or digit; then also . _ @ + -')
  .openapi({ example: 'ada' });
const password = z.string().min(1).max(MAX_PASSWORD).openapi({ format: 'password' });
const token = z.string().min(1).max(MAX_TOKEN);

const role = z.enum(ROLES);
const access = z.strictObject({ application: name(), role: z.enum(['viewer', 'operator', 'admin']) });
const accesses = z.array(access).max(MAX_ROLES);

const example = { username: 'ada', password: 'correct horse battery' };
export const login = z.strictObject({ username: name(MAX_TOKEN), password }).openapi('Login', { example });
export const newUser = z
  .strictObject({ token, username, password })
  .openapi('NewUser', { example: { token: 'Zm9v…', ...example } });
export const linkLogin = z.strictObject({ token }).openapi('LinkLogin', { example: { token: 'Zm9v…' } });
export const checkLink = z
  .strictObject({ kind: z.enum(['setup', 'invite']), token })
  .openapi('CheckLink', { example: { kind: 'invite', token: 'Zm9v…' } });
export const changePassword = z
  .strictObject({ currentPassword: optional(password), newPassword: password })
  .openapi('ChangePassword', { example: { currentPassword: 'correct horse battery', newPassword: 'staple of my own' } });

export const updateUser = z
  .strictObject({ role: optional(role.nullable()), applications: optional(accesses), disabled: optional(z.boolean()) })
  .openapi('UpdateUser', { example: { role: null, applications: [{ application: 'shop', role: 'operator' }] } });
export const createInvitation = z
  .strictObject({ username: optional(username), role: optional(role.nullable()), applications: optional(accesses) })
  .openapi('CreateInvitation', { example: { username: 'grace', role: 'viewer' } });
export const createLink = z
  .strictObject({ username: optional(name(MAX_TOKEN)) })
  .openapi('CreateLink', { example: { username: 'ada' } });
export const rotateApiKey = z
  .strictObject({ overlapMs: optional(durationMs()) })
  .openapi('RotateApiKey', { example: { overlapMs: 3_600_000 } });

const given = z.object({ application: z.string(), role: z.enum(['viewer', 'operator', 'admin']) });
export const user = z
  .object({
    id,
    username: z.string(),
    role: role.nullable(),
    applications: z.array(given),
    disabled: z.boolean(),
    createdAt: time,
    lastLoginAt: time.nullable(),
    hasPassword: z.boolean(),
  })
  .openapi('User');
const session = z.object({ id, createdAt: time, expiresAt: time, byLink: z.boolean() }).openapi('UserSession');
export const signedIn = z.object({ user, session }).openapi('SignedIn');
export const authState = z
  .object({ setupRequired: z.boolean(), passwordMinLength: z.int(), user: user.nullable() })
  .openapi('AuthState');
export const me = z
  .object({
    user: user.nullable(),
    key: z.object({ id, name: optional(z.string()) }).nullable(),
    scopes: z.array(z.enum(SCOPES)),
    application: z.string(),
    applications: z.array(z.string()),
    allApplications: z.boolean(),
  })
  .openapi('Me');
export const openSession = z
  .object({
    id,
    createdAt: time,
    expiresAt: time,
    byLink: z.boolean(),
    lastSeenAt: time,
    address: z.string().nullable(),
    userAgent: z.string().nullable(),
    current: z.boolean(),
  })
  .openapi('OpenSession');
const invitationFields = {
  id,
  username: z.string().nullable(),
  role: role.nullable(),
  applications: z.array(given),
  createdAt: time,
  expiresAt: time,
};
export const invitation = z.object(invitationFields).openapi('Invitation');
export const invitationCreated = z
  .object({ ...invitationFields, token: z.string(), path: z.string() })
  .openapi('InvitationCreated');
export const oneTimeLink = z.object({ token: z.string(), path: z.string(), expiresAt: time }).openapi('OneTimeLink');
