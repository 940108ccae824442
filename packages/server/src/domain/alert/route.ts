import type { AlertIncidentRow, AlertOutboxTable, Ms } from '../../store/store.js';
import { inSavepoint } from '../commit/savepoint.js';
import type { Group } from '../commit/tickets.js';
import { madeStorable } from '../storable.js';
import { type AlertRecord, DETECTED, labelsOf, TRANSIENT } from './record.js';
import { render } from './render.js';
import { gatheredKey, groupKeyOf, type Rule, ruleOf, severityOf, wants } from './rule.js';
import { EndingRules } from './rule-ends.js';
import { joined, type Labels, type Silence, silenceOf } from './silences.js';

/** One event for one rule, with what names its incident. */
interface Firing {
  rule: Rule;
  record: AlertRecord;
  key: string;
  /** It has no incident of its own. */
  isGathered?: boolean;
  /** One run of many of its pipeline: no other run that works ends it. */
  isOfRun?: boolean;
}

export interface Routed {
  /** Rows of the outbox. */
  taken: number;
  /** Why some of them could not be made incidents of. */
  parked: string[];
}

const MAX_ERROR = 1_000;
const DAY_MS = 86_400_000;
const GATHERED = 'Too many incidents are open: this one tells of all further events of its kind.';

/**
 * Takes what happened out of the outbox, and opens or refreshes incidents of it. When the data of one row breaks it, each is looked at by
 * itself: the one that cannot be is put aside with its error, and what is behind it goes on.
 */
export async function routeAlerts(group: Group, limit: number, maxOpen: number): Promise<Routed> {
  const rows = await group.tx.takeAlerts(limit);
  const parked: string[] = [];
  const attempt = async (some: readonly AlertOutboxTable[]): Promise<string | undefined> => {
    try {
      await inSavepoint(group, () => routeRows(group, some, maxOpen));
      return undefined;
    } catch (error) {
      if (!group.isDataFailure(error)) throw error; // the database itself
      return (error instanceof Error ? error.message : String(error)).slice(0, MAX_ERROR);
    }
  };
  if (rows.length === 0 || (await attempt(rows)) === undefined) return { taken: rows.length, parked };
  for (const row of rows) {
    const error = await attempt([row]);
    if (error === undefined) continue;
    parked.push(error);
    const { payload, written_at } = row;
    await group.tx.parkAlert({ payload, written_at, error: madeStorable(error), parked_at: group.now });
  }
  return { taken: rows.length, parked };
}

async function routeRows(group: Group, rows: readonly AlertOutboxTable[], maxOpen: number): Promise<void> {
  const records = rows.flatMap(({ payload }) => JSON.parse(payload) as AlertRecord[]);
  const applications = [...new Set(records.map(({ applicationId }) => applicationId))];
  const rules = (await group.tx.enabledAlertRules(applications)).map(ruleOf);
  let batch: Firing[] = [];
  for (const record of records) {
    if (record.event === 'pipeline_recovered') {
      await fire(group, batch, maxOpen); // what failed before it worked again is over with it
      batch = [];
      if (!(await recover(group, record))) continue; // nobody was told that it failed, or it is told already that it works again
    }
    for (const rule of rules) if (wants(rule, record)) batch.push({ rule, record, key: groupKeyOf(rule, record) });
  }
  await fire(group, batch, maxOpen);
}

/** What a condition of a rule found. Returns the keys of those that have no incident of their own. */
export const fireRule = (
  group: Group,
  rule: Rule,
  records: readonly AlertRecord[],
  maxOpen: number,
): Promise<ReadonlySet<string>> =>
  fire(
    group,
    records.map((record) => ({ rule, record, key: groupKeyOf(rule, record) })),
    maxOpen,
  );

/** Conditions that do not hold any more. @param keys - of groups */
export async function resolveRule({ tx, now, effects }: Group, rule: Rule, keys: readonly string[]): Promise<void> {
  if (keys.length === 0) return;
  const rows = await tx.incidentsToChange([rule.id], [...keys]);
  await tx.saveIncidents(rows.map((row) => ended(row, 'system', now)));
  effects.hasAlerts = true;
}

