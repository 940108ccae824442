import type { ApiKey, ApiKeyCreated, Application, CreateApiKey, RotateApiKey, Scope } from '@pipelogiq/protocol';
import type { Clock } from '../../clock.js';
import type { ApiKeyRow, ApplicationRow, Flag, KeyReach, Ms, Reads } from '../../store/store.js';
import type { Committer } from '../commit/committer.js';
import { operate } from '../commit/operate.js';
import type { Group } from '../commit/tickets.js';
import { DomainError } from '../errors.js';
import { notFound, parseId } from '../ids.js';
import { timeField } from '../pipeline/views.js';
import type { AccountUseCases, Principal } from '../use-cases.js';
import { auditBy, keyActor } from './audit.js';
import { invalid } from './invalid.js';
import { formatKey, hashSecret, isMistyped, shownPrefix } from './keys.js';
import { requireStill } from './permissions.js';

const DEFAULT_APPLICATION = 'default';
const CACHE_MS = 5_000; // a key that another server disabled lives on this long
const MAX_CACHED = 10_000;

export interface AccountDeps {
  committer: Committer;
  reads: Reads;
  clock: Clock;
  /** How long the secret before a rotation lives on. */
  keyOverlapMs: Ms;
}

interface Cached {
  principal: Principal;
  id: number;
  until: Ms;
}

/**
 * Applications and API keys. Keys are cached by hash for a few seconds; local keys live in memory only and end with the process.
 */
export class AccountService implements AccountUseCases {
  readonly #deps: AccountDeps;
  readonly #cache = new Map<string, Cached>();
  readonly #local = new Map<string, Principal>();
  /** When each key was last seen, by the process's clock, not yet written down. */
  readonly #used = new Map<number, Ms>();

  constructor(deps: AccountDeps) {
    this.#deps = deps;
  }

  async authenticate(key: string): Promise<Principal | undefined> {
    if (isMistyped(key)) return undefined;
    const keyHash = hashSecret(key);
    const local = this.#local.get(keyHash);
    if (local) return local;
    const { clock, reads } = this.#deps;
    const now = clock.now();
    const cached = this.#cache.get(keyHash);
    if (cached && cached.until > now) {
      this.#used.set(cached.id, now);
      return cached.principal;
    }
    this.#cache.delete(keyHash);
    const row = await reads.apiKeyByHash(keyHash);
    if (!row || row.disabled_at !== null) return undefined;
    const ends = [row.expires_at, row.key_hash === keyHash ? null : row.old_expires_at].filter((end) => end !== null);
    const leftMs = ends.length === 0 ? CACHE_MS : Math.min(...ends) - (await reads.now());
    return leftMs > 0 ? this.#remember(keyHash, row, { now, keepMs: Math.min(leftMs, CACHE_MS) }) : undefined;
  }

