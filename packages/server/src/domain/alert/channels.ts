import {
  type AlertRuleSpec,
  type Channel,
  type ChannelKindInfo,
  type ChannelSpec,
  type ChannelState,
  type ChannelTested,
  type Page,
  REDACTED,
} from '@pipelogiq/protocol';
import type { Clock } from '../../clock.js';
import type { Outbound } from '../../outbound/outbound.js';
import type { Secrets } from '../../secrets/secrets.js';
import type { AlertChannelRow, AlertRuleRow, Reads } from '../../store/store.js';
import { auditBy } from '../account/audit.js';
import type { Committer } from '../commit/committer.js';
import { operate } from '../commit/operate.js';
import type { Group } from '../commit/tickets.js';
import { DomainError, nameTaken, tooMany } from '../errors.js';
import { decodeCursor, notFound, parseId } from '../ids.js';
import { sealSettings } from '../integration/sealed-settings.js';
import { mergeSettings, redacted, type Stored } from '../integration/settings.js';
import { pageLimit, toPage } from '../page.js';
import { timeField } from '../pipeline/views.js';
import type { PageQuery, Principal } from '../use-cases.js';
import type { ChannelKind, ChannelKinds } from './channel.js';
import { tryOnce, type Wire } from './deliver.js';
import { changedSettings, channelSettings, storedChannel } from './stored-channel.js';
import { testMessage } from './test-message.js';

export interface ChannelUseCases {
  /** Every kind, with its fields. */
  kinds(): ChannelKindInfo[];
  list(caller: Principal, page: PageQuery): Promise<Page<Channel>>;
  get(caller: Principal, id: string): Promise<Channel>;
  /** @throws DomainError `invalid_request` naming fields; `state_conflict` for a name that is taken, too many, or secrets that cannot be kept */
  create(caller: Principal, spec: ChannelSpec): Promise<Channel>;
  replace(caller: Principal, id: string, spec: ChannelSpec): Promise<Channel>;
  /** What waits for it goes with it. @throws DomainError `state_conflict` naming rules that tell it */
  remove(caller: Principal, id: string): Promise<void>;
  /** Sends a message that says that it is a test, at once. A failure is an answer. */
  test(caller: Principal, id: string): Promise<ChannelTested>;
}

export interface ChannelDeps {
  committer: Committer;
  reads: Reads;
  clock: Pick<Clock, 'now' | 'randomHex'>;
  secrets: Secrets;
  outbound: Pick<Outbound, 'objectionTo'>;
  wire: Wire;
  kinds: ChannelKinds;
  maxChannels: number;
  /** What is queued for a channel may go now. */
  onConfigured(): void;
}

const NAMED_RULES = 10;

export function channelUseCases(deps: ChannelDeps): ChannelUseCases {
  const { committer, reads, kinds } = deps;
  const find = async (caller: Principal, id: string) => {
    const row = await reads.alertChannel(caller.applicationId, parseId(id, 'channel'));
    if (!row) throw notFound('channel', id);
    return row;
  };
  return {
    kinds: () => [...kinds.values()].map(({ type, title, purpose, fields }) => ({ type, title, purpose, fields: [...fields] })),
    async list(caller, page) {
      const limit = pageLimit(page);
      const rows = await reads.alertChannels(caller.applicationId, {
        limit: limit + 1,
        after: decodeCursor(page.cursor, 'number'),
      });
      return toPage(
        rows,
        limit,
        (row) => view(deps, row),
        (row) => row.id,
      );
    },
    get: async (caller, id) => view(deps, await find(caller, id)),
    create: async (caller, spec) => {
      const id = await save(deps, caller, spec, undefined);
      return view(deps, await find(caller, String(id)));
    },
    replace: async (caller, id, spec) => {
      await save(deps, caller, spec, parseId(id, 'channel'));
      return view(deps, await find(caller, id));
    },
    async remove(caller, id) {
      const channelId = parseId(id, 'channel');
      await operate(committer, caller.applicationId, async (group) => {
        if (!(await group.tx.alertChannelToChange(caller.applicationId, channelId))) return notFound('channel', id);
        const inUse = usedBy(id, await group.tx.alertRulesOf(caller.applicationId));
        if (inUse) return inUse;
        await group.tx.deleteAlertChannel(channelId);
        return note(group, caller, 'delete', channelId);
      });
    },
    async test(caller, id) {
      const row = await find(caller, id);
      return test(deps, caller, row);
    },
  };
}