/** Returns the keys of groups that there was no room for. */
async function fire(group: Group, firings: readonly Firing[], maxOpen: number): Promise<ReadonlySet<string>> {
  const beyond = new Set<string>();
  if (firings.length === 0) return beyond;
  const { tx, now } = group;
  const known = await knownIncidents(group, firings);
  const room = await roomFor(group, firings, known, maxOpen);
  const silences = known.size > 0 || firings.length > 1 ? await activeSilences(group, firings) : [];
  const changed = new Set<AlertIncidentRow>();
  const opened: AlertIncidentRow[] = [];
  for (const one of firings) {
    const { applicationId } = one.rule;
    const left = room.get(applicationId) ?? 0;
    const firing = known.has(nameOf(one)) || left > 0 ? one : gathered(one);
    if (firing.isGathered) beyond.add(one.key);
    const before = known.get(nameOf(firing));
    if (!before) {
      const row = open(firing, now);
      known.set(nameOf(firing), row);
      opened.push(row);
      room.set(applicationId, left - 1);
      continue;
    }
    Object.assign(before, refresh(before, firing, { now, silences }));
    if (before.id !== 0) changed.add(before);
  }
  if (opened.length > 0) {
    const ids = await tx.allocateIds('alert_incident', opened.length);
    for (const [at, row] of opened.entries()) row.id = ids[at] as number;
    await tx.insertIncidents(opened);
  }
  await tx.saveIncidents([...changed]);
  group.effects.hasAlerts = true;
  return beyond;
}

const activeSilences = async ({ tx, now }: Group, firings: readonly Firing[]): Promise<Silence[]> =>
  (await tx.activeAlertSilences([...new Set(firings.map(({ rule }) => rule.applicationId))], now)).map(silenceOf);

const nameOf = ({ rule, key }: Firing): string => `${rule.id}\n${key}`;

/** Their incidents that are not over, by rule and key. */
async function knownIncidents({ tx, now }: Group, firings: readonly Firing[]): Promise<Map<string, AlertIncidentRow>> {
  const ruleIds = [...new Set(firings.map(({ rule }) => rule.id))];
  const known = new Map<string, AlertIncidentRow>();
  const ending = new EndingRules(await tx.ruleEndsOf(ruleIds));
  const over: AlertIncidentRow[] = [];
  for (const row of await tx.incidentsToChange(ruleIds, [...new Set(firings.map(({ key }) => key))])) {
    // It ended when its rule was switched off, and the loop has not come to it: what happens now is another one.
    if (ending.of(row)) over.push(ended(row, 'system', now));
    else known.set(`${row.rule_id}\n${row.group_key}`, row);
  }
  await tx.saveIncidents(over);
  return known;
}

/** How many incidents each application may begin. Where that is too few, those that gather the rest are added to the known ones. */
async function roomFor(
  group: Group,
  firings: readonly Firing[],
  known: Map<string, AlertIncidentRow>,
  maxOpen: number,
): Promise<Map<number, number>> {
  const room = new Map<number, number>();
  const beginning = firings.filter((firing) => !known.has(nameOf(firing)));
  for (const applicationId of new Set(beginning.map(({ rule }) => rule.applicationId)))
    room.set(applicationId, maxOpen - (await group.tx.countOpenIncidents(applicationId, maxOpen)));
  const beyond = beginning.filter(({ rule }) => (room.get(rule.applicationId) ?? 0) < beginning.length).map(gathered);
  if (beyond.length > 0) for (const [name, row] of await knownIncidents(group, beyond)) known.set(name, row);
  return room;
}

