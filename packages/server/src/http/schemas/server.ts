import { z } from '@hono/zod-openapi';
import { SERVER_LOG_LEVELS } from '@pipelogiq/protocol';

export const serverLogLevel = z
  .strictObject({ level: z.enum(SERVER_LOG_LEVELS) })
  .openapi('ServerLogLevel', { example: { level: 'debug' } });
