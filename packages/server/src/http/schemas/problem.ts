import { z } from '@hono/zod-openapi';
import { ERROR_CODES, LEASE_LOST_REASONS } from '@pipelogiq/protocol';
import { optional } from './common.js';

export const problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    code: z.enum(ERROR_CODES),
    detail: z.string(),
    requestId: optional(z.string()),
    errors: optional(z.array(z.object({ path: z.string(), message: z.string() }))),
    retryAfterMs: optional(z.number()),
  })
  .openapi('Problem', {
    description: 'RFC 9457 problem details.',
    example: {
      type: '/docs/errors#invalid_request',
      title: 'The request is invalid',
      status: 422,
      code: 'invalid_request',
      detail: 'stages[0].handlr is not known; did you mean handler?',
      requestId: '0af7651916cd43dd8448eb211c80319c',
      errors: [{ path: 'stages[0].handlr', message: 'is not known; did you mean handler?' }],
    },
  });

export const settleError = z
  .discriminatedUnion('code', [
    z.object({ code: z.literal('lease_lost'), reason: z.enum(LEASE_LOST_REASONS), message: z.string() }),
    z.object({ code: z.literal('not_found'), message: z.string() }),
  ])
  .openapi('SettleError');
