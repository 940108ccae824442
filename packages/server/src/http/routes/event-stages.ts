import { HEADERS, ROUTES } from '@pipelogiq/protocol';
import { DomainError } from '../../domain/errors.js';
import type { EventCompleter } from '../../domain/use-cases.js';
import type { HttpDeps } from '../deps.js';
import { authorise, hasCredentials, identify } from '../gate.js';
import { json, type Route, route } from '../route.js';
import { completeStage, eventToken, eventTokenRequest, issueEventToken, stageCompleted } from '../schemas/event-stages.js';

const MAX_TOKEN_LENGTH = 512;

/** The route is open: a token counts by itself. Without one the caller must be an operator. */
async function completerOf({ useCases }: HttpDeps, sent: { method: string; headers: Headers }): Promise<EventCompleter> {
  const { headers } = sent;
  const token = headers.get(HEADERS.stageToken);
  if (token !== null) return { token: token.slice(0, MAX_TOKEN_LENGTH) };
  if (!headers.has('authorization') && !headers.has(HEADERS.apiKey) && !hasCredentials(headers)) {
    const message = `Send a token of the stage as \`${HEADERS.stageToken}\`, or an API key with the scope "operate".`;
    throw new DomainError('unauthenticated', message);
  }
  const caller = await identify(useCases, sent);
  authorise(caller, 'operate');
  return { caller };
}

function complete(deps: HttpDeps): Route {
  return route({
    operationId: 'completeStage',
    summary: 'End an event stage, once',
    tag: 'Stages',
    method: 'POST',
    path: ROUTES.stageComplete,
    access: 'open',
    body: { schema: completeStage, size: 'single', mayBeEmpty: true },
    headers: { [HEADERS.stageToken]: 'A token of the stage. Without it, an API key with the scope `operate`.' },
    answers: {
      200: { description: 'The stage as it ended, now or by an earlier call with the same body.', schema: stageCompleted },
    },
    errors: ['unauthenticated', 'forbidden', 'not_found', 'state_conflict'],
    finishesWork: true,
    handle: async ({ id, body, headers, method }) =>
      json(200, await deps.useCases.eventStages.complete(await completerOf(deps, { method, headers }), id, body)),
  });
}

function issueToken({ useCases }: HttpDeps): Route {
  return route({
    operationId: 'issueStageToken',
    summary: 'Issue a token for an event stage; those issued before are revoked, unless asked otherwise',
    tag: 'Stages',
    method: 'POST',
    path: ROUTES.stageToken,
    access: 'operate',
    body: { schema: issueEventToken, size: 'single', mayBeEmpty: true },
    answers: { 200: { description: 'The only answer that ever holds this token.', schema: eventToken } },
    errors: ['not_found', 'state_conflict'],
    handle: async ({ caller, id, body }) => json(200, await useCases.eventStages.issueToken(caller, id, body)),
  });
}

function issueTokenToJob({ useCases }: HttpDeps): Route {
  return route({
    operationId: 'issueJobEventToken',
    summary: 'Issue a token for an event stage of the pipeline of a running job',
    tag: 'Jobs',
    method: 'POST',
    path: ROUTES.jobEventToken,
    access: 'worker',
    body: { schema: eventTokenRequest, size: 'single' },
    answers: { 200: { description: 'The only answer that ever holds this token.', schema: eventToken } },
    errors: ['not_found', 'state_conflict', 'lease_lost'],
    finishesWork: true,
    workerIdOf: ({ body }) => body.workerId,
    handle: async ({ caller, id, body }) => json(200, await useCases.eventStages.issueTokenToJob(caller, id, body)),
  });
}

export const eventStageRoutes = (deps: HttpDeps): Route[] => [complete(deps), issueToken(deps), issueTokenToJob(deps)];
