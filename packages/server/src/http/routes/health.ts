import { PROTOCOL, PROTOCOL_VERSION } from '@pipelogiq/protocol';
import type { HealthReport, HttpDeps } from '../deps.js';
import { hasCredentials, identify, seesServer } from '../gate.js';
import { json, type Reply, type Route, route } from '../route.js';

const READY = ['All systems operational'];

function clockFields({ clock, startedAt }: HttpDeps) {
  const now = clock.now();
  return { timestamp: new Date(now).toISOString(), uptime_seconds: (now - startedAt) / 1000 };
}

/** A check that cannot be made is a finding too. */
async function reportOf({ health, log }: HttpDeps): Promise<HealthReport> {
  try {
    return await health();
  } catch (error) {
    log.error({ err: error }, 'health check failed');
    const issues = ['the health check itself failed'];
    return {
      status: 'unhealthy',
      components: { database: { status: 'unhealthy', issues } },
      metrics: {},
      issues,
      database: 'disconnected',
    };
  }
}

/** A key that cannot be looked up, as while the database is away, lets nobody see more, but does not refuse the rest either. */
async function maySeeDetails({ useCases }: HttpDeps, headers: Headers): Promise<boolean> {
  if (!hasCredentials(headers)) return false;
  try {
    return seesServer(await identify(useCases, { method: 'GET', headers }));
  } catch {
    return false;
  }
}

const withoutDetails = (components: HealthReport['components']): HealthReport['components'] =>
  Object.fromEntries(
    Object.entries(components).map(([name, { details: _, ...component }]) => [name, component]),
  ) as HealthReport['components'];

async function health(deps: HttpDeps, headers: Headers): Promise<Reply> {
  const [report, all] = await Promise.all([reportOf(deps), maySeeDetails(deps, headers)]);
  const { status, metrics, issues, database } = report;
  const components = all ? report.components : withoutDetails(report.components);
  const body = { status, ...clockFields(deps), components, checks: components, metrics, issues, database };
  return json(status === 'unhealthy' ? 503 : 200, body);
}

function live(deps: HttpDeps): Reply {
  return json(200, { status: 'alive', ...clockFields(deps) });
}

function ready(deps: HttpDeps): Reply {
  const { timestamp } = clockFields(deps);
  const report = deps.isShuttingDown() ? { ready: false, reasons: ['the server is shutting down'] } : deps.ready();
  if (report.ready) return json(200, { status: 'ready', ready: true, timestamp, reasons: READY });
  return json(503, { status: 'not_ready', ready: false, timestamp, reasons: report.reasons });
}

function startup(deps: HttpDeps): Reply {
  if (deps.started()) return json(200, { status: 'started', ...clockFields(deps) });
  return json(503, { status: 'starting', ...clockFields(deps), reasons: ['Nothing has been stored yet.'] });
}

function version({ version }: HttpDeps): Reply {
  return json(200, { name: 'pipelogiq', version, protocol: { min: `${PROTOCOL.major}.0`, max: PROTOCOL_VERSION } });
}

interface Probe {
  path: string;
  summary: string;
  unavailable?: string;
  answer(deps: HttpDeps, headers: Headers): Reply | Promise<Reply>;
}

const PROBES: Probe[] = [
  { path: '/health', summary: 'Health of every component; degraded answers 200', unavailable: 'Unhealthy.', answer: health },
  { path: '/health/live', summary: 'Liveness', answer: live },
  { path: '/healthz', summary: 'Liveness', answer: live },
  { path: '/health/ready', summary: 'Readiness', unavailable: 'Not ready.', answer: ready },
  { path: '/health/startup', summary: 'Startup', unavailable: 'Still starting.', answer: startup },
  { path: '/ready', summary: 'Readiness', unavailable: 'Not ready.', answer: ready },
  { path: '/readyz', summary: 'Readiness', unavailable: 'Not ready.', answer: ready },
  { path: '/version', summary: 'Versions of the server and of the protocols that it speaks', answer: version },
];

/** `/health/ready` becomes `getHealthReady`. */
const operationId = (path: string) => `get${path.replace(/\/(\w)/g, (_, first: string) => first.toUpperCase())}`;

export const healthRoutes = (deps: HttpDeps): Route[] =>
  PROBES.map(({ path, summary, unavailable, answer }) =>
    route({
      operationId: operationId(path),
      summary,
      tag: 'Server',
      method: 'GET',
      path,
      access: 'open',
      answers: { 200: { description: 'Answer.' }, ...(unavailable && { 503: { description: unavailable } }) },
      handle: ({ headers }) => answer(deps, headers),
    }),
  );
