import type { AlertAction } from '@pipelogiq/protocol';
import type { Clock } from '../../clock.js';
import type { AlertChannelRow, AlertDeliveryRow, AlertIncidentRow, Ms } from '../../store/store.js';
import type { Group } from '../commit/tickets.js';
import { type Stored, withDefaults } from '../integration/settings.js';
import type { ChannelKinds, Notification } from './channel.js';
import { type AlertLinks, alertLinks, type LinkOptions } from './links.js';
import { OF_STAGES, TRANSIENT } from './record.js';
import { resolution } from './route.js';
import { type Rule, ruleOf, wantedEvents } from './rule.js';
import { EndingRules } from './rule-ends.js';
import { isSilenced, type Labels, type Silence, silenceOf } from './silences.js';

export interface NotifyDeps extends LinkOptions {
  /** Deliveries that may wait for one channel; what is beyond is counted, and not kept. */
  maxQueued: number;
  kinds: ChannelKinds;
  clock: Pick<Clock, 'randomHex'>;
}

const INSTALLATION = 'installation';

/** Tries of a channel that failed in a row, some five minutes: longer than a provider is away for a moment. */
const UNHEARD_AFTER = 10;

/** One message for one channel. */
interface Message {
  incident: AlertIncidentRow;
  labels: Labels;
  rule: Rule;
  action: AlertAction;
}

/**
 * Looks at incidents whose time has come: ends those that are over, and writes a delivery for each channel of their rules, unless they
 * are silenced or another incident tells of them. Returns how many it looked at.
 */
export async function notifyDue(group: Group, deps: NotifyDeps, limit: number): Promise<number> {
  const { tx, now } = group;
  const rows = stagesLast(await tx.dueIncidents(now, limit));
  if (rows.length === 0) return 0;
  const applications = [...new Set(rows.map(({ application_id }) => application_id))];
  const rules = new Map((await tx.enabledAlertRules(applications)).map((row) => [row.id, ruleOf(row)]));
  const ending = new EndingRules(await tx.ruleEndsOf([...new Set(rows.map(({ rule_id }) => rule_id))]));
  const silences = (await tx.activeAlertSilences(applications, now)).map(silenceOf);
  const speaking = rows.some(({ event }) => OF_STAGES.includes(event)) ? await speakingRules(group, [...rules.values()]) : [];
  const messages: Message[] = [];
  const looked: AlertIncidentRow[] = [];
  for (const row of rows) {
    const rule = ruleFor(row, rules.get(row.rule_id), ending);
    const labels = JSON.parse(row.labels) as Labels;
    if (OF_STAGES.includes(row.event)) await tx.saveIncidents(looked.splice(0)); // a failure that ended or was silenced in this look mutes it no more
    const muted = await mutedBy(group, row, labels, { silences, speaking });
    const { changes, action } = decide(row, rule, muted, now);
    const incident = { ...row, ...changes };
    looked.push(incident);
    if (action && rule) messages.push({ incident, labels, rule, action });
  }
  await tx.saveIncidents(looked);
  await queueMessages(group, deps, messages);
  return rows.length;
}

/** What becomes of the failure of a pipeline decides what its stages have to say. */
const stagesLast = (rows: readonly AlertIncidentRow[]): AlertIncidentRow[] => {
  const [stages, others] = [true, false].map((is) => rows.filter(({ event }) => OF_STAGES.includes(event) === is));
  return [...(others ?? []), ...(stages ?? [])];
};

/** None when it wants to hear of it no more; of the end, the one as it was. */
function ruleFor(row: AlertIncidentRow, rule: Rule | undefined, ending: EndingRules): Rule | undefined {
  const before = ending.of(row);
  if (before) return row.status === 'resolved' ? before : undefined;
  return rule && wantedEvents(rule).includes(row.event) ? rule : undefined;
}

interface Decision {
  changes: Partial<AlertIncidentRow>;
  action?: AlertAction;
}

