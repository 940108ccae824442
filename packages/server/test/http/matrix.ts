import { Agent, request as httpRequest } from 'node:http';
import type { Role, Scope } from '@pipelogiq/protocol';
import { onTestFinished } from 'vitest';
import { type People, people } from '../engine/people.js';
import { type InspectedHarness, inspect } from '../input/support.js';

/** In every name of the application that is broken into. */
export const CANARY = 'ours-canary';

export interface Operation {
  /** As `GET /pipelines/{id}`. */
  name: string;
  method: string;
  path: string;
  access: string;
  /** The example of the document. */
  body: unknown;
}

interface Described {
  'x-pipelogiq-access'?: string;
  requestBody?: { content: { 'application/json': { schema: { $ref?: string; example?: unknown } } } };
}
interface Document {
  paths: Record<string, Record<string, Described>>;
  components: { schemas: Record<string, { example?: unknown }> };
}

/** Every operation that the server's own description names. */
export async function operationsOf(h: Pick<People, 'call'>): Promise<Operation[]> {
  const { paths, components } = await h.call<Document>('GET', '/openapi.json');
  const exampleOf = ({ requestBody }: Described): unknown => {
    const schema = requestBody?.content['application/json'].schema;
    return schema?.$ref === undefined ? schema?.example : components.schemas[schema.$ref.split('/').at(-1) as string]?.example;
  };
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([verb, described]) => {
      const method = verb.toUpperCase();
      const access = described['x-pipelogiq-access'] ?? 'none declared';
      return { name: `${method} ${path}`, method, path, access, body: exampleOf(described) };
    }),
  );
}

/** Whoever sends a request. */
export interface Caller {
  name: string;
  headers: Record<string, string>;
  scopes: readonly Scope[];
  isUser?: boolean;
  /** What belongs to no single application is open to them, as far as their scopes go. */
  isForAll?: boolean;
  isOwner?: boolean;
}

export interface Answer {
  status: number;
  type: string;
  text: string;
}

export interface Matrix extends People, Pick<InspectedHarness, 'stored'> {
  /** Sends a request line as it is, which no URL library would let through. */
  ask(caller: Pick<Caller, 'headers'>, method: string, target: string, body?: unknown): Promise<Answer>;
  /** The path of an operation, on something of ours. */
  onOurs(operation: Operation): string;
  /** … and on something that never was. */
  onNothing(operation: Operation): string;
}

const FROM_HERE = { 'sec-fetch-site': 'same-origin' };
export const cookieOf = (cookie: string | undefined): Record<string, string> => ({ ...FROM_HERE, cookie: cookie ?? '' });

/** A server on a port, with one of everything in the application `default`. */
export async function matrix(): Promise<Matrix> {
  const h = await people({
    metricsAccess: 'credentials',
    loginsPerAccount: 1_000_000,
    loginsPerAddress: 1_000_000,
    secretKey: 'a key of thirty-two characters or more',
  });
  const { url } = await h.controlPlane.listen({ host: '127.0.0.1', port: 0 });
  const agent = new Agent({ keepAlive: true });
  onTestFinished(() => agent.destroy());
  const port = Number(new URL(url).port);
  const ours = await furnish(h);
  const idOf = ({ path }: Operation): string => {
    const [, found] = Object.entries(ours)
      .filter(([prefix]) => path.startsWith(prefix))
      .sort(([a], [b]) => b.length - a.length)[0] ?? [undefined, undefined];
    if (found === undefined) throw new Error(`nothing of ours is at ${path}: add it to furnish`);
    return found;
  };
  const filled = ({ path }: Operation, id: string) => path.replace(/\{\w+\}/, id);
  return {
    ...h,
    stored: () => inspect(h.database),
    onOurs: (operation) => (operation.path.includes('{') ? filled(operation, idOf(operation)) : operation.path),
    onNothing: (operation) => filled(operation, operation.path.includes('{name}') ? 'never-was' : '999999999'),
    ask: ({ headers }, method, target, body) =>
      new Promise((resolve, reject) => {
        const content = body === undefined ? undefined : JSON.stringify(body);
        const options = {
          agent,
          host: '127.0.0.1',
          port,
          method,
          path: target,
          headers: { ...(content !== undefined && { 'content-type': 'application/json' }), ...headers },
        };
        const request = httpRequest(options, async (response) => {
          const type = response.headers['content-type'] ?? '';
          let text = '';
          if (type.startsWith('text/event-stream')) response.destroy();
          else for await (const chunk of response.setEncoding('utf8')) text += chunk;
          resolve({ status: response.statusCode ?? 0, type, text });
        });
        request.on('error', reject).end(content);
      }),
  };
}