/** What there is no room for as an incident of its own: one of its rule tells of all of it. What has no end of its own ends in time. */
function gathered({ rule, record }: Firing): Firing {
  const wide = { ...rule, groupBy: [], resolveAfterMs: rule.resolveAfterMs || DAY_MS };
  const isOfRun = rule.groupBy.includes('pipeline_id');
  return { rule: wide, record, key: gatheredKey(record.event), isGathered: true, isOfRun };
}

function open(firing: Firing, now: Ms): AlertIncidentRow {
  const { rule, record, key, isOfRun } = firing;
  return {
    id: 0,
    application_id: rule.applicationId,
    rule_id: rule.id,
    group_key: key,
    event: record.event,
    severity: severityOf(rule, record),
    status: 'open',
    ...told(firing, 1),
    untold: '{}',
    pipeline: isOfRun ? null : (record.pipeline ?? null),
    pipeline_id: rule.groupBy.includes('pipeline_id') && record.pipelineId !== undefined ? Number(record.pipelineId) : null,
    events: 1,
    notified: 0,
    opened_at: record.at,
    last_event_at: record.at,
    notify_at: now + rule.groupWaitMs,
    notified_at: null,
    resolve_at: rule.resolveAfterMs === 0 || hasOwnEnd(record) ? null : now + rule.resolveAfterMs,
    muted: null,
    acknowledged_at: null,
    acknowledged_by: null,
    resolved_at: null,
    resolved_by: null,
  };
}

const hasOwnEnd = ({ event }: AlertRecord): boolean => TRANSIENT.has(event) || DETECTED.has(event);

/**
 * Once people were told, more of the same waits for the interval; who has acknowledged hears of it no more. What a silence keeps is
 * counted, and hides nothing of what came before it.
 */
function refresh(
  row: AlertIncidentRow,
  firing: Firing,
  { now, silences }: { now: Ms; silences: readonly Silence[] },
): Partial<AlertIncidentRow> {
  const { rule, record } = firing;
  const events = row.events + 1;
  const news = told(firing, events);
  const untold = joined(row, JSON.parse(news.labels) as Labels, silences);
  const wasTold = row.status === 'open' && row.notified_at !== null;
  const again = untold && wasTold ? (row.notified_at as Ms) + rule.groupIntervalMs : undefined;
  return {
    events,
    ...(untold && { ...news, ...untold }),
    // One pipeline that works again does not end what several broke.
    ...(row.pipeline !== (record.pipeline ?? null) && { pipeline: null }),
    last_event_at: Math.max(row.last_event_at, record.at),
    ...(again !== undefined && { notify_at: Math.max(now, Math.min(again, row.notify_at ?? again)) }),
    ...(row.resolve_at !== null && { resolve_at: rule.resolveAfterMs === 0 ? null : now + rule.resolveAfterMs }),
  };
}

function told({ rule, record, isGathered }: Firing, events: number): Pick<AlertIncidentRow, 'title' | 'body' | 'labels'> {
  const labels = { ...labelsOf(record), rule: rule.name, severity: severityOf(rule, record), events: String(events) };
  const { title, body } = render(record.event, rule, labels);
  return { title, body: isGathered ? `${body}\n${GATHERED}` : body, labels: JSON.stringify(labels) };
}

/** Ends the incidents of the failures of a pipeline; those that are of one run end with that run alone. Whether there were any. */
async function recover({ tx, now }: Group, { applicationId, pipeline, pipelineId }: AlertRecord): Promise<boolean> {
  if (pipeline === undefined) return false;
  return tx.endFailures({ application_id: applicationId, pipeline, pipeline_id: Number(pipelineId) }, now);
}

/** An incident that ends: people who heard of it hear of that too, at the next look. */
export const resolution = (row: AlertIncidentRow, by: string, now: Ms): Partial<AlertIncidentRow> => ({
  status: 'resolved',
  resolved_at: now,
  resolved_by: by,
  resolve_at: null,
  notify_at: row.notified > 0 ? now : null,
});

export const ended = (row: AlertIncidentRow, by: string, now: Ms): AlertIncidentRow => ({ ...row, ...resolution(row, by, now) });
