import type { Scope } from '@pipelogiq/protocol';
import { systemClock } from '../../src/clock.js';
import { DomainError } from '../../src/domain/errors.js';
import type { JsonText, LeasedJob, Principal, UseCases } from '../../src/domain/use-cases.js';
import { createHttpApp, HTTP_LIMITS, type HttpApp, type HttpDeps, type RequestInfo } from '../../src/http/index.js';

interface Recorded {
  name: string;
  args: unknown[];
}

type Overrides = { [Group in keyof UseCases]?: Partial<UseCases[Group]> };

const principal = (scopes: Scope[], allApplications: boolean): Principal => ({
  keyId: '1',
  applicationId: 1,
  application: 'shop',
  scopes: new Set(scopes),
  ...(allApplications && { allApplications }),
});

/** Keys of the tests: `key-<scope>` has that scope, `key-none` has none; `key-everything` is an admin's of all applications. */
const scopesOf = (key: string): Scope[] | undefined => {
  const [, scope] = /^key-(\w+)$/.exec(key) ?? [];
  if (scope === undefined) return undefined;
  return scope === 'none' ? [] : [scope === 'everything' ? 'admin' : (scope as Scope)];
};

export const SESSION = 'session-of-7';

/** Use cases that record what they were asked; each answers `{}` unless it is overridden. */
function fakeUseCases(overrides: Overrides = {}): { useCases: UseCases; calls: Recorded[] } {
  const calls: Recorded[] = [];
  const defaults: { [name: string]: (...args: never[]) => unknown } = {
    'accounts.authenticate': (key: string) => {
      const scopes = scopesOf(key);
      return scopes && principal(scopes, key === 'key-everything');
    },
    'workers.authenticate': (caller: Principal, workerId: string, token: string | undefined) => {
      if (token !== SESSION) throw new DomainError('session_invalid', 'The session is not valid.');
      return { ...caller, workerId: Number(workerId) };
    },
    'pipelines.create': (_caller: Principal, items: readonly unknown[]) =>
      items.map((_, i) => ({ id: String(i + 1), traceId: 'f'.repeat(32), status: 'running', created: true })),
    'jobs.pull': () => ({ jobs: [] }),
    'hooks.deliver': () => {
      throw new DomainError('unauthenticated', 'This delivery is not from the sender of the hook.');
    },
    'jobs.settle': () => [],
    'jobs.payload': () => ({ outputs: {}, context: {}, nextCursor: null }),
    'events.subscribe': () => ({ open: () => undefined, close: () => undefined }),
  };
  const group = (groupName: keyof UseCases) =>
    new Proxy(
      {},
      {
        get: (_, method: string) => {
          const name = `${groupName}.${method}`;
          const own = (overrides[groupName] as { [name: string]: (...args: unknown[]) => unknown } | undefined)?.[method];
          return async (...args: unknown[]) => {
            calls.push({ name, args });
            return (own ?? (defaults[name] as ((...args: unknown[]) => unknown) | undefined) ?? (() => ({})))(...args);
          };
        },
      },
    );
  const useCases = {
    pipelines: group('pipelines'),
    operator: group('operator'),
    jobs: group('jobs'),
    workers: group('workers'),
    accounts: group('accounts'),
    sessions: group('sessions'),
    signIn: group('signIn'),
    users: group('users'),
    eventStages: group('eventStages'),
    events: group('events'),
    schedules: group('schedules'),
    hooks: group('hooks'),
    insights: group('insights'),
    overview: group('overview'),
    integrations: group('integrations'),
    channels: group('channels'),
    alertRules: group('alertRules'),
    incidents: group('incidents'),
    server: group('server'),
  } as unknown as UseCases;
  return { useCases, calls };
}

export interface Api {
  app: HttpApp;
  deps: HttpDeps;
  /** Calls of use cases other than the two that authenticate. */
  calls: Recorded[];
  logged: { level: string; fields: { readonly [name: string]: unknown }; message: string }[];
  requests: RequestInfo[];
  /** A request in this process; `key` defaults to one that may do everything. */
  call(method: string, path: string, init?: CallInit): Promise<Response>;
}
export interface CallInit {
  key?: string | null;
  body?: unknown;
  /** Sent as it is. */
  text?: string;
  headers?: { [name: string]: string };
  signal?: AbortSignal;
}

