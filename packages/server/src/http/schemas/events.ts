import { z } from '@hono/zod-openapi';
import { EVENT_TYPES } from '@pipelogiq/protocol';
import { id, name, optional } from './common.js';

const LIST_LENGTH = EVENT_TYPES.join(',').length * 2;

/** `GET /events?…` */
export const eventQuery = z.strictObject({
  pipelineId: optional(id),
  types: optional(name(LIST_LENGTH).openapi({ example: 'pipeline_failed,stage_failed' })),
});
