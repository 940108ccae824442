import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ApiKeyCreated, CreateApiKey } from '@pipelogiq/protocol';
import { CHANNELS } from './channels/index.js';
import { type Clock, systemClock } from './clock.js';
import { type Config, ConfigError, type ConfigOptions, isPostgresUrl, resolveConfig } from './config.js';
import type { AccountService } from './domain/account/accounts.js';
import { actorOf } from './domain/account/audit.js';
import { refusalOf } from './domain/commit/refusal.js';
import { createEngine, type Engine } from './engine.js';
import { shared } from './health/finding.js';
import { checkSecrets } from './health/secrets.js';
import { HealthWatch } from './health/watch.js';
import {
  checkStageSpecs,
  createHttpApp,
  type HttpApp,
  type HttpServer,
  type RequestInfo,
  startHttpServer,
} from './http/index.js';
import { httpSettings } from './http-settings.js';
import { INTEGRATIONS } from './integrations/index.js';
import { metricSources } from './metric-sources.js';
import { OpenRequests } from './open-requests.js';
import { createMailer } from './outbound/mailer.js';
import { networkList, networks } from './outbound/networks.js';
import { createOutbound } from './outbound/outbound.js';
import { masterKey, otherKeys } from './secrets/master-key.js';
import { createSecrets, type Secrets } from './secrets/secrets.js';
import { openPostgresStore } from './store/postgres/store.js';
import { openSqliteStore } from './store/sqlite/store.js';
import type { OnQuery, Store } from './store/store.js';
import { openTelemetry, type Telemetry } from './telemetry/telemetry.js';
import { SERVER_VERSION } from './version.js';

export { openKeyChange } from './secrets/key-change.js';
/** Options of the server, plus what only an embedding program or a test gives. Durations in ms, sizes in bytes. */
export { keyFileOf } from './secrets/master-key.js';

export interface ControlPlaneOptions extends ConfigOptions {
  /** Time and randomness; default: the system's. */
  clock?: Clock;
  /** Where the standard `OTEL_*` variables are read; default `process.env`. */
  env?: { readonly [name: string]: string | undefined };
}

/** What `new Pipelogiq(controlPlane.connection())` needs to call the control plane in the same process. */
export interface Connection {
  url: string;
  /** An admin key that lives as long as this process and is stored nowhere. */
  apiKey: string;
  fetch: (input: string | URL | Request, init?: RequestInit) => Promise<Response>;
}

/** A running control plane. */
export interface ControlPlane {
  /** Answers a request; it needs credentials like any other. */
  fetch(request: Request): Promise<Response>;
  /** A `node:http` listener, for mounting under a prefix of an existing server: `app.use('/pipelogiq', controlPlane.handler)`. */
  handler(request: IncomingMessage, response: ServerResponse): void;
  /**
   * Opens a server of its own; default host and port are the options'.
   * @throws Error with the system's `code`, as `EADDRINUSE`.
   */
  listen(options?: { host?: string; port?: number }): Promise<{ url: string }>;
  connection(): Connection;
  /** Makes an API key; the answer is the only place that ever holds it. */
  createApiKey(request: CreateApiKey): Promise<ApiKeyCreated>;
  /** True when the database had no API key before this start. */
  readonly firstStart: boolean;
  /** Stops leasing, answers waiting pulls, finishes commits, sends spans, closes. Never rejects for work that is still open. */
  close(): Promise<void>;
}

const LOCAL_URL = 'http://pipelogiq.local';
/** A key changes with a start only. */
const SECRETS_FRESH_MS = 60_000;
/** Of the time for closing; the rest is for the last commits and spans. */
const ANSWERS_SHARE = 0.6;

/**
 * Opens the database and starts the loops. The one file that sees every room.
 *
 * @example
 * const controlPlane = await createControlPlane({ database: './orders.db' });
 * const { url } = await controlPlane.listen({ port: 8080 });
 * @throws ConfigError for options out of bounds; the database's own error when it cannot be opened.
 */
export function createControlPlane(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
  return openControlPlane(options);
}