/** Refusals name it. */
const HOOK = 'a-hook';

/** One of everything; by the path that leads to it. */
async function furnish(h: People): Promise<Record<string, string>> {
  const make = async (path: string, body: object) => (await h.call<{ id: string }>('POST', path, body)).id;
  const { id: pipeline } = await h.create({ name: CANARY, stages: [{ name: 'wait', waitFor: 'event' }] });
  const worker = await h.worker(['a'], { workerName: CANARY });
  const template = { name: CANARY, stages: [{ name: 's' }] };
  const config = { url: 'http://127.0.0.1:9/hook', secret: `whsec_${'a'.repeat(40)}` };
  const channel = await make('/alerts/channels', { name: CANARY, type: 'webhook', config });
  const rule = await make('/alerts/rules', { name: CANARY, events: ['pipeline_failed'], channels: [channel], groupWaitMs: 0 });
  await h.create({ name: CANARY, stages: [{ name: 'a', maxAttempts: 1 }] });
  await worker.nack(await worker.one(), { error: { code: CANARY, message: CANARY } });
  await h.create({ name: CANARY, stages: [{ name: 'a' }] });
  const job = await worker.one();
  await h.controlPlane.advance(0);
  const firstOf = async <T>(path: string) => (await h.call<{ items: T[] }>('GET', path)).items[0] as T;
  const stages = await firstOf<{ id: string }>(`/pipelines/${pipeline}/stages`);
  await h.call('POST', '/hooks', { name: HOOK, template });
  const owner = await h.owner();
  const session = (await owner.call<{ items: { id: string }[] }>('GET', '/auth/sessions')).items[0]?.id as string;
  const key = await make('/api-keys', { name: CANARY, scopes: ['read'], application: 'default' });
  return {
    '/pipelines/{id}': pipeline,
    '/pipelines/actions/{id}': await make('/pipelines/actions', { action: 'pause', filter: { name: 'none' } }),
    '/stages/{id}': stages.id,
    '/workers/{id}': worker.session.workerId,
    '/jobs/{id}': job.id,
    '/schedules/{id}': await make('/schedules', { name: CANARY, cron: '0 3 * * *', template }),
    '/hooks/{name}': HOOK,
    '/observability/errors/{name}': (await firstOf<{ fingerprint: string }>('/observability/errors')).fingerprint,
    '/observability/marks/{id}': await make('/observability/marks', { version: CANARY }),
    '/alerts/channels/{id}': channel,
    '/alerts/rules/{id}': rule,
    '/alerts/incidents/{id}': (await firstOf<{ id: string }>('/alerts/incidents')).id,
    '/alerts/deliveries/{id}': (await firstOf<{ id: string }>('/alerts/deliveries')).id,
    '/alerts/silences/{id}': await make('/alerts/silences', {
      match: { pipeline: CANARY },
      comment: 'c',
      endsAt: '2030-01-02T00:00:00Z',
    }),
    '/api-keys/{id}': key,
    '/users/{id}': (await firstOf<{ id: string }>('/users')).id,
    '/users/invitations/{id}': await make('/users/invitations', { role: 'viewer' }),
    '/auth/sessions/{id}': session,
    '/dashboard/{path}': 'pipelines',
  };
}

const READ: Scope[] = ['read'];
const OPERATE: Scope[] = ['read', 'operate', 'produce'];
export const ALL: Scope[] = ['read', 'operate', 'produce', 'work', 'admin'];
const SCOPES_OF: Record<Role, Scope[]> = { viewer: READ, operator: OPERATE, admin: ALL, owner: ALL };

/** A user of each role, for all applications and for `default` alone; and a key of each scope. */
export async function callersOf(h: Matrix): Promise<Caller[]> {
  const callers: Caller[] = [];
  for (const role of ['viewer', 'operator', 'admin', 'owner'] as const) {
    const scopes = SCOPES_OF[role];
    const { cookie } = await h.person(`all-${role}`, { role });
    const isOwner = role === 'owner';
    callers.push({ name: `${role} of all`, headers: cookieOf(cookie), scopes, isUser: true, isForAll: true, isOwner });
    if (isOwner) continue;
    const { cookie: own } = await h.person(`own-${role}`, { applications: [{ application: 'default', role }] });
    callers.push({ name: `${role} of one`, headers: cookieOf(own), scopes, isUser: true });
  }
  for (const scope of ALL) {
    const { key } = await h.call<{ key: string }>('POST', '/api-keys', { name: 'k', scopes: [scope], application: 'default' });
    const scopes = scope === 'admin' ? ALL : [scope];
    callers.push({ name: `key with ${scope}`, headers: { authorization: `Bearer ${key}` }, scopes });
  }
  return callers;
}
