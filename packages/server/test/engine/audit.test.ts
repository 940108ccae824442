import { readFileSync } from 'node:fs';
import type { ApiKeyCreated, AuditEvent, Hook, Page, Schedule, Stage } from '@pipelogiq/protocol';
import { describe, expect, it } from 'vitest';
import { type Harness, harness } from './support.js';

type Made = { target: { type: string; id: string } };
type Action = (h: Harness, post: <T>(path: string, body?: object) => Promise<T>) => Promise<Made>;

const target = (type: string, id: string): Made => ({ target: { type, id } });
const CHAIN = [{ name: 'a' }, { name: 'b' }];
const EVENT = [{ name: 'e', waitFor: 'event' }];
const CRON = { name: 'nightly', cron: '0 3 * * *', template: { name: 'report', stages: [{ name: 'a' }] } };
const HOOK = { name: 'orders', template: { name: 'order', stages: [{ name: 'a' }] } };

const stagesOf = async ({ call }: Harness, id: string) => (await call<Page<Stage>>('GET', `/pipelines/${id}/stages`)).items;

async function firstStage(h: Harness, stages: object[] = CHAIN): Promise<string> {
  const { id } = await h.create({ stages: stages as never });
  return (await stagesOf(h, id))[0]?.id as string;
}

/** A pipeline, or its first stage, to which this is done. */
const toPipeline =
  (path: string, body?: object, before?: string): Action =>
  async (h, post) => {
    const { id } = await h.create({ stages: CHAIN });
    if (before) await h.call('POST', `/pipelines/${id}/${before}`, {});
    await post(`/pipelines/${id}/${path}`, body);
    return target('pipeline', id);
  };
const toStage =
  (path: string, body?: object, stages: object[] = CHAIN): Action =>
  async (h, post) => {
    const id = await firstStage(h, stages);
    await post(`/stages/${id}/${path}`, body);
    return target('stage', id);
  };
const toSchedule =
  (path: string, before?: string): Action =>
  async (h, post) => {
    const { id } = await h.call<Schedule>('POST', '/schedules', CRON);
    if (before) await h.call('POST', `/schedules/${id}/${before}`, {});
    await post(`/schedules/${id}${path}`, path === '' ? CRON : {});
    return target('schedule', id);
  };

const CHANNEL = { name: 'c', type: 'webhook', config: { url: 'http://127.0.0.1:9/hook', secret: `whsec_${'a'.repeat(40)}` } };
const toChannel =
  (path: string, body?: object): Action =>
  async (h, post) => {
    const { id } = await h.call<{ id: string }>('POST', '/alerts/channels', CHANNEL);
    await post(`/alerts/channels/${id}${path}`, body);
    return target('alert_channel', id);
  };
const RULE = { name: 'r', events: ['pipeline_failed'], channels: [] as string[], groupWaitMs: 0 };
const toRule =
  (path: string, body?: object): Action =>
  async (h, post) => {
    const { id } = await h.call<{ id: string }>('POST', '/alerts/rules', RULE);
    await post(`/alerts/rules/${id}${path}`, body);
    return target('alert_rule', id);
  };

/** An incident with a message that no channel takes. */
async function anIncident(h: Harness): Promise<{ incident: string; delivery: string }> {
  const { id } = await h.call<{ id: string }>('POST', '/alerts/channels', CHANNEL);
  await h.call('POST', '/alerts/rules', { ...RULE, channels: [id] });
  const worker = await h.worker(['a']);
  await h.create({ stages: [{ name: 'a', maxAttempts: 1 }] });
  await worker.nack(await worker.one(), { error: { code: 'c', message: 'm' } });
  await h.controlPlane.advance(0);
  const firstOf = async (path: string): Promise<string> => (await h.call<Page<{ id: string }>>('GET', path)).items[0]?.id ?? '';
  return { incident: await firstOf('/alerts/incidents'), delivery: await firstOf('/alerts/deliveries') };
}
const toIncident =
  (path: string): Action =>
  async (h, post) => {
    const { incident } = await anIncident(h);
    await post(`/alerts/incidents/${incident}/${path}`);
    return target('incident', incident);
  };
