import { ROUTES } from '@pipelogiq/protocol';
import type { HttpDeps } from '../deps.js';
import { pageQuery } from '../query.js';
import { json, type Route, route } from '../route.js';
import { page } from '../schemas/common.js';
import { createInvitation, createLink, invitation, invitationCreated, oneTimeLink, updateUser, user } from '../schemas/users.js';

const TAG = 'Users';

function people({ useCases: { users }, limits }: HttpDeps): Route[] {
  return [
    route({
      operationId: 'listUsers',
      summary: 'List users',
      tag: TAG,
      method: 'GET',
      path: ROUTES.users,
      access: 'admin',
      query: pageQuery(limits),
      answers: { 200: { description: 'One page.', schema: page(user) } },
      handle: async ({ caller, query }) => json(200, await users.list(caller, query)),
    }),
    route({
      operationId: 'getUser',
      summary: 'Get a user',
      tag: TAG,
      method: 'GET',
      path: ROUTES.user,
      access: 'admin',
      answers: { 200: { description: 'The user.', schema: user } },
      errors: ['not_found'],
      handle: async ({ caller, id }) => json(200, await users.get(caller, id)),
    }),
    route({
      operationId: 'updateUser',
      summary: 'Change what a user may do, or disable the user',
      tag: TAG,
      method: 'PUT',
      path: ROUTES.user,
      access: 'admin',
      body: { schema: updateUser, size: 'single' },
      answers: { 200: { description: 'The user after it.', schema: user } },
      errors: ['not_found', 'state_conflict'],
      handle: async ({ caller, id, body }) => json(200, await users.update(caller, id, body)),
    }),
    route({
      operationId: 'deleteUser',
      summary: 'Delete a user, with all sessions',
      tag: TAG,
      method: 'DELETE',
      path: ROUTES.user,
      access: 'admin',
      answers: { 204: { description: 'Deleted.' } },
      errors: ['not_found', 'state_conflict'],
      handle: async ({ caller, id }) => {
        await users.delete(caller, id);
        return { status: 204 };
      },
    }),
  ];
}

function invitations({ useCases: { users }, limits }: HttpDeps): Route[] {
  return [
    route({
      operationId: 'listInvitations',
      summary: 'List open invitations',
      tag: TAG,
      method: 'GET',
      path: ROUTES.usersInvitations,
      access: 'admin',
      query: pageQuery(limits),
      answers: { 200: { description: 'One page, without the tokens.', schema: page(invitation) } },
      handle: async ({ caller, query }) => json(200, await users.invitations(caller, query)),
    }),
    route({
      operationId: 'invite',
      summary: 'Invite somebody',
      tag: TAG,
      method: 'POST',
      path: ROUTES.usersInvitations,
      access: 'admin',
      body: { schema: createInvitation, size: 'single' },
      answers: { 201: { description: 'The only answer that ever holds its token.', schema: invitationCreated } },
      errors: ['state_conflict'],
      handle: async ({ caller, body }) => json(201, await users.invite(caller, body)),
    }),
    route({
      operationId: 'revokeInvitation',
      summary: 'Revoke an invitation',
      tag: TAG,
      method: 'DELETE',
      path: ROUTES.usersInvitation,
      access: 'admin',
      answers: { 204: { description: 'Revoked.' } },
      errors: ['not_found'],
      handle: async ({ caller, id }) => {
        await users.revokeInvitation(caller, id);
        return { status: 204 };
      },
    }),
  ];
}

function links({ useCases: { users } }: HttpDeps): Route[] {
  return [
    route({
      operationId: 'createLink',
      summary: 'Make a one-time sign-in link',
      tag: TAG,
      method: 'POST',
      path: ROUTES.authLinks,
      access: 'admin',
      body: { schema: createLink, size: 'single', mayBeEmpty: true },
      answers: { 201: { description: 'The only answer that ever holds its token.', schema: oneTimeLink } },
      errors: ['not_found', 'state_conflict'],
      handle: async ({ caller, body }) => json(201, await users.createLink(caller, body)),
    }),
    route({
      operationId: 'createSetupLink',
      summary: 'Make the setup link anew, while there is no owner',
      tag: TAG,
      method: 'POST',
      path: ROUTES.usersSetupLink,
      access: 'admin',
      answers: {
        201: { description: 'The only answer that ever holds its token; links before it work no more.', schema: oneTimeLink },
      },
      errors: ['state_conflict'],
      handle: async ({ caller }) => json(201, await users.createSetupLink(caller)),
    }),
  ];
}

export const userRoutes = (deps: HttpDeps): Route[] => [...people(deps), ...invitations(deps), ...links(deps)];
