import { ALERT_EVENTS, type AlertEvent, type AlertRuleSpec, type ChannelType } from '@pipelogiq/protocol';
import type { Outbound } from '../../outbound/outbound.js';
import type { Secrets } from '../../secrets/secrets.js';
import type { AlertChannelRow } from '../../store/store.js';
import { auditBy } from '../account/audit.js';
import type { Group } from '../commit/tickets.js';
import { DomainError, tooMany } from '../errors.js';
import type { Settings } from '../integration/kind.js';
import { sealSettings } from '../integration/sealed-settings.js';
import { mergeSettings, type Stored, withDefaults } from '../integration/settings.js';
import type { Principal } from '../use-cases.js';
import type { ChannelKind, ChannelKinds } from './channel.js';
import { usedBy } from './channels.js';
import { changeRule, insertRule } from './rules.js';

export interface FromIntegrationDeps {
  secrets: Secrets;
  outbound: Pick<Outbound, 'objectionTo'>;
  kinds: ChannelKinds;
  maxChannels: number;
  maxRules: number;
}

/** A channel that a config of the integration `alerts` keeps. */
interface Kept {
  /** Of the channel. Whoever renames it keeps it for themselves. */
  name: string;
  type: ChannelType;
  /** Fields of the channel, and those of the integration that they are taken from. */
  fields: { readonly [field: string]: string };
  /** There is one when these are set, and not without. */
  needs: readonly string[];
  unless?: string;
}

const EMAIL = { to: 'emailRecipients', host: 'emailHost', from: 'emailFrom', user: 'emailUser', password: 'emailPassword' };
const TELEGRAM = { botToken: 'telegramBotToken', chatId: 'telegramChatId', apiUrl: 'telegramApiUrl' };

const CHANNELS: readonly Kept[] = [
  { name: 'alerts: telegram', type: 'telegram', fields: TELEGRAM, needs: ['telegramBotToken'] },
  { name: 'alerts: slack', type: 'slack', fields: { url: 'slackWebhookUrl' }, needs: ['slackWebhookUrl'] },
  { name: 'alerts: teams', type: 'teams', fields: { url: 'teamsWebhookUrl' }, needs: ['teamsWebhookUrl'] },
  { name: 'alerts: whatsapp', type: 'gateway', fields: { url: 'whatsappWebhookUrl' }, needs: ['whatsappWebhookUrl'] },
  {
    name: 'alerts: webhook',
    type: 'gateway',
    fields: { url: 'webhookUrl' },
    needs: ['webhookUrl'],
    unless: 'webhookSecret',
  },
  {
    name: 'alerts: signed webhook',
    type: 'webhook',
    fields: { url: 'webhookUrl', secret: 'webhookSecret' },
    needs: ['webhookUrl', 'webhookSecret'],
  },
  { name: 'alerts: email', type: 'email', fields: EMAIL, needs: ['emailRecipients', 'emailHost', 'emailFrom'] },
  { name: 'alerts: pagerduty', type: 'pagerduty', fields: { routingKey: 'pagerdutyRoutingKey' }, needs: ['pagerdutyRoutingKey'] },
];
const RULE = 'alerts';
/** All that need no figures of their own. */
const EVENTS = ALERT_EVENTS.filter((event) => event !== 'threshold_crossed');

/** What is told; all when nobody says what. Names that are none were refused before. */
const eventsOf = ({ events }: Settings): AlertEvent[] | undefined => {
  const named = String(events ?? '')
    .split(',')
    .map((name) => name.trim());
  const known = EVENTS.filter((event) => named.includes(event));
  return known.length > 0 ? known : undefined;
};

/**
 * Makes channels and a rule of a config of the integration `alerts`, or changes those that it made before, in the transaction that stores
 * the config. @throws DomainError naming fields of the config; what was written before must be undone then
 */
export async function channelsOfConfig(
  group: Group,
  deps: FromIntegrationDeps,
  caller: Principal,
  { settings, enabled }: { settings: Settings; enabled: boolean },
): Promise<void> {
  const kept: string[] = [];
  const gone = new Set<string>();
  for (const channel of CHANNELS) {
    const before = await channelNamed(group, caller, channel.name);
    if (isWanted(channel, settings)) kept.push(String(await saveChannel(group, deps, caller, channel, { settings, before })));
    else if (before?.type === channel.type) gone.add(await removeChannel(group, caller, before.id)); // of another type it is not ours
  }
  await saveRule(group, deps, caller, { events: eventsOf(settings), kept, gone, enabled });
}

const isWanted = ({ needs, unless }: Kept, settings: Settings): boolean =>
  needs.every((field) => settings[field] !== undefined) && (unless === undefined || settings[unless] === undefined);