function aRequest(method: string, url: string, { key = 'key-admin', body, text, headers = {}, signal }: CallInit = {}): Request {
  const content = text ?? (body === undefined ? undefined : JSON.stringify(body));
  return new Request(url, {
    method,
    headers: {
      ...(key !== null && { authorization: `Bearer ${key}` }),
      ...(content !== undefined && { 'content-type': 'application/json' }),
      'x-worker-session': SESSION,
      ...headers,
    },
    ...(content !== undefined && { body: content }),
    ...(signal && { signal }),
  });
}

export function anApi(overrides: Overrides = {}, depOverrides: Partial<HttpDeps> = {}): Api {
  const { useCases, calls: all } = fakeUseCases(overrides);
  const logged: Api['logged'] = [];
  const requests: RequestInfo[] = [];
  const log = (level: string) => (fields: { readonly [name: string]: unknown }, message: string) => {
    logged.push({ level, fields, message });
  };
  const deps: HttpDeps = {
    useCases,
    limits: HTTP_LIMITS,
    version: '0.1.0',
    startedAt: Date.now() - 5_000,
    clock: systemClock(),
    log: { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') },
    health: async () => ({
      status: 'healthy',
      components: { database: { status: 'healthy', issues: [], latency_ms: 1 } },
      metrics: {},
      issues: [],
      database: 'connected',
    }),
    ready: () => ({ ready: true, reasons: [] }),
    started: () => true,
    metricsAccess: 'local',
    sessionMaxMs: 604_800_000,
    onRequest: (info) => requests.push(info),
    traceOf: () => ({
      traceId: 'f'.repeat(32),
      spanId: 'e'.repeat(16),
      flags: 1,
      tracestate: undefined,
      parent: undefined,
      isExported: true,
    }),
    metrics: { enabled: true, contentType: 'text/plain', text: async () => ({ bytes: Buffer.alloc(0), release: () => {} }) },
    isShuttingDown: () => false,
    explain: (error) => error as Error,
    ...depOverrides,
  };
  const app = createHttpApp(deps);
  return {
    app,
    deps,
    logged,
    requests,
    get calls() {
      return all.filter(({ name }) => !name.endsWith('.authenticate'));
    },
    call: (method, path, init) => app.fetch(aRequest(method, `http://in.process${path}`, init)),
  };
}

export const jsonText = (value: unknown): JsonText => JSON.stringify(value) as JsonText;

export function aLeasedJob(overrides: Partial<LeasedJob> = {}): LeasedJob {
  return {
    id: '42',
    pipelineId: '9',
    pipelineName: 'order "7"',
    stage: 'charge',
    handler: 'charge-card',
    fencingToken: 3,
    attempt: 1,
    maxAttempts: 3,
    traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`,
    input: jsonText({ orderId: '42' }),
    previousOutput: jsonText(null),
    outputs: {},
    outputHandlers: {},
    context: {},
    idempotencyKey: '42.1',
    leaseMs: 60_000,
    leaseExpiresAt: '2026-01-31T12:01:00.000Z',
    timeoutMs: 1_800_000,
    deadline: '2026-01-31T12:30:00.000Z',
    ...overrides,
  };
}

export const aPull = { workerId: '7', pullSeq: 1, handlers: ['charge-card'], maxJobs: 10 };
export const aPipeline = { name: 'order', stages: [{ name: 'charge' }] };

/** The problem of a refused call. */
export async function problemOf(response: Response): Promise<{
  status: number;
  code: string;
  detail: string;
  requestId: string;
  type: string;
  retryAfterMs?: number;
  errors?: { path: string; message: string }[];
}> {
  const type = response.headers.get('content-type');
  if (type !== 'application/problem+json') throw new Error(`no problem but ${response.status} ${type}: ${await response.text()}`);
  return response.json() as never;
}