  #remember(keyHash: string, row: ApiKeyRow & { application: string }, { now, keepMs }: { now: Ms; keepMs: Ms }): Principal {
    const principal = { ...principalOf(row), secretHash: keyHash };
    if (this.#cache.size >= MAX_CACHED) this.#cache.clear();
    this.#cache.set(keyHash, {
      principal,
      id: row.id,
      until: now + keepMs,
    });
    this.#used.set(row.id, now);
    return principal;
  }

  /** A key that only this process knows, with every scope: for embedding and for commands on the same machine. */
  async createLocalKey(): Promise<string> {
    const key = formatKey(this.#deps.clock.randomBytes(32));
    const application = await this.#operate(0, (group) => applicationNamed(group, DEFAULT_APPLICATION));
    this.#local.set(hashSecret(key), {
      keyId: 'local',
      applicationId: application.id,
      application: application.name,
      scopes: new Set<Scope>(['admin']),
      allApplications: true,
    });
    return key;
  }

  /** The admin key of the first start; does nothing when it is there. */
  async ensureKey(name: string, key: string): Promise<void> {
    if (isMistyped(key)) throw new Error(`the ${name} API key begins like a key of Pipelogiq, but its checksum is wrong`);
    await this.#operate(0, async (group) => {
      if (await group.tx.hasApiKey(hashSecret(key))) return;
      const application = await applicationNamed(group, DEFAULT_APPLICATION);
      await insertKey(group, application, { name, scopes: ['admin'] }, key, 1);
    });
  }

  async listApplications(caller: Principal): Promise<{ items: Application[]; nextCursor: null }> {
    const rows = await this.#deps.reads.applications();
    const visible = caller.allApplications ? rows : rows.filter((row) => row.id === caller.applicationId);
    return { items: visible.map(applicationView), nextCursor: null };
  }

  async createApplication(caller: Principal, { name }: { name: string }): Promise<Application> {
    requireAll(caller);
    const row = await this.#operate(caller.applicationId, async (group) => {
      if (await group.tx.applicationByName(name))
        throw new DomainError('state_conflict', `There is an application "${name}" already.`);
      return createdBy(caller, group, name);
    });
    return applicationView(row);
  }

  async listApiKeys(caller: Principal): Promise<{ items: ApiKey[]; nextCursor: null }> {
    return { items: (await this.#deps.reads.apiKeys(keysOf(caller))).map(apiKeyView), nextCursor: null };
  }

  async createApiKey(caller: Principal, request: CreateApiKey): Promise<ApiKeyCreated> {
    const name = request.application ?? caller.application;
    if (name !== caller.application) requireAll(caller);
    const key = formatKey(this.#deps.clock.randomBytes(32));
    // An admin of all who names no application makes another admin of all: the first keys of an installation.
    const everywhere = boundTo(caller) === undefined && request.application === undefined && request.scopes.includes('admin');
    const row = await this.#operate(caller.applicationId, async (group) => {
      await requireStill(group, caller);
      if (request.expiresAt !== undefined && Date.parse(request.expiresAt) <= group.now)
        throw invalid('expiresAt', 'must be in the future');
      const application = (await group.tx.applicationByName(name)) ?? (await createdBy(caller, group, name));
      const made = await insertKey(group, application, request, key, everywhere ? 1 : 0);
      const details = { name: made.name, application: application.name, scopes: request.scopes.join(' ') };
      await auditBy(group, caller, { action: 'api_key.create', target: { type: 'api_key', id: String(made.id) }, details });
      return { ...made, application: application.name };
    });
    return { ...apiKeyView(row), key };
  }

  async disableApiKey(caller: Principal, id: string): Promise<ApiKey> {
    const keyId = parseId(id, 'API key');
    const row = await this.#operate(caller.applicationId, async (group) => {
      await requireStill(group, caller);
      const wasOn = await group.tx.isKeyOn(keyId);
      const disabled = await group.tx.disableApiKey(keyId, keysOf(caller), group.now);
      // A key that was disabled before keeps its time: nothing has happened.
      if (disabled && wasOn) {
        const linksEnded = await group.tx.endLinksBy(keyActor(keyId));
        const target = { type: 'api_key', id };
        await auditBy(group, caller, { action: 'api_key.disable', target, ...(linksEnded > 0 && { details: { linksEnded } }) });
      }
      return disabled;
    });
    if (!row) throw notFound('API key', id);
    return this.#changed(caller, row);
  }

  async rotateApiKey(
    caller: Principal,
    id: string,
    { overlapMs = this.#deps.keyOverlapMs }: RotateApiKey,
  ): Promise<ApiKeyCreated> {
    const keyId = parseId(id, 'API key');
    const key = formatKey(this.#deps.clock.randomBytes(32));
    const row = await this.#operate(caller.applicationId, async (group) => {
      await requireStill(group, caller);
      const secret = { key_hash: hashSecret(key), prefix: shownPrefix(key), oldExpiresAt: group.now + overlapMs };
      const rotated = await group.tx.rotateApiKey(keyId, keysOf(caller), secret);
      if (!rotated) return undefined;
      // Without an overlap somebody else may have had it: what was given out with it ends too.
      const linksEnded = overlapMs === 0 ? await group.tx.endLinksBy(keyActor(keyId)) : 0;
      const details = { name: rotated.name, overlapMs, ...(linksEnded > 0 && { linksEnded }) };
      await auditBy(group, caller, { action: 'api_key.rotate', target: { type: 'api_key', id }, details });
      return rotated;
    });
    if (!row) throw notFound('API key', id);
    return { ...(await this.#changed(caller, row)), key };
  }

  async #changed(caller: Principal, row: ApiKeyRow): Promise<ApiKey> {
    for (const [hash, cached] of this.#cache) if (cached.id === row.id) this.#cache.delete(hash);
    const application = (await this.#deps.reads.applications()).find((candidate) => candidate.id === row.application_id);
    return apiKeyView({ ...row, application: application?.name ?? caller.application });
  }

  /** Writes down when keys were last used; a loop calls it, so that authentication itself never writes. */
  async flushUsed({ tx, now }: Group): Promise<void> {
    const ahead = this.#deps.clock.now() - now; // of the store's time
    const rows = [...this.#used].map(([id, seenAt]) => ({ id, lastUsedAt: seenAt - ahead }));
    this.#used.clear();
    await tx.touchApiKeys(rows);
  }

  #operate<R>(applicationId: number, run: (group: Group) => Promise<R>): Promise<R> {
    return operate(this.#deps.committer, applicationId, run);
  }
}

/** The application of which the caller's lists tell; undefined: of all. */
export const boundTo = ({ allApplications, namedApplication, applicationId }: Principal): number | undefined =>
  allApplications && !namedApplication ? undefined : applicationId;

/** Keys of admins of all applications are theirs alone, also for admins of the application that they belong to. */
const keysOf = (caller: Principal): KeyReach => ({ applicationId: boundTo(caller), ofAll: caller.allApplications === true });

function requireAll(caller: Principal): void {
  if (!caller.allApplications) throw new DomainError('forbidden', 'This key may only manage its own application.');
}

async function applicationNamed({ tx, now }: Group, name: string): Promise<ApplicationRow> {
  const existing = await tx.applicationByName(name);
  if (existing) return existing;
  const [id = 0] = await tx.allocateIds('application', 1);
  const row = { id, name, created_at: now };
  await tx.insertApplication(row);
  return (await tx.applicationByName(name)) ?? row; // another server may have been first
}

/** A new application, made by a caller. */
async function createdBy(caller: Principal, group: Group, name: string): Promise<ApplicationRow> {
  const row = await applicationNamed(group, name);
  const target = { type: 'application', id: String(row.id) };
  await auditBy(group, caller, { action: 'application.create', target, details: { name } });
  return row;
}

async function insertKey(
  { tx, now }: Group,
  application: ApplicationRow,
  request: CreateApiKey,
  key: string,
  allApplications: Flag,
): Promise<ApiKeyRow> {
  const [id = 0] = await tx.allocateIds('api_key', 1);
  const row: ApiKeyRow = {
    id,
    application_id: application.id,
    name: request.name,
    prefix: shownPrefix(key),
    key_hash: hashSecret(key),
    all_applications: allApplications,
    scopes: JSON.stringify([...new Set(request.scopes)]),
    created_at: now,
    expires_at: request.expiresAt === undefined ? null : Date.parse(request.expiresAt),
    last_used_at: null,
    disabled_at: null,
    old_key_hash: null,
    old_expires_at: null,
  };
  await tx.insertApiKey(row);
  return row;
}

const principalOf = (row: ApiKeyRow & { application: string }): Principal => ({
  keyId: String(row.id),
  keyName: row.name,
  applicationId: row.application_id,
  application: row.application,
  scopes: new Set(JSON.parse(row.scopes) as Scope[]),
  allApplications: row.all_applications === 1,
});

const applicationView = (row: ApplicationRow): Application => ({
  id: String(row.id),
  name: row.name,
  createdAt: new Date(row.created_at).toISOString(),
});

const apiKeyView = (row: ApiKeyRow & { application: string }): ApiKey => ({
  id: String(row.id),
  name: row.name,
  prefix: row.prefix,
  application: row.application,
  scopes: JSON.parse(row.scopes) as Scope[],
  createdAt: new Date(row.created_at).toISOString(),
  ...timeField('expiresAt', row.expires_at),
  ...timeField('lastUsedAt', row.last_used_at),
  ...timeField('disabledAt', row.disabled_at),
  ...timeField('oldSecretUntil', row.old_expires_at),
});