/** As `createControlPlane`, with what only tests may see. */
export async function openControlPlane(options: ControlPlaneOptions): Promise<RunningControlPlane> {
  const { clock = systemClock(), env = process.env, ...given } = options;
  const config = resolveConfig({ options: given });
  const outward = openOutward(config, clock);
  const kind = isPostgresUrl(config.database) ? 'postgres' : 'sqlite';
  const telemetry = openTelemetry({ config, env, clock, version: SERVER_VERSION, store: kind });
  let store: Store | undefined;
  let engine: Parts['engine'] | undefined;
  try {
    store = await openStore(config, clock, options.clock, telemetry);
    const { reads } = store;
    const secrets = openSecrets(config, clock);
    const health = new HealthWatch({ store, config, clock, log: telemetry.log });
    health.add(
      'secrets',
      shared(
        () => checkSecrets(reads, secrets),
        SECRETS_FRESH_MS,
        () => clock.now(),
      ),
    );
    const { outbound, mailer } = outward;
    const leaves = { integrations: INTEGRATIONS, channels: CHANNELS, checkStageSpecs };
    engine = await createEngine({ config, clock, store, telemetry, secrets, health, outbound, mailer, ...leaves });
    telemetry.metrics.watch(metricSources({ config, store, engine }));
    const firstStart = (await reads.countApiKeys()) === 0;
    if (config.bootstrapApiKey !== undefined) await engine.accounts.ensureKey('bootstrap', config.bootstrapApiKey);
    const localKey = await engine.accounts.createLocalKey();
    return new RunningControlPlane({ config, clock, store, telemetry, outward, engine, health, localKey, firstStart });
  } catch (error) {
    // Else timers and connections of a server that there never was go on in a program that embeds it.
    await engine?.stop();
    await outward.close();
    await telemetry.close();
    await store?.close();
    throw error;
  }
}

type Outward = ReturnType<typeof openOutward>;

/** All ways out of the server; none leads to an address that may not be called. @throws ConfigError for a network that is none */
function openOutward({ outboundAllow, outboundTimeoutMs, outboundMaxBytes }: Config, clock: Clock) {
  const bounds = { networks: networksOf(outboundAllow), timeoutMs: outboundTimeoutMs, maxBytes: outboundMaxBytes, clock };
  const outbound = createOutbound(bounds);
  const mailer = createMailer(bounds);
  return {
    outbound,
    mailer,
    async close(): Promise<void> {
      mailer.close();
      await outbound.close();
    },
  };
}

function networksOf(allow: string | undefined) {
  try {
    return networks(allow);
  } catch (error) {
    throw new ConfigError(`outboundAllow: ${(error as Error).message}`);
  }
}

/** PostgreSQL by its URL, else a file of SQLite. A clock that was given also tells PostgreSQL's time: it is a test's. */
function openStore(config: Config, clock: Clock, given: Clock | undefined, { log, metrics, work }: Telemetry): Promise<Store> {
  const onQuery = queryListener(metrics, work);
  if (!isPostgresUrl(config.database))
    return openSqliteStore({ path: config.database, synchronous: config.synchronous, clock, onQuery });
  return openPostgresStore({
    url: config.database,
    clock,
    onQuery,
    ...(given && { timeOf: given }),
    onBackgroundError: (err) => log.warn({ err }, 'a connection to the database was lost'),
  });
}

function queryListener(metrics: Telemetry['metrics'], work: Telemetry['work']): OnQuery | undefined {
  if (!work) return metrics.enabled ? metrics.queried : undefined;
  return (connection, durationMs, text) => {
    metrics.queried(connection, durationMs);
    work.queried(durationMs, text);
  };
}

/** A database of PostgreSQL may have other servers, which must open the same secrets. */
function openSecrets({ secretKey, secretKeyOld, database }: Config, clock: Clock): Secrets {
  const randomBytes = (bytes: number) => clock.randomBytes(bytes);
  const file = isPostgresUrl(database) ? undefined : database;
  const master = () => masterKey({ configured: secretKey, database: file, randomBytes });
  return createSecrets({ master, others: () => otherKeys(secretKeyOld, file), randomBytes });
}

interface Parts {
  config: Config;
  clock: Clock;
  store: Store;
  telemetry: Telemetry;
  outward: Outward;
  engine: Engine & { accounts: AccountService };
  health: HealthWatch;
  localKey: string;
  firstStart: boolean;
}