/** What becomes of an incident whose time has come. */
function decide(row: AlertIncidentRow, rule: Rule | undefined, muted: AlertIncidentRow['muted'], now: Ms): Decision {
  if (row.status === 'resolved') {
    const changes = { notify_at: null };
    return rule?.notifyResolved ? { changes, action: 'resolve' } : { changes }; // an end wakes nobody: no silence keeps it
  }
  // A rule that is gone or off has nobody to tell.
  const isUntold = row.status === 'open' && row.notified === 0 && row.notify_at !== null && muted === null;
  const isOver = row.resolve_at !== null && row.resolve_at <= now && !isUntold;
  if (!rule || isOver) return { changes: resolution(row, 'system', now) };
  if (row.status === 'acknowledged') return { changes: { notify_at: null, muted } };
  // News that nobody wanted to hear at its time is none later.
  if (muted !== null && TRANSIENT.has(row.event)) return { changes: { ...resolution(row, 'system', now), muted } };
  if (muted !== null) return { changes: { notify_at: now + rule.groupIntervalMs, muted } };
  const told = { notified: row.notified + 1, notified_at: now, muted: null, untold: null };
  if (TRANSIENT.has(row.event)) {
    const over = { status: 'resolved' as const, resolved_at: now, resolved_by: 'system', resolve_at: null, notify_at: null };
    return { changes: { ...told, ...over }, action: 'trigger' };
  }
  return { changes: { ...told, notify_at: rule.repeatIntervalMs === 0 ? null : now + rule.repeatIntervalMs }, action: 'trigger' };
}

/** Rules that tell somebody of pipelines that fail: a channel that is off, or has not worked for some minutes, reaches nobody. */
async function speakingRules({ tx }: Group, rules: readonly Rule[]): Promise<Rule[]> {
  const ofPipelines = rules.filter(({ events }) => events.includes('pipeline_failed'));
  const reachable = new Set<number>();
  for (const applicationId of new Set(ofPipelines.map((rule) => rule.applicationId))) {
    const ids = ofPipelines
      .filter((rule) => rule.applicationId === applicationId)
      .flatMap(({ channels }) => channels.map(Number));
    for (const { id, enabled, failures } of await tx.alertChannelsOf(applicationId, [...new Set(ids)]))
      if (enabled === 1 && failures < UNHEARD_AFTER) reachable.add(id);
  }
  return ofPipelines.filter(({ channels }) => channels.some((id) => reachable.has(Number(id))));
}

/** A pipeline that failed says so itself, if there is anybody to say it to: its stages need not. */
async function mutedBy(
  { tx }: Group,
  row: AlertIncidentRow,
  labels: Labels,
  { silences, speaking }: { silences: readonly Silence[]; speaking: readonly Rule[] },
): Promise<AlertIncidentRow['muted']> {
  if (isSilenced(row, labels, silences)) return 'silenced';
  if (row.pipeline === null || !OF_STAGES.includes(row.event)) return null;
  const of = { application_id: row.application_id, pipeline: row.pipeline };
  const ids = speaking.filter(({ applicationId }) => applicationId === row.application_id).map(({ id }) => id);
  const isFailing = await tx.isFailing(of, ids);
  return isFailing ? 'inhibited' : null;
}

/**
 * A delivery for each channel that has something to say, in the transaction that counts the notification. Channels that are off get theirs
 * too: it waits. What follows a beginning goes to who heard that, also beyond what may wait: there are no more of them than of beginnings.
 */
export async function queueMessages(group: Group, deps: NotifyDeps, messages: readonly Message[]): Promise<void> {
  if (messages.length === 0) return;
  const heard = await heardBy(group, messages);
  const idsOf = (message: Message) => heard.get(message) ?? [...new Set(message.rule.channels.map(Number))];
  const channels = await channelsOf(group, messages, idsOf);
  const room = new Map(
    (await group.tx.pendingAlerts([...channels.keys()])).map((row) => [row.channel_id, deps.maxQueued - row.count]),
  );
  const linksOf = await alertLinks(group, deps, messages);
  const installation = await group.tx.keepState(INSTALLATION, deps.clock.randomHex(4));
  const rows: AlertDeliveryRow[] = [];
  const lost = new Map<number, number>();
  for (const message of messages) {
    for (const id of idsOf(message)) {
      const channel = channels.get(id);
      if (!channel || channel.application_id !== message.incident.application_id) continue;
      if (!tells(deps.kinds, channel, message.action)) continue;
      const left = room.get(channel.id) ?? deps.maxQueued;
      if (left <= 0 && !heard.has(message)) lost.set(channel.id, (lost.get(channel.id) ?? 0) + 1);
      else rows.push(deliveryOf(group, message, channel, { installation, links: linksOf(message) }));
      room.set(channel.id, left - 1);
    }
  }
  if (rows.length > 0) {
    rows.sort((one, other) => one.channel_id - other.channel_id); // what is claimed and settled together stands together
    const ids = await group.tx.allocateIds('alert_delivery', rows.length);
    for (const [at, row] of rows.entries()) row.id = ids[at] as number;
    await group.tx.insertAlertDeliveries(rows);
    group.effects.hasAlertDeliveries = true;
  }
  for (const [id, count] of lost) {
    const error = `${count} ${count === 1 ? 'message was' : 'messages were'} not kept: ${deps.maxQueued} wait already.`;
    await group.tx.noteChannel(id, { delivered: 0, failed: count, error, now: group.now });
    const type = (channels.get(id) as AlertChannelRow).type;
    group.effects.alertTroubles.push({ type, outcome: 'lost', reason: 'backlog_full', count });
  }
}