/** A rule that lost its channel would tell nobody, and say nothing of it. */
export function usedBy(id: string, rows: readonly AlertRuleRow[]): DomainError | undefined {
  const names = rows.filter((row) => (JSON.parse(row.spec) as AlertRuleSpec).channels.includes(id)).map(({ name }) => name);
  if (names.length === 0) return undefined;
  const some = names.slice(0, NAMED_RULES).map((name) => JSON.stringify(name));
  const more = names.length > NAMED_RULES ? ` and ${names.length - NAMED_RULES} more` : '';
  return new DomainError('state_conflict', `Rules tell this channel: ${some.join(', ')}${more}. Take it out of them first.`);
}

const note = (group: Group, caller: Principal, action: string, id: number, details = {}): Promise<void> =>
  auditBy(group, caller, { action: `alert_channel.${action}`, target: { type: 'alert_channel', id: String(id) }, details });

/** Makes it, or replaces the one of this id. */
async function save(deps: ChannelDeps, caller: Principal, spec: ChannelSpec, id: number | undefined): Promise<number> {
  const kind = kindOf(deps, spec.type);
  const saved = await operate(deps.committer, caller.applicationId, async (group) => {
    const { tx } = group;
    const before = id === undefined ? undefined : await tx.alertChannelToChange(caller.applicationId, id);
    const refusal = await refusalOf(group, deps, caller, spec, { id, before });
    if (refusal) return refusal;
    try {
      const stored = mergeSettings(deps.outbound, kind, spec.config, before ? storedChannel(deps.secrets, before) : {});
      const channelId = before?.id ?? (await tx.allocateIds('alert_channel', 1))[0] ?? 0;
      const row = {
        ...changesOf(deps, kind, spec, stored, channelId),
        version: (before?.version ?? 0) + 1,
        updated_at: group.now,
      };
      if (before) await tx.updateAlertChannel(channelId, row);
      else await tx.insertAlertChannel({ ...fresh(caller, channelId, group.now), ...row });
      const details = { name: spec.name, type: spec.type, enabled: spec.enabled ?? true, fields: Object.keys(stored).join(',') };
      await note(group, caller, before ? 'replace' : 'create', channelId, details);
      return channelId;
    } catch (error) {
      if (error instanceof DomainError) return error; // nothing was written
      throw error;
    }
  });
  deps.onConfigured();
  return saved;
}

async function refusalOf(
  { tx }: Group,
  { maxChannels }: ChannelDeps,
  caller: Principal,
  spec: ChannelSpec,
  { id, before }: { id: number | undefined; before: AlertChannelRow | undefined },
): Promise<DomainError | undefined> {
  if (id !== undefined && !before) return notFound('channel', String(id));
  if (before && before.type !== spec.type)
    return new DomainError('state_conflict', `The channel is of type ${before.type}, and stays so; make another one.`);
  const namesake = await tx.alertChannelNamed(caller.applicationId, spec.name);
  if (namesake && namesake.id !== id) return nameTaken('channel', spec.name);
  if (!before && (await tx.countAlertChannels(caller.applicationId)) >= maxChannels) return tooMany('channels', maxChannels);
  return undefined;
}

