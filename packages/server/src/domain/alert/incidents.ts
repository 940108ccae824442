import type { AlertRuleSpec, Incident, IncidentFilter, Page, Silence, SilenceSpec } from '@pipelogiq/protocol';
import type { AlertIncidentRow, AlertSilenceRow, Ms, Reads } from '../../store/store.js';
import { actorOf, auditBy } from '../account/audit.js';
import type { Committer } from '../commit/committer.js';
import { operate } from '../commit/operate.js';
import type { Group } from '../commit/tickets.js';
import { DomainError, tooMany } from '../errors.js';
import { decodeCursor, notFound, parseId } from '../ids.js';
import { pageLimit, toPage } from '../page.js';
import { field, timeField } from '../pipeline/views.js';
import type { PageQuery, Principal } from '../use-cases.js';
import { type DeliveryUseCases, deliveryCases } from './deliveries.js';
import { type NotifyDeps, queueMessages } from './notify.js';
import { DETECTED, LABELS, TRANSIENT } from './record.js';
import { resolution } from './route.js';
import { gatheredKey, keyBegin, ruleOf } from './rule.js';

export interface IncidentUseCases extends DeliveryUseCases {
  incidents(caller: Principal, filter: IncidentFilter): Promise<Page<Incident>>;
  incident(caller: Principal, id: string): Promise<Incident>;
  /** Whoever acknowledges takes it over: it is not told again. @throws DomainError `state_conflict` when it is resolved */
  acknowledge(caller: Principal, id: string): Promise<Incident>;
  resolve(caller: Principal, id: string): Promise<Incident>;
  silences(caller: Principal, page: PageQuery): Promise<Page<Silence>>;
  silence(caller: Principal, spec: SilenceSpec): Promise<Silence>;
  endSilence(caller: Principal, id: string): Promise<void>;
}

export interface IncidentDeps extends NotifyDeps {
  committer: Committer;
  reads: Reads;
  maxSilences: number;
  maxSilenceMs: Ms;
  /** Something may be sent now. */
  onDue(): void;
}

export const incidentUseCases = (deps: IncidentDeps): IncidentUseCases => ({
  ...incidentCases(deps),
  ...silenceCases(deps),
  ...deliveryCases(deps),
});

const conflict = (message: string): DomainError => new DomainError('state_conflict', message);

const note = (group: Group, caller: Principal, action: string, type: string, id: string): Promise<void> =>
  auditBy(group, caller, { action: `${type}.${action}`, target: { type, id } });

function incidentCases(deps: IncidentDeps): Pick<IncidentUseCases, 'incidents' | 'incident' | 'acknowledge' | 'resolve'> {
  const { reads, committer } = deps;
  const get = async (caller: Principal, id: string): Promise<Incident> => {
    const row = await reads.incident(caller.applicationId, parseId(id, 'incident'));
    if (!row) throw notFound('incident', id);
    return incidentView(row);
  };
  const change = async (
    caller: Principal,
    id: string,
    action: 'acknowledge' | 'resolve',
    decide: (group: Group, row: AlertIncidentRow) => Partial<AlertIncidentRow> | DomainError,
  ): Promise<Incident> => {
    const incidentId = parseId(id, 'incident');
    await operate(committer, caller.applicationId, async (group) => {
      const row = await group.tx.incidentToChange(caller.applicationId, incidentId);
      if (!row) return notFound('incident', id);
      const changes = decide(group, row);
      if (changes instanceof DomainError) return changes;
      if (Object.keys(changes).length === 0) return undefined; // twice is the same as once
      const incident = { ...row, ...changes };
      await group.tx.saveIncidents([incident]);
      if (action === 'resolve') await letFireAgain(group, row);
      if (action === 'acknowledge') await tellOthers(group, deps, incident);
      return note(group, caller, action, 'incident', id);
    });
    deps.onDue();
    return get(caller, id);
  };
  return {
    async incidents(caller, filter) {
      const limit = pageLimit(filter);
      const rule = filter.rule === undefined ? {} : { rule: String(parseId(filter.rule, 'rule')) };
      const rows = await reads.incidents(
        caller.applicationId,
        { ...filter, ...rule },
        { limit: limit + 1, after: decodeCursor(filter.cursor, 'number') },
      );
      return toPage(rows, limit, incidentView, (row) => row.id);
    },
    incident: get,
    acknowledge: (caller, id) =>
      change(caller, id, 'acknowledge', ({ now }, row) => {
        if (row.status === 'resolved') return conflict('The incident is resolved already.');
        if (row.status === 'acknowledged') return {};
        if (TRANSIENT.has(row.event)) return { ...resolution(row, actorOf(caller), now), notify_at: null }; // news needs no more than that
        return { status: 'acknowledged', acknowledged_at: now, acknowledged_by: actorOf(caller), notify_at: null };
      }),
    resolve: (caller, id) =>
      change(caller, id, 'resolve', ({ now }, row) => (row.status === 'resolved' ? {} : resolution(row, actorOf(caller), now))),
  };
}

