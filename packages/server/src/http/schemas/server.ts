import { z } from '@hono/zod-openapi';
import { SERVER_LOG_LEVELS } from '@pipelogiq/protocol';

export const serverLogLevel = z
  .strictObject({ level: z.enum(SERVER_LOG_LEVELS) })
  .openapi('ServerLogLevel', { example: { level: 'debug' } });

const ms = z.number().describe('Milliseconds.');
export const serverRetention = z
  .strictObject({
    pipelinesMs: ms.nullable().describe('Milliseconds after their end; null keeps them for ever.'),
    logsMs: ms,
    debugLogsMs: ms,
    errorLogsMs: ms,
    auditMs: ms,
    eventsMs: ms,
    eventsMaxBytes: z.int(),
    triggersMs: ms,
    insightMinutesMs: ms,
    insightHoursMs: ms,
    insightDaysMs: ms,
  })
  .openapi('ServerRetention');
