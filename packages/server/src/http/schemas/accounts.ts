import { z } from '@hono/zod-openapi';
import { SCOPES } from '@pipelogiq/protocol';
import { id, name, optional, time } from './common.js';

export const createApplication = z.strictObject({ name: name() }).openapi('CreateApplication', { example: { name: 'shop' } });

export const createApiKey = z
  .strictObject({
    name: name(),
    scopes: z.array(z.enum(SCOPES)).min(1).max(SCOPES.length),
    application: optional(name()),
    expiresAt: optional(time),
  })
  .openapi('CreateApiKey', { example: { name: 'billing worker', scopes: ['work'], application: 'shop' } });

export const application = z.object({ id, name: z.string(), createdAt: time }).openapi('Application');

const keyFields = {
  id,
  name: z.string(),
  prefix: z.string(),
  application: z.string(),
  scopes: z.array(z.enum(SCOPES)),
  createdAt: time,
  expiresAt: optional(time),
  lastUsedAt: optional(time),
  disabledAt: optional(time),
  oldSecretUntil: optional(time),
};
export const apiKey = z.object(keyFields).openapi('ApiKey');
export const apiKeyCreated = z.object({ ...keyFields, key: z.string() }).openapi('ApiKeyCreated');