/** What it counted stays; what stood in its way does not. */
function changesOf(
  { secrets }: ChannelDeps,
  kind: ChannelKind,
  { name, enabled = true }: ChannelSpec,
  stored: Stored,
  id: number,
): Pick<AlertChannelRow, 'name' | 'type' | 'enabled' | 'settings' | 'secrets' | 'disabled_reason' | 'retry_at' | 'failures'> {
  return {
    name,
    type: kind.type,
    enabled: enabled ? 1 : 0,
    ...sealSettings(secrets, kind, stored, `channel:${id}`),
    disabled_reason: null,
    retry_at: null,
    failures: 0,
  };
}

const fresh = ({ applicationId }: Principal, id: number, now: number) => ({
  id,
  application_id: applicationId,
  delivered: 0,
  failed: 0,
  last_success_at: null,
  last_error_at: null,
  last_error: null,
  created_at: now,
});

function kindOf({ kinds }: ChannelDeps, type: ChannelSpec['type']): ChannelKind {
  const kind = kinds.get(type);
  if (!kind) throw new DomainError('not_found', `There is no kind of channel ${type}.`);
  return kind;
}

function view(deps: ChannelDeps, row: AlertChannelRow & { queued: number }): Channel {
  const kind = deps.kinds.get(row.type);
  return {
    id: String(row.id),
    name: row.name,
    type: row.type,
    enabled: row.enabled === 1,
    config: kind ? shown(deps, kind, row) : {},
    status: stateOf(row),
    queued: row.queued,
    delivered: row.delivered,
    failed: row.failed,
    ...timeField('lastSuccessAt', row.last_success_at),
    ...(row.last_error_at !== null && {
      lastError: { at: new Date(row.last_error_at).toISOString(), message: row.last_error ?? '' },
    }),
    ...(row.disabled_reason !== null && { disabledReason: row.disabled_reason }),
    createdAt: new Date(row.created_at).toISOString(),
    updatedAt: new Date(row.updated_at).toISOString(),
  };
}

/** A server that lost its key still shows the rest, and the secrets that must be there. */
function shown({ secrets }: ChannelDeps, kind: ChannelKind, row: AlertChannelRow): Stored {
  try {
    return redacted(kind, storedChannel(secrets, row));
  } catch {
    return withoutKey(kind, row);
  }
}

function withoutKey(kind: ChannelKind, row: AlertChannelRow): Stored {
  const open = JSON.parse(row.settings) as Stored;
  const secret = kind.fields.filter((field) => field.secret && field.required && row.secrets !== null);
  return { ...redacted(kind, open), ...Object.fromEntries(secret.map(({ name }) => [name, REDACTED])) };
}

function stateOf({ enabled, last_success_at: success, last_error_at: error }: AlertChannelRow): ChannelState {
  if (enabled === 0) return 'disabled';
  if (success === null && error === null) return 'untested';
  return success !== null && success >= (error ?? 0) ? 'ok' : 'failing';
}

async function test(deps: ChannelDeps, caller: Principal, row: AlertChannelRow): Promise<ChannelTested> {
  const { clock, committer } = deps;
  const kind = kindOf(deps, row.type);
  const startedAt = clock.now();
  const settings = channelSettings(deps.secrets, kind, row);
  const notification = testMessage(caller, row, { id: `pipelogiq-test-${clock.randomHex(8)}`, now: startedAt });
  const { verdict, status, answer } = await tryOnce({ wire: deps.wire, now: () => clock.now() }, kind, settings, notification);
  const ok = verdict.kind === 'delivered';
  const message = 'message' in verdict ? verdict.message : `${kind.title} took the message.`;
  await operate(committer, caller.applicationId, async (group) => {
    const changes = changedSettings(row, [verdict]);
    if (changes.settings !== undefined)
      await group.tx.mendAlertChannel(row.id, row.version, { ...changes, updated_at: group.now });
    await group.tx.noteChannel(row.id, { delivered: ok ? 1 : 0, failed: 0, now: group.now, ...(!ok && { error: message }) });
    await note(group, caller, 'test', row.id, { ok });
  });
  return {
    ok,
    message,
    ...(status !== undefined && { status }),
    ...(answer !== undefined && answer !== '' && { answer }),
    durationMs: clock.now() - startedAt,
  };
}
