import { type CreatePipeline, HEADERS, type HookSpec, type Json, ROUTES } from '@pipelogiq/protocol';
import { inField } from '../../domain/errors.js';
import type { HttpDeps } from '../deps.js';
import { parseJson } from '../json-text.js';
import { pageQuery } from '../query.js';
import { type Call, json, type Route, route } from '../route.js';
import { json as anyJson, page } from '../schemas/common.js';
import { pipelineCreated } from '../schemas/pipeline-answers.js';
import { createHook, hook, hookPipeline, hookSaved, hookSpec } from '../schemas/triggers.js';
import { checkOpen } from '../validation.js';
import { withTrace } from './pipelines.js';

const TAG = 'Hooks';

/** Only a delivery shows what stands where a placeholder is. */
const hasPlaceholder = (value: unknown): boolean => typeof value === 'string' && value.includes('{{');

const asPipeline = ({ template }: Pick<HookSpec, 'template'>): CreatePipeline | undefined =>
  inField('template', () => checkOpen(hookPipeline, template, hasPlaceholder));

function management({ useCases: { hooks }, limits }: HttpDeps): Route[] {
  return [
    route({
      operationId: 'createHook',
      summary: 'Create an inbound hook',
      tag: TAG,
      method: 'POST',
      path: ROUTES.hooks,
      access: 'operate',
      body: { schema: createHook, size: 'single' },
      answers: { 201: { description: 'The only answer that ever holds the token or secret that was made.', schema: hookSaved } },
      errors: ['invalid_pipeline', 'state_conflict'],
      async handle({ caller, body }) {
        const made = await hooks.create(caller, body, asPipeline(body));
        return json(201, made, { location: `hooks/${made.name}` });
      },
    }),
    route({
      operationId: 'listHooks',
      summary: 'List inbound hooks, newest first',
      tag: TAG,
      method: 'GET',
      path: ROUTES.hooks,
      access: 'operate',
      query: pageQuery(limits),
      answers: { 200: { description: 'One page, without tokens and secrets.', schema: page(hook) } },
      handle: async ({ caller, query }) => json(200, await hooks.list(caller, query)),
    }),
    route({
      operationId: 'getHook',
      summary: 'Get an inbound hook',
      tag: TAG,
      method: 'GET',
      path: ROUTES.hook,
      access: 'operate',
      answers: { 200: { description: 'The hook, without its token or secrets.', schema: hook } },
      errors: ['not_found'],
      handle: async ({ caller, id }) => json(200, await hooks.get(caller, id)),
    }),
    route({
      operationId: 'replaceHook',
      summary: 'Replace an inbound hook; without auth it keeps its token or secrets',
      tag: TAG,
      method: 'PUT',
      path: ROUTES.hook,
      access: 'operate',
      body: { schema: hookSpec, size: 'single' },
      answers: { 200: { description: 'The hook after it, with what was made for it.', schema: hookSaved } },
      errors: ['invalid_pipeline', 'not_found', 'state_conflict'],
      handle: async ({ caller, id, body }) => json(200, await hooks.replace(caller, id, body, asPipeline(body))),
    }),
    route({
      operationId: 'deleteHook',
      summary: 'Delete an inbound hook; its pipelines stay',
      tag: TAG,
      method: 'DELETE',
      path: ROUTES.hook,
      access: 'operate',
      answers: { 204: { description: 'It is gone.' } },
      errors: ['not_found'],
      async handle({ caller, id }) {
        await hooks.remove(caller, id);
        return { status: 204 };
      },
    }),
  ];
}

/** Open to those who have no API key: who may deliver is told by the delivery itself, before anything of it is parsed. */
function delivery({ useCases: { hooks }, limits }: HttpDeps): Route {
  return route({
    operationId: 'deliverToHook',
    summary: 'Deliver an event: makes a pipeline from the template of the hook',
    tag: TAG,
    method: 'POST',
    path: ROUTES.hook,
    access: 'open',
    body: { schema: anyJson, size: 'single', asText: true },
    headers: {
      [HEADERS.hookToken]: 'The token of the hook; also taken as `Authorization: Bearer …`.',
      [HEADERS.webhookId]: 'Id of the event, the same in every retry (Standard Webhooks).',
      [HEADERS.webhookTimestamp]: 'Seconds since the epoch (Standard Webhooks).',
      [HEADERS.webhookSignature]: '`v1,<base64>` (Standard Webhooks).',
      traceparent: 'W3C Trace Context; the field of the template counts before it.',
    },
    answers: {
      201: { description: 'Created.', schema: pipelineCreated },
      200: { description: 'The pipeline that an earlier delivery with the same id made.', schema: pipelineCreated },
    },
    errors: [
      'unauthenticated',
      'invalid_json',
      'invalid_request',
      'invalid_pipeline',
      'unsupported_media_type',
      'payload_too_large',
      'idempotency_conflict',
      'overloaded',
      'shutting_down',
      'store_unavailable',
      'outcome_unknown',
      'internal',
    ],
    async handle(call) {
      const { id: name, headers } = call;
      const text = call.body as string; // `asText`
      const created = await hooks.deliver(name, {
        text,
        headers: Object.fromEntries(headers),
        query: queryOf(call.search()),
        body: () => parseJson(text, limits.jsonDepth) as Json,
        // What is filled in nests deeper than the template and the body did by themselves.
        toPipeline: (filled) => withTrace(checked(call, parseJson(JSON.stringify(filled), limits.jsonDepth)), headers),
      });
      return json(created.created ? 201 : 200, created);
    },
  });
}

const checked = ({ check }: Pick<Call<undefined, unknown, unknown>, 'check'>, filled: unknown): CreatePipeline =>
  check(hookPipeline, filled, '');

function queryOf(search: string): { [name: string]: string | string[] } {
  const query: { [name: string]: string | string[] } = Object.create(null);
  const parameters = new URLSearchParams(search);
  for (const name of parameters.keys()) {
    const values = parameters.getAll(name);
    query[name] = values.length === 1 ? (values[0] as string) : values;
  }
  return query;
}

export const hookRoutes = (deps: HttpDeps): Route[] => [...management(deps), delivery(deps)];
