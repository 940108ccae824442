import { DEFAULTS, PROTOCOL_VERSION, redactSecrets, type Worker, type WorkerBootstrap } from '@pipelogiq/protocol';
import type { Clock } from '../../clock.js';
import type { Ms, Reads, WorkerRow } from '../../store/store.js';
import { auditBy } from '../account/audit.js';
import { hashSecret, sameHash } from '../account/keys.js';
import type { Committer } from '../commit/committer.js';
import type { WorkerNews } from '../commit/effects.js';
import { operate } from '../commit/operate.js';
import type { ExtendTicket, Group } from '../commit/tickets.js';
import { DomainError } from '../errors.js';
import { decodeCursor, isId, notFound, parseId } from '../ids.js';
import { pageLimit, toPage } from '../page.js';
import { field } from '../pipeline/views.js';
import type { Principal, WorkerPrincipal, WorkerUseCases } from '../use-cases.js';
import { pastEvents, workerJob } from './history.js';

export interface WorkerDeps {
  committer: Committer;
  reads: Reads;
  clock: Clock;
  leaseMs: number;
  heartbeatIntervalMs: number;
  /** Whether the server exports traces. */
  traces: boolean;
  /** Whether other servers open sessions too, in the same database. */
  hasPeers: boolean;
}

const SESSION_BYTES = 24;
/** Heartbeat intervals after which a silent worker counts as offline. */
export const MISSED_BEATS = 3;
const MAX_SESSIONS = 10_000; // kept in memory
const SESSION_MS = 5_000; // a session that ended on another server lives on this long

const invalidSession = (): DomainError =>
  new DomainError('session_invalid', 'This is not the session of that worker; bootstrap again.');

interface Session {
  applicationId: number;
  hash: string;
  /** From then on the database is asked again. */
  until: Ms;
}

export function workerUseCases(deps: WorkerDeps): WorkerUseCases {
  const { committer, reads, clock } = deps;
  const sessions = new Map<number, Session>();
  const remember = (workerId: number, session: Omit<Session, 'until'>): void => {
    if (sessions.size >= MAX_SESSIONS) sessions.clear(); // the database knows them all
    sessions.set(workerId, { ...session, until: deps.hasPeers ? clock.now() + SESSION_MS : Number.POSITIVE_INFINITY });
  };
  const view = (row: WorkerRow & { application: string }, now: Ms): Worker => workerView(row, now, deps.heartbeatIntervalMs);
  const find = async (caller: Principal, id: string): Promise<WorkerRow & { application: string }> => {
    const row = await reads.worker(caller.applicationId, parseId(id, 'worker'));
    if (!row) throw notFound('worker', id);
    return row;
  };

  return {
    async bootstrap(caller, request) {
      const token = clock.randomHex(SESSION_BYTES);
      const instanceId = request.instanceId ?? clock.randomHex(8);
      const workerId = await operate(committer, caller.applicationId, (group) =>
        startSession(group, caller, request, instanceId, hashSecret(token)),
      );
      remember(workerId, { applicationId: caller.applicationId, hash: hashSecret(token) });
      return {
        workerId: String(workerId),
        sessionToken: token,
        protocol: PROTOCOL_VERSION,
        leaseMs: deps.leaseMs,
        heartbeatIntervalMs: deps.heartbeatIntervalMs,
        application: caller.application,
        observability: { traces: deps.traces },
      };
    },
    async authenticate(caller, workerId, sessionToken): Promise<WorkerPrincipal> {
      const id = isId(workerId) ? Number(workerId) : 0;
      if (!sessionToken || id === 0) throw invalidSession();
      const hash = hashSecret(sessionToken);
      const known = sessions.get(id);
      const isKnown = known && known.until > clock.now() && known.applicationId === caller.applicationId;
      if (!isKnown || !sameHash(known.hash, hash)) {
        const row = await reads.worker(caller.applicationId, id); // sessions survive a restart, and other replicas make them too
        if (!row || !sameHash(row.session_hash, hash)) throw invalidSession();
        remember(id, { applicationId: caller.applicationId, hash });
      }
      return { ...caller, workerId: id, sessionHash: hash };
    },
    heartbeat: (caller, request) =>
      committer.submit<ExtendTicket>({
        kind: 'extend',
        applicationId: caller.applicationId,
        rows: 1 + request.jobs.length,
        bytes: 0,
        holder: { applicationId: caller.applicationId, workerId: caller.workerId },
        jobs: request.jobs,
        beat: {
          id: caller.workerId,
          state: request.state,
          in_flight: request.inFlight,
          processed: request.processed,
          failed: request.failed,
          cpu_percent: request.cpuPercent ?? null,
          memory_mb: request.memoryMb ?? null,
          last_error: request.lastError ?? null,
        },
      }),
    async shutdown(caller, { error }) {
      const row = await find(caller, String(caller.workerId));
      await operate(committer, caller.applicationId, async ({ tx, now, effects }) => {
        await tx.updateWorker(row.id, { state: 'stopped', in_flight: 0, last_seen_at: now });
        effects.endPulls(row.id);
        effects.events.add('worker_stopped', row);
        effects.workers.push(news('stopped', row));
        effects.noted.push({
          event: error === undefined ? 'worker_stopped' : 'worker_failed',
          worker: alertWorker(caller, row, error),
        });
      });
    },
    async list(caller, page) {
      const limit = pageLimit(page);
      const rows = await reads.workers(caller.applicationId, { limit: limit + 1, after: decodeCursor(page.cursor, 'number') });
      const now = await reads.now();
      return toPage(
        rows,
        limit,
        (row) => view(row, now),
        (row) => row.id,
      );
    },
    async jobs(caller, id, page) {
      const limit = pageLimit(page);
      const { id: workerId } = await find(caller, id);
      const after = decodeCursor(page.cursor, 'number');
      const rows = await reads.heldJobs(caller.applicationId, workerId, { limit: limit + 1, after });
      return toPage(rows, limit, workerJob, (row) => row.id);
    },
    async events(caller, id, page) {
      const row = await find(caller, id);
      return pastEvents(reads, row, { limit: pageLimit(page), cursor: decodeCursor(page.cursor, 'string') });
    },
    get: async (caller, id) => view(await find(caller, id), await reads.now()),
    async drain(caller, id) {
      const row = await find(caller, id);
      await operate(committer, caller.applicationId, async (group) => {
        const { tx, effects } = group;
        await tx.updateWorker(row.id, { order_given: 'drain' });
        effects.endPulls(row.id);
        effects.events.add('worker_drained', row);
        effects.workers.push(news('drained', row));
        await auditBy(group, caller, { action: 'worker.drain', target: { type: 'worker', id } });
      });
      return view({ ...row, order_given: 'drain' }, await reads.now());
    },
  };
}