/** A call that is not made must not be queued: it would count as one that failed. */
function tells(kinds: ChannelKinds, { type, settings }: AlertChannelRow, action: AlertAction): boolean {
  const kind = kinds.get(type);
  return kind?.tells?.(action, withDefaults(kind, JSON.parse(settings) as Stored)) ?? true;
}

/** Of messages that follow a beginning, the channels that got it. None for one whose deliveries are not kept any more. */
async function heardBy({ tx }: Group, messages: readonly Message[]): Promise<Map<Message, readonly number[]>> {
  const following = messages.filter(({ action }) => action !== 'trigger');
  const rows = await tx.triggersOf(following.map(({ incident }) => incident.id));
  const heard = new Map<Message, readonly number[]>();
  for (const message of following) {
    const channels = rows.filter(({ incident_id }) => incident_id === message.incident.id).map(({ channel_id }) => channel_id);
    if (channels.length > 0) heard.set(message, channels);
  }
  return heard;
}

async function channelsOf(
  { tx }: Group,
  messages: readonly Message[],
  idsOf: (message: Message) => readonly number[],
): Promise<Map<number, AlertChannelRow>> {
  const wanted = new Map<number, Set<number>>();
  for (const message of messages) {
    const { incident } = message;
    const ids = wanted.get(incident.application_id) ?? new Set();
    for (const id of idsOf(message)) ids.add(id);
    wanted.set(incident.application_id, ids);
  }
  const channels = new Map<number, AlertChannelRow>();
  for (const [applicationId, ids] of wanted) {
    for (const row of await tx.alertChannelsOf(applicationId, [...ids])) channels.set(row.id, row);
  }
  return channels;
}

function deliveryOf(
  { now }: Group,
  message: Message,
  channel: AlertChannelRow,
  { installation, links }: { installation: string; links: AlertLinks },
): AlertDeliveryRow {
  const { incident, action } = message;
  return {
    id: 0,
    application_id: incident.application_id,
    channel_id: channel.id,
    incident_id: incident.id,
    action,
    state: 'pending',
    title: incident.title,
    notification: JSON.stringify({ ...notificationOf(message, now, installation), links }),
    attempts: 0,
    unheard: 0,
    next_try_at: now,
    holder: null,
    held_until: 0,
    last_status: null,
    last_answer: null,
    reached: null,
    created_at: now,
    settled_at: null,
  };
}

/** Without its id, which is that of its delivery. */
function notificationOf(
  { incident, labels, rule, action }: Message,
  now: Ms,
  installation: string,
): Omit<Notification, 'id' | 'links'> {
  return {
    action,
    dedupKey: dedupKeyOf(incident, installation),
    incidentId: String(incident.id),
    event: incident.event,
    severity: incident.severity,
    rule: rule.name,
    application: labels.application ?? '',
    title: incident.title,
    body: incident.body,
    labels,
    events: incident.events,
    startedAt: incident.opened_at,
    at: now,
  };
}

/** Of this installation alone: several of them may tell one PagerDuty, and all count from 1. A database that begins anew is another one. */
const dedupKeyOf = ({ id, opened_at }: Pick<AlertIncidentRow, 'id' | 'opened_at'>, installation: string): string =>
  `pipelogiq-${installation}-${opened_at.toString(36)}-${id}`;