const toDelivery =
  (path: string): Action =>
  async (h, post) => {
    const { delivery } = await anIncident(h);
    await post(`/alerts/deliveries/${delivery}/${path}`);
    return target('alert_delivery', delivery);
  };
const SILENCE = { match: { pipeline: 'p' }, comment: 'c', endsAt: '2030-01-02T00:00:00Z' };

const ALERT_ACTIONS: Record<string, Action> = {
  'alert_channel.create': async (_h, post) =>
    target('alert_channel', (await post<{ id: string }>('/alerts/channels', CHANNEL)).id),
  'alert_channel.replace': toChannel('#put', CHANNEL),
  'alert_channel.delete': toChannel('#delete'),
  'alert_channel.test': toChannel('/test'),
  'alert_rule.create': async (_h, post) => target('alert_rule', (await post<{ id: string }>('/alerts/rules', RULE)).id),
  'alert_rule.replace': toRule('#put', RULE),
  'alert_rule.delete': toRule('#delete'),
  'incident.acknowledge': toIncident('ack'),
  'incident.resolve': toIncident('resolve'),
  'alert_delivery.retry': toDelivery('retry'),
  'alert_delivery.drop': toDelivery('drop'),
  'silence.create': async (_h, post) => target('silence', (await post<{ id: string }>('/alerts/silences', SILENCE)).id),
  'silence.end': async (h, post) => {
    const { id } = await h.call<{ id: string }>('POST', '/alerts/silences', SILENCE);
    await post(`/alerts/silences/${id}#delete`);
    return target('silence', id);
  },
};

/** Every action that leaves an entry, and how to do it. */
const ACTIONS: Record<string, Action> = {
  'pipeline.cancel': toPipeline('cancel', { reason: 'why not' }),
  'pipeline.pause': toPipeline('pause'),
  'pipeline.resume': toPipeline('resume', {}, 'pause'),
  'pipeline.rerun': toPipeline('rerun', { from: 'failed' }, 'cancel'),
  'pipeline.append': toPipeline('stages', { stages: [{ name: 'late' }] }),
  'stage.rerun': async (h, post) => {
    const id = await firstStage(h);
    await h.call('POST', `/stages/${id}/skip`, {});
    await post(`/stages/${id}/rerun`);
    return target('stage', id);
  },
  'stage.skip': toStage('skip'),
  'stage.complete': toStage('complete', { output: 1 }, EVENT),
  'stage.token': toStage('token', {}, EVENT),
  'pipelines.action': async (_h, post) => {
    const { id } = await post<{ id: string }>('/pipelines/actions', { action: 'pause', filter: { name: 'none' } });
    return target('bulk_action', id);
  },
  ...ALERT_ACTIONS,
  'schedule.create': async (_h, post) => target('schedule', (await post<Schedule>('/schedules', CRON)).id),
  'schedule.replace': toSchedule(''),
  'schedule.pause': toSchedule('/pause'),
  'schedule.resume': toSchedule('/resume', 'pause'),
  'schedule.trigger': toSchedule('/trigger'),
  'schedule.delete': toSchedule('#delete'),
  'hook.create': async (_h, post) => target('hook', (await post<Hook>('/hooks', HOOK)).name),
  'hook.replace': async (h, post) => {
    const { name, ...spec } = HOOK;
    await h.call('POST', '/hooks', HOOK);
    await post(`/hooks/${name}#put`, spec);
    return target('hook', name);
  },
  'hook.delete': async (h, post) => {
    await h.call('POST', '/hooks', HOOK);
    await post(`/hooks/${HOOK.name}#delete`);
    return target('hook', HOOK.name);
  },
  'worker.drain': async (h, post) => {
    const { session } = await h.worker();
    await post(`/workers/${session.workerId}/drain`);
    return target('worker', session.workerId);
  },
  'api_key.create': async (_h, post) =>
    target('api_key', (await post<ApiKeyCreated>('/api-keys', { name: 'k', scopes: ['read'] })).id),
  'api_key.disable': async (h, post) => {
    const { id } = await h.call<ApiKeyCreated>('POST', '/api-keys', { name: 'k', scopes: ['read'] });
    await post(`/api-keys/${id}#delete`);
    return target('api_key', id);
  },
  'api_key.rotate': async (h, post) => {
    const { id } = await h.call<ApiKeyCreated>('POST', '/api-keys', { name: 'k', scopes: ['read'] });
    await post(`/api-keys/${id}/rotate`);
    return target('api_key', id);
  },
  'mark.create': async (_h, post) => target('mark', (await post<{ id: string }>('/observability/marks', { version: '1' })).id),
  'integration.save': async (_h, post) => {
    await post('/observability/config', { type: 'opentelemetry', config: {} });
    return target('integration', 'opentelemetry');
  },
  'integration.test': async (h, post) => {
    await h.call('POST', '/observability/config', { type: 'opentelemetry', config: {} });
    await post('/observability/test', { type: 'opentelemetry' });
    return target('integration', 'opentelemetry');
  },
  'server.profile': async ({ controlPlane }, post) => {
    const taken = post('/admin/profiles/cpu?seconds=1');
    await controlPlane.advance(1_000);
    await taken;
    return target('server', 'server');
  },
  'server.log_level': async (_h, post) => {
    await post('/log-level#put', { level: 'silent' });
    return target('server', 'server');
  },
  'application.create': async (_h, post) =>
    target('application', (await post<{ id: string }>('/applications', { name: 'shop' })).id),
};