/** The same instanceId is the same worker: it keeps its id and the leases it holds, and gets a new session. */
async function startSession(
  { tx, now, effects }: Group,
  caller: Principal,
  request: WorkerBootstrap,
  instanceId: string,
  sessionHash: string,
): Promise<number> {
  const session = sessionOf(request, sessionHash, now);
  const existing = await tx.workerByInstance(caller.applicationId, instanceId);
  if (existing) {
    await tx.updateWorker(existing.id, session);
    await tx.restartPulls(existing.id, sessionHash);
    effects.endPulls(existing.id); // pulls of the old session are answered: their caller may be gone
    tellStarted(effects, { ...existing, name: session.name }, request);
    effects.noted.push({ event: 'worker_started', worker: alertWorker(caller, { ...existing, ...session }) });
    return existing.id;
  }
  const [id = 0] = await tx.allocateIds('worker', 1);
  await tx.insertWorker({
    ...session,
    id,
    application_id: caller.applicationId,
    instance_id: instanceId,
    cpu_percent: null,
    memory_mb: null,
    last_error: null,
  });
  await tx.restartPulls(id, sessionHash);
  tellStarted(effects, { id, application_id: caller.applicationId, name: session.name }, request);
  effects.noted.push({ event: 'worker_started', worker: alertWorker(caller, { id, ...session }) });
  return id;
}

type Named = Pick<WorkerRow, 'id' | 'application_id' | 'name'>;

function tellStarted(effects: Group['effects'], worker: Named, { supportedHandlers: handlers }: WorkerBootstrap): void {
  effects.events.add('worker_started', worker);
  effects.workers.push({ ...news('registered', worker), handlers });
}

const news = (kind: WorkerNews['kind'], { id, application_id, name }: Named): WorkerNews => ({
  kind,
  applicationId: application_id,
  workerId: id,
  name,
});

const alertWorker = (
  { applicationId, application }: Principal,
  { id, name, environment, version }: Pick<WorkerRow, 'id' | 'name' | 'environment' | 'version'>,
  error?: string,
) => ({
  applicationId,
  application,
  worker: name,
  workerId: String(id),
  ...(environment !== null && { environment }),
  ...(version !== null && { version }),
  ...(error !== undefined && { message: redactSecrets(error) }),
});

const sessionOf = (request: WorkerBootstrap, sessionHash: string, now: number) => ({
  name: request.workerName,
  session_hash: sessionHash,
  pool: request.pool ?? DEFAULTS.pool,
  handlers: JSON.stringify(request.supportedHandlers),
  state: 'running' as const,
  order_given: 'run' as const,
  environment: request.environment ?? null,
  version: request.version ?? null,
  sdk_version: request.sdkVersion ?? null,
  host_name: request.hostName ?? null,
  pid: request.pid ?? null,
  concurrency: request.concurrency ?? null,
  metadata: request.metadata === undefined ? null : JSON.stringify(request.metadata),
  in_flight: 0,
  processed: 0,
  failed: 0,
  started_at: now,
  last_seen_at: now,
});

function workerView(row: WorkerRow & { application: string }, now: number, heartbeatIntervalMs: number): Worker {
  const silent = now - row.last_seen_at > MISSED_BEATS * heartbeatIntervalMs;
  return {
    id: String(row.id),
    name: row.name,
    instanceId: row.instance_id,
    application: row.application,
    pool: row.pool,
    handlers: JSON.parse(row.handlers) as string[],
    state: silent && row.state !== 'stopped' ? 'offline' : row.state,
    order: row.order_given,
    ...field('environment', row.environment),
    ...field('version', row.version),
    ...field('sdkVersion', row.sdk_version),
    ...field('hostName', row.host_name),
    ...field('pid', row.pid),
    ...field('concurrency', row.concurrency),
    inFlight: row.in_flight,
    processed: row.processed,
    failed: row.failed,
    ...field('cpuPercent', row.cpu_percent),
    ...field('memoryMb', row.memory_mb),
    ...field('lastError', row.last_error),
    startedAt: new Date(row.started_at).toISOString(),
    lastSeenAt: new Date(row.last_seen_at).toISOString(),
  };
}
