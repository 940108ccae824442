import { EVENT_TYPES, type EventType, HEADERS, ROUTES } from '@pipelogiq/protocol';
import { didYouMean } from '../../did-you-mean.js';
import { notFound } from '../../domain/ids.js';
import type { HttpDeps } from '../deps.js';
import { eventStreamReply } from '../event-stream.js';
import { authorise, identify } from '../gate.js';
import { type Route, route } from '../route.js';
import { eventQuery } from '../schemas/events.js';
import { invalidRequest } from '../validation.js';

const MAX_CURSOR = 256; // longer ones are none of ours

export function eventRoutes({ useCases }: HttpDeps): Route[] {
  return [
    route({
      operationId: 'streamEvents',
      summary: 'What happens, as it happens',
      tag: 'Events',
      method: 'GET',
      path: ROUTES.events,
      access: 'read',
      query: eventQuery,
      headers: { 'Last-Event-ID': 'Resumes after this event, without a gap; when that is not possible, a `reset` comes first.' },
      answers: { 200: { description: 'Server-sent events. Does not end by itself.', type: 'text/event-stream' } },
      errors: ['not_found', 'overloaded', 'shutting_down'],
      handle: async ({ caller, query, headers, method }) => {
        const lastEventId = headers.get(HEADERS.lastEventId)?.slice(0, MAX_CURSOR);
        const subscription = await useCases.events.subscribe(caller, {
          pipelineId: query.pipelineId,
          types: query.types === undefined ? undefined : typesOf(query.types),
          lastEventId: lastEventId === '' ? undefined : lastEventId,
        });
        const stillAllowed = async () => {
          const now = await identify(useCases, { method, headers });
          authorise(now, 'read');
          // Who names no application is in the first one that they have a role in: by now it may be another.
          if (now.applicationId !== caller.applicationId) throw notFound('application', caller.application);
        };
        return eventStreamReply(subscription, stillAllowed);
      },
    }),
  ];
}

const isType = (text: string): text is EventType => (EVENT_TYPES as readonly string[]).includes(text);

function typesOf(list: string): EventType[] {
  return list.split(',').map((text) => {
    if (isType(text)) return text;
    throw invalidRequest(
      [{ path: 'types', message: `has no type ${JSON.stringify(text)}${didYouMean(text, EVENT_TYPES)}` }],
      'query',
    );
  });
}