/** What still holds is another incident after the interval in which it would have been repeated. */
async function letFireAgain({ tx, now }: Group, row: AlertIncidentRow): Promise<void> {
  if (!DETECTED.has(row.event)) return;
  const rule = await tx.alertRuleToChange(row.application_id, row.rule_id);
  if (!rule) return;
  const { repeatIntervalMs } = ruleOf(rule);
  const at = repeatIntervalMs === 0 ? null : now + repeatIntervalMs;
  if (row.group_key === gatheredKey(row.event)) await tx.fireGatheredAgain(row.rule_id, keyBegin(row.event), at);
  else await tx.fireAgain(row.rule_id, row.group_key, at);
}

/** Providers that know acknowledgement hear of it, when they heard of the incident. */
async function tellOthers(group: Group, deps: NotifyDeps, incident: AlertIncidentRow): Promise<void> {
  if (incident.notified === 0) return;
  const row = await group.tx.alertRuleToChange(incident.application_id, incident.rule_id);
  if (!row) return;
  const labels = JSON.parse(incident.labels) as { [name: string]: string };
  await queueMessages(group, deps, [{ incident, labels, rule: ruleOf(row), action: 'acknowledge' }]);
}

function incidentView(row: AlertIncidentRow & { rule: string | null; spec: string | null }): Incident {
  const spec = row.spec === null ? undefined : (JSON.parse(row.spec) as AlertRuleSpec);
  return {
    id: String(row.id),
    rule: { id: String(row.rule_id), name: row.rule ?? '(deleted)' },
    event: row.event,
    severity: row.severity,
    status: row.status,
    title: row.title,
    body: row.body,
    labels: JSON.parse(row.labels) as { [name: string]: string },
    events: row.events,
    notified: row.notified,
    openedAt: new Date(row.opened_at).toISOString(),
    lastEventAt: new Date(row.last_event_at).toISOString(),
    ...field('muted', row.muted),
    ...timeField('acknowledgedAt', row.acknowledged_at),
    ...field('acknowledgedBy', row.acknowledged_by),
    ...timeField('resolvedAt', row.resolved_at),
    ...field('resolvedBy', row.resolved_by),
    ...(spec?.runbookUrl !== undefined && { runbookUrl: spec.runbookUrl }),
  };
}

function silenceCases(deps: IncidentDeps): Pick<IncidentUseCases, 'silences' | 'silence' | 'endSilence'> {
  const { reads, committer } = deps;
  return {
    async silences(caller, page) {
      const limit = pageLimit(page);
      const now = await reads.now();
      const rows = await reads.alertSilences(caller.applicationId, {
        limit: limit + 1,
        after: decodeCursor(page.cursor, 'number'),
      });
      return toPage(
        rows,
        limit,
        (row) => silenceView(row, now),
        (row) => row.id,
      );
    },
    silence: (caller, spec) =>
      operate(committer, caller.applicationId, async (group) => {
        const { tx, now } = group;
        const row = silenceRow(caller, spec, now);
        const refusal = silenceRefusal(row, deps);
        if (refusal) return refusal;
        if ((await tx.countAlertSilences(caller.applicationId, now)) >= deps.maxSilences)
          return tooMany('silences', deps.maxSilences);
        row.id = (await tx.allocateIds('alert_silence', 1))[0] ?? 0;
        await tx.insertAlertSilence(row);
        await note(group, caller, 'create', 'silence', String(row.id));
        return silenceView(row, now);
      }),
    async endSilence(caller, id) {
      const silenceId = parseId(id, 'silence');
      await operate(committer, caller.applicationId, async (group) => {
        if (!(await group.tx.endAlertSilence(caller.applicationId, silenceId, group.now))) return notFound('silence', id);
        return note(group, caller, 'end', 'silence', id);
      });
    },
  };
}

const silenceRow = (caller: Principal, spec: SilenceSpec, now: Ms): AlertSilenceRow => ({
  id: 0,
  application_id: caller.applicationId,
  match: JSON.stringify(spec.match),
  comment: spec.comment,
  created_by: actorOf(caller),
  starts_at: spec.startsAt === undefined ? now : Date.parse(spec.startsAt),
  ends_at: Date.parse(spec.endsAt),
  created_at: now,
});

function silenceRefusal(row: AlertSilenceRow, { maxSilenceMs }: IncidentDeps): DomainError | undefined {
  const unknown = Object.keys(JSON.parse(row.match) as object).find((name) => !LABELS.includes(name));
  const [path, message] =
    unknown !== undefined
      ? [`match.${unknown}`, `is no label; there are ${LABELS.join(', ')}`]
      : row.ends_at <= Math.max(row.starts_at, row.created_at)
        ? ['endsAt', 'must be in the future, and after startsAt']
        : row.ends_at - row.starts_at > maxSilenceMs
          ? ['endsAt', `must be at most ${Math.floor(maxSilenceMs / 86_400_000)} days after startsAt`]
          : [];
  if (path === undefined || message === undefined) return undefined;
  return new DomainError('invalid_request', `${path} ${message}.`, { errors: [{ path, message }] });
}

const silenceView = (row: AlertSilenceRow, now: Ms): Silence => ({
  id: String(row.id),
  match: JSON.parse(row.match) as { [label: string]: string },
  comment: row.comment,
  createdBy: row.created_by,
  startsAt: new Date(row.starts_at).toISOString(),
  endsAt: new Date(row.ends_at).toISOString(),
  status: row.ends_at <= now ? 'expired' : row.starts_at > now ? 'pending' : 'active',
  createdAt: new Date(row.created_at).toISOString(),
});
