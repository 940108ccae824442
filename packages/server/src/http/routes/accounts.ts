import { ROUTES } from '@pipelogiq/protocol';
import type { HttpDeps } from '../deps.js';
import { json, type Route, route } from '../route.js';
import { apiKey, apiKeyCreated, application, createApiKey, createApplication } from '../schemas/accounts.js';
import { page } from '../schemas/common.js';
import { rotateApiKey } from '../schemas/users.js';

function applications({ useCases }: HttpDeps): Route[] {
  return [
    route({
      operationId: 'listApplications',
      summary: 'List applications',
      tag: 'Accounts',
      method: 'GET',
      path: ROUTES.applications,
      access: 'admin',
      answers: { 200: { description: 'All of them.', schema: page(application) } },
      handle: async ({ caller }) => json(200, await useCases.accounts.listApplications(caller)),
    }),
    route({
      operationId: 'createApplication',
      summary: 'Create an application',
      tag: 'Accounts',
      method: 'POST',
      path: ROUTES.applications,
      access: 'admin',
      body: { schema: createApplication, size: 'single' },
      answers: { 201: { description: 'Created.', schema: application } },
      errors: ['state_conflict'],
      handle: async ({ caller, body }) => json(201, await useCases.accounts.createApplication(caller, body)),
    }),
  ];
}

function apiKeys({ useCases }: HttpDeps): Route[] {
  return [
    route({
      operationId: 'listApiKeys',
      summary: 'List API keys',
      tag: 'Accounts',
      method: 'GET',
      path: ROUTES.apiKeys,
      access: 'admin',
      answers: { 200: { description: 'All of them, without the keys themselves.', schema: page(apiKey) } },
      handle: async ({ caller }) => json(200, await useCases.accounts.listApiKeys(caller)),
    }),
    route({
      operationId: 'createApiKey',
      summary: 'Create an API key',
      tag: 'Accounts',
      method: 'POST',
      path: ROUTES.apiKeys,
      access: 'admin',
      body: { schema: createApiKey, size: 'single' },
      answers: { 201: { description: 'The only answer that ever holds the key itself.', schema: apiKeyCreated } },
      handle: async ({ caller, body }) => json(201, await useCases.accounts.createApiKey(caller, body)),
    }),
    route({
      operationId: 'disableApiKey',
      summary: 'Disable an API key',
      tag: 'Accounts',
      method: 'DELETE',
      path: ROUTES.apiKey,
      access: 'admin',
      answers: { 200: { description: 'The key after it.', schema: apiKey } },
      errors: ['not_found'],
      handle: async ({ caller, id }) => json(200, await useCases.accounts.disableApiKey(caller, id)),
    }),
    route({
      operationId: 'rotateApiKey',
      summary: 'Give an API key a new secret; the one before lives on for a while',
      tag: 'Accounts',
      method: 'POST',
      path: ROUTES.apiKeyRotate,
      access: 'admin',
      body: { schema: rotateApiKey, size: 'single', mayBeEmpty: true },
      answers: { 201: { description: 'The only answer that ever holds the new secret.', schema: apiKeyCreated } },
      errors: ['not_found'],
      handle: async ({ caller, id, body }) => json(201, await useCases.accounts.rotateApiKey(caller, id, body)),
    }),
  ];
}

export const accountRoutes = (deps: HttpDeps): Route[] => [...applications(deps), ...apiKeys(deps)];