/** open → closing → closed. While closing nothing is leased and new work is refused, but settles and heartbeats still count. */
export class RunningControlPlane implements ControlPlane {
  readonly firstStart: boolean;
  readonly #parts: Parts;
  readonly #servers: HttpServer[] = [];
  readonly #app: HttpApp;
  readonly #open = new OpenRequests();
  #closing: Promise<void> | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.firstStart = parts.firstStart;
    this.#app = this.#createApp();
    this.handler = this.handler.bind(this);
    this.fetch = this.fetch.bind(this);
  }

  fetch(request: Request): Promise<Response> {
    return this.#open.during(this.#app.fetch(request));
  }

  handler(request: IncomingMessage, response: ServerResponse): void {
    void this.#open.during(new Promise((resolve) => response.once('close', resolve)));
    this.#app.nodeHandler(request, response);
  }

  async listen({ host = this.#parts.config.host, port = this.#parts.config.port } = {}): Promise<{ url: string }> {
    const server = await startHttpServer(this.#app, { host, port });
    this.#servers.push(server);
    this.#parts.telemetry.log.info({ url: server.url, version: SERVER_VERSION }, 'listening');
    return { url: server.url };
  }

  connection(): Connection {
    return {
      url: LOCAL_URL,
      apiKey: this.#parts.localKey,
      fetch: (input, init) => this.fetch(new Request(input, init)),
    };
  }

  async createApiKey(request: CreateApiKey): Promise<ApiKeyCreated> {
    const { accounts } = this.#parts.engine;
    const local = await accounts.authenticate(this.#parts.localKey);
    if (!local) throw new Error('the control plane is closed');
    return accounts.createApiKey(local, request);
  }

  /** Resolves when nothing is queued for a commit. */
  idle(): Promise<void> {
    return this.#parts.engine.idle();
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const { engine, store, telemetry, outward } = this.#parts;
    engine.stopLeasing();
    telemetry.profiler.stop();
    // Also the answers under way through a mounted handler: they still read and write.
    const closed = Promise.all([...this.#servers.map((server) => server.close()), this.#open.empty()]);
    await Promise.race([closed, this.#after(this.#parts.config.shutdownTimeoutMs * ANSWERS_SHARE)]);
    await engine.stop();
    await outward.close();
    await telemetry.close();
    await store.close();
    telemetry.log.info({}, 'closed');
  }

  #logRequest(info: RequestInfo, userId: string | undefined): void {
    const { log, serverSpans } = this.#parts.telemetry;
    info.trace ??= serverSpans.traceOf(info); // before its span, which then has the same ids
    const { method, route, status, requestId, code, trace } = info;
    const ids = { requestId, traceId: trace.traceId, spanId: trace.spanId, userId };
    log.debug({ ...ids, method, route, status, code, durationMs: Math.round(info.durationMs) }, 'request');
  }

  #after(ms: number): Promise<void> {
    return new Promise((resolve) => this.#parts.clock.setTimer(resolve, ms));
  }

  #createApp(): HttpApp {
    const { config, clock, engine, health, store, telemetry } = this.#parts;
    const { work } = telemetry;
    return createHttpApp({
      useCases: engine.useCases,
      ...httpSettings(config, networkList),
      version: SERVER_VERSION,
      startedAt: clock.now(),
      clock,
      log: telemetry.log,
      health: () => health.report(),
      ready: () => health.ready(),
      started: () => health.started,
      metrics: telemetry.metrics,
      ...(work && { during: (answer) => work.during(answer) }),
      traceOf: (headers) => telemetry.serverSpans.traceOf(headers),
      onRequest: (info) => {
        const userId = info.principal && actorOf(info.principal);
        if (telemetry.log.isEnabled('debug')) this.#logRequest(info, userId);
        telemetry.serverSpans.recordRequest({ ...info, userId });
        telemetry.metrics.answered(info);
        engine.noteRefusal(info);
      },
      isShuttingDown: () => this.#closing !== undefined,
      explain: (error) => refusalOf(store.failureOf(error), error),
    });
  }
}
