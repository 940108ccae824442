import { z } from '@hono/zod-openapi';
import { ROUTES } from '@pipelogiq/protocol';
import type { HttpDeps } from '../deps.js';
import { pageFields } from '../query.js';
import { json, type Route, route } from '../route.js';
import {
  alertPreview,
  alertRule,
  alertRuleSpec,
  alertRulesMade,
  channel,
  channelKind,
  channelSpec,
  channelTested,
  previewAlertRule,
  recommendAlertRules,
} from '../schemas/alerts.js';
import { page } from '../schemas/common.js';

const TAG = 'Alerts';

export const alertSettingRoutes = (deps: HttpDeps): Route[] => [
  ...channelRoutes(deps),
  ...channelById(deps),
  ...rules(deps),
  ...ruleById(deps),
];

function channelRoutes({ useCases: { channels }, limits }: HttpDeps): Route[] {
  return [
    route({
      operationId: 'listChannelKinds',
      summary: 'Kinds of alert channels, with their fields',
      tag: TAG,
      method: 'GET',
      path: ROUTES.alertChannelKinds,
      access: 'read',
      answers: { 200: { description: 'All of them.', schema: page(channelKind) } },
      handle: async () => json(200, { items: channels.kinds(), nextCursor: null }),
    }),
    route({
      operationId: 'listChannels',
      summary: 'List alert channels, newest first',
      tag: TAG,
      method: 'GET',
      path: ROUTES.alertChannels,
      access: 'read',
      query: z.strictObject(pageFields(limits)),
      answers: { 200: { description: 'One page; secrets are `[redacted]`.', schema: page(channel) } },
      handle: async ({ caller, query }) => json(200, await channels.list(caller, query)),
    }),
    route({
      operationId: 'createChannel',
      summary: 'Create an alert channel',
      tag: TAG,
      method: 'POST',
      path: ROUTES.alertChannels,
      access: 'operate',
      body: { schema: channelSpec, size: 'single' },
      answers: { 201: { description: 'Created.', schema: channel } },
      errors: ['state_conflict', 'not_found'],
      async handle({ caller, body }) {
        const made = await channels.create(caller, body);
        return json(201, made, { location: `alerts/channels/${made.id}` });
      },
    }),
  ];
}

function channelById({ useCases: { channels } }: HttpDeps): Route[] {
  return [
    route({
      operationId: 'getChannel',
      summary: 'Get an alert channel',
      tag: TAG,
      method: 'GET',
      path: ROUTES.alertChannel,
      access: 'read',
      answers: { 200: { description: 'The channel; secrets are `[redacted]`.', schema: channel } },
      errors: ['not_found'],
      handle: async ({ caller, id }) => json(200, await channels.get(caller, id)),
    }),
    route({
      operationId: 'replaceChannel',
      summary: 'Replace an alert channel; secrets that are left out stay',
      tag: TAG,
      method: 'PUT',
      path: ROUTES.alertChannel,
      access: 'operate',
      body: { schema: channelSpec, size: 'single' },
      answers: { 200: { description: 'The channel after it.', schema: channel } },
      errors: ['state_conflict', 'not_found'],
      handle: async ({ caller, id, body }) => json(200, await channels.replace(caller, id, body)),
    }),
    route({
      operationId: 'deleteChannel',
      summary: 'Delete an alert channel, and what waits for it',
      tag: TAG,
      method: 'DELETE',
      path: ROUTES.alertChannel,
      access: 'operate',
      answers: { 204: { description: 'It is gone.' } },
      errors: ['not_found'],
      async handle({ caller, id }) {
        await channels.remove(caller, id);
        return { status: 204 };
      },
    }),
    route({
      operationId: 'testChannel',
      summary: 'Send a test message through an alert channel now',
      tag: TAG,
      method: 'POST',
      path: ROUTES.alertChannelTest,
      access: 'operate',
      answers: { 200: { description: 'What the provider answered.', schema: channelTested } },
      errors: ['not_found'],
      handle: async ({ caller, id }) => json(200, await channels.test(caller, id)),
    }),
  ];
}

function rules({ useCases: { alertRules }, limits }: HttpDeps): Route[] {
  return [
    route({
      operationId: 'listAlertRules',
      summary: 'List alert rules, newest first',
      tag: TAG,
      method: 'GET',
      path: ROUTES.alertRules,
      access: 'read',
      query: z.strictObject(pageFields(limits)),
      answers: { 200: { description: 'One page.', schema: page(alertRule) } },
      handle: async ({ caller, query }) => json(200, await alertRules.list(caller, query)),
    }),
    route({
      operationId: 'createAlertRule',
      summary: 'Create an alert rule',
      tag: TAG,
      method: 'POST',
      path: ROUTES.alertRules,
      access: 'operate',
      body: { schema: alertRuleSpec, size: 'single' },
      answers: { 201: { description: 'Created.', schema: alertRule } },
      errors: ['state_conflict'],
      async handle({ caller, body }) {
        const made = await alertRules.create(caller, body);
        return json(201, made, { location: `alerts/rules/${made.id}` });
      },
    }),
    route({
      operationId: 'previewAlertRule',
      summary: 'What a rule would say; nothing is sent',
      tag: TAG,
      method: 'POST',
      path: ROUTES.alertRulesPreview,
      access: 'operate',
      body: { schema: previewAlertRule, size: 'single' },
      answers: { 200: { description: 'Texts, and what each channel would be sent.', schema: alertPreview } },
      handle: async ({ caller, body }) => json(200, await alertRules.preview(caller, body)),
    }),
    route({
      operationId: 'recommendAlertRules',
      summary: 'Make the recommended rules whose names are free',
      tag: TAG,
      method: 'POST',
      path: ROUTES.alertRulesRecommended,
      access: 'operate',
      body: { schema: recommendAlertRules, size: 'single' },
      answers: { 200: { description: 'The rules that were made.', schema: alertRulesMade } },
      errors: ['state_conflict'],
      handle: async ({ caller, body }) => json(200, { rules: await alertRules.recommend(caller, body.channels) }),
    }),
  ];
}

function ruleById({ useCases: { alertRules } }: HttpDeps): Route[] {
  return [
    route({
      operationId: 'getAlertRule',
      summary: 'Get an alert rule',
      tag: TAG,
      method: 'GET',
      path: ROUTES.alertRule,
      access: 'read',
      answers: { 200: { description: 'The rule.', schema: alertRule } },
      errors: ['not_found'],
      handle: async ({ caller, id }) => json(200, await alertRules.get(caller, id)),
    }),
    route({
      operationId: 'replaceAlertRule',
      summary: 'Replace an alert rule',
      tag: TAG,
      method: 'PUT',
      path: ROUTES.alertRule,
      access: 'operate',
      body: { schema: alertRuleSpec, size: 'single' },
      answers: { 200: { description: 'The rule after it.', schema: alertRule } },
      errors: ['state_conflict', 'not_found'],
      handle: async ({ caller, id, body }) => json(200, await alertRules.replace(caller, id, body)),
    }),
    route({
      operationId: 'deleteAlertRule',
      summary: 'Delete an alert rule; its incidents are resolved',
      tag: TAG,
      method: 'DELETE',
      path: ROUTES.alertRule,
      access: 'operate',
      answers: { 204: { description: 'It is gone.' } },
      errors: ['not_found'],
      async handle({ caller, id }) {
        await alertRules.remove(caller, id);
        return { status: 204 };
      },
    }),
  ];
}