/** The channels that a config makes, with their own settings. @throws DomainError naming fields of the config */
export function placesOf(
  deps: Pick<FromIntegrationDeps, 'outbound' | 'kinds'>,
  settings: Settings,
): { name: string; kind: ChannelKind; settings: Settings }[] {
  return CHANNELS.filter((channel) => isWanted(channel, settings)).map((channel) => {
    const kind = deps.kinds.get(channel.type) as ChannelKind;
    return { name: channel.name, kind, settings: withDefaults(kind, storedOf(deps, kind, channel, settings)) };
  });
}

async function channelNamed({ tx }: Group, { applicationId }: Principal, name: string): Promise<AlertChannelRow | undefined> {
  const known = await tx.alertChannelNamed(applicationId, name);
  return known && tx.alertChannelToChange(applicationId, known.id);
}

async function saveChannel(
  group: Group,
  deps: FromIntegrationDeps,
  caller: Principal,
  channel: Kept,
  { settings, before }: { settings: Settings; before: AlertChannelRow | undefined },
): Promise<number> {
  const { tx, now } = group;
  const { applicationId } = caller;
  if (before && before.type !== channel.type)
    throw new DomainError('state_conflict', `The channel "${channel.name}" is of type ${before.type}; rename it first.`);
  if (!before && (await tx.countAlertChannels(applicationId)) >= deps.maxChannels) throw tooMany('channels', deps.maxChannels);
  const kind = deps.kinds.get(channel.type) as ChannelKind;
  const stored = storedOf(deps, kind, channel, settings);
  const id = before?.id ?? (await tx.allocateIds('alert_channel', 1))[0] ?? 0;
  const row = {
    ...sealSettings(deps.secrets, kind, stored, `channel:${id}`),
    name: channel.name,
    type: channel.type,
    enabled: 1 as const,
    disabled_reason: null,
    retry_at: null,
    failures: 0,
    version: (before?.version ?? 0) + 1,
    updated_at: now,
  };
  const fresh = { delivered: 0, failed: 0, last_success_at: null, last_error_at: null, last_error: null, created_at: now };
  if (before) await tx.updateAlertChannel(id, row);
  else await tx.insertAlertChannel({ ...fresh, ...row, id, application_id: applicationId });
  await noteChannel(group, caller, before ? 'replace' : 'create', id, {
    name: channel.name,
    type: channel.type,
    fields: Object.keys(stored).join(','),
  });
  return id;
}

/** Refusals name the fields of the config. */
function storedOf(deps: Pick<FromIntegrationDeps, 'outbound'>, kind: ChannelKind, { fields }: Kept, settings: Settings): Stored {
  const given = Object.entries(fields).flatMap(([field, source]) => {
    const value = settings[source];
    return value === undefined ? [] : [[field, value] as const];
  });
  try {
    return mergeSettings(deps.outbound, kind, Object.fromEntries(given), {});
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    const errors = (error.errors ?? []).map(({ path, message }) => {
      const field = path.replace(/^config\./, '');
      return { path: `config.${fields[field] ?? field}`, message };
    });
    throw new DomainError('invalid_request', `${errors[0]?.path} ${errors[0]?.message}.`, { errors });
  }
}

async function removeChannel(group: Group, caller: Principal, id: number): Promise<string> {
  const others = (await group.tx.alertRulesOf(caller.applicationId)).filter(({ name }) => name !== RULE);
  const inUse = usedBy(String(id), others);
  if (inUse) throw inUse;
  await group.tx.deleteAlertChannel(id);
  await noteChannel(group, caller, 'delete', id, {});
  return String(id);
}

interface RuleChange {
  /** Those that the config names. */
  events: AlertEvent[] | undefined;
  kept: readonly string[];
  gone: ReadonlySet<string>;
  enabled: boolean;
}

/** What somebody changed of the rule by hand stays: its texts, times and groups, further channels, and events when the config names none. */
async function saveRule(group: Group, deps: FromIntegrationDeps, caller: Principal, change: RuleChange): Promise<void> {
  const { tx } = group;
  const known = await tx.alertRuleNamed(caller.applicationId, RULE);
  const before = known && (await tx.alertRuleToChange(caller.applicationId, known.id));
  const spec = before ? (JSON.parse(before.spec) as AlertRuleSpec) : { name: RULE, events: EVENTS, channels: [] };
  const channels = [...new Set([...spec.channels.filter((id) => !change.gone.has(id)), ...change.kept])];
  const next: AlertRuleSpec = { ...spec, events: change.events ?? spec.events, channels, enabled: change.enabled };
  const saved = before ? await changeRule(group, caller, before.id, next) : await insertRule(group, deps, caller, next);
  if (saved instanceof DomainError) throw saved;
}

const noteChannel = (
  group: Group,
  caller: Principal,
  action: 'create' | 'replace' | 'delete',
  id: number,
  details: { [name: string]: string },
): Promise<void> =>
  auditBy(group, caller, { action: `alert_channel.${action}`, target: { type: 'alert_channel', id: String(id) }, details });