/** As an API key that is not the server's own; the method stands behind the path where it is not POST. */
async function asKey(h: Harness) {
  const { id, key } = await h.call<ApiKeyCreated>('POST', '/api-keys', { name: 'ada', scopes: ['admin'] });
  const headers = { authorization: `Bearer ${key}` };
  const post = <T>(path: string, body: object = {}): Promise<T> => {
    const [to = '', method = /^\/schedules\/\d+$/.test(path) ? 'put' : 'post'] = path.split('#');
    return h.call<T>(method.toUpperCase(), to, method === 'delete' ? undefined : body, headers);
  };
  return { actor: `key:${id}`, post };
}

const entries = async ({ call }: Harness) => (await call<Page<AuditEvent>>('GET', '/audit-events')).items;

describe('the audit trail', () => {
  it.each(Object.entries(ACTIONS))('%s by an API key names the key and what it was done to', async (action, run) => {
    const h = await harness({ secretKey: 'a key of thirty-two characters or more' });
    const { actor, post } = await asKey(h);
    const { target } = await run(h, post);
    const [latest] = (await entries(h)).filter((entry) => entry.actor === actor);
    expect(latest).toMatchObject({ actor, action, target });
    expect((await entries(h)).filter((entry) => entry.actor === actor)).toHaveLength(1);
  });

  it('has an entry for each action that the documentation names, and for no other', () => {
    const protocol = readFileSync(new URL('../../../../docs/protocol.md', import.meta.url), 'utf8');
    const section = protocol.split('### Audit trail')[1]?.split('\n## ')[0] ?? '';
    const named = [...section.matchAll(/`([a-z_]+\.[a-z_]+)`/g)].map((match) => match[1]).filter((name) => name !== undefined);
    // Those of refusals are in audit-trail.test.ts, those of people in people-audit.test.ts.
    const done = named.filter((name) => !/^(details|access|user|session|invitation|link)\./.test(name));
    expect(done.sort()).toEqual(Object.keys(ACTIONS).sort());
  });

  it('has none for what changed nothing, and no secret', async () => {
    const h = await harness();
    const { actor, post } = await asKey(h);
    const made = await post<ApiKeyCreated>('/api-keys', { name: 'k', scopes: ['read'], application: 'new' });
    await post(`/api-keys/${made.id}#delete`);
    await h.controlPlane.advance(1_000);
    await post(`/api-keys/${made.id}#delete`);
    await expect(post('/applications', { name: 'new' })).rejects.toThrow(/409/);
    const own = (await entries(h)).filter((entry) => entry.actor === actor);
    expect(own.map(({ action }) => action)).toEqual(['api_key.disable', 'api_key.create', 'application.create']);
    expect(own[1]?.details).toEqual({ name: 'k', application: 'new', scopes: 'read' });
    expect(JSON.stringify(own)).not.toContain(made.key);
  });
});
