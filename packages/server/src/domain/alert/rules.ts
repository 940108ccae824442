import type { AlertPreview, AlertRule, AlertRuleSpec, Page, PreviewAlertRule } from '@pipelogiq/protocol';
import type { Clock } from '../../clock.js';
import type { Secrets } from '../../secrets/secrets.js';
import type { AlertChannelRow, AlertRuleRow, Reads } from '../../store/store.js';
import { auditBy } from '../account/audit.js';
import type { Committer } from '../commit/committer.js';
import { operate } from '../commit/operate.js';
import type { Group } from '../commit/tickets.js';
import { DomainError, nameTaken, tooMany } from '../errors.js';
import { decodeCursor, isId, notFound, parseId } from '../ids.js';
import { linksOf } from '../integration/link-settings.js';
import { pageLimit, toPage } from '../page.js';
import type { PageQuery, Principal } from '../use-cases.js';
import type { ChannelKinds } from './channel.js';
import { objectionsTo } from './check-rule.js';
import type { LinkOptions } from './links.js';
import { previewOf } from './preview.js';
import { recommendedRules } from './recommended.js';
import { ruleOf, wantedEvents, withRuleDefaults } from './rule.js';
import { endEvents, endedEvents } from './rule-ends.js';
import { narrow } from './rule-narrowed.js';

export interface RuleUseCases {
  list(caller: Principal, page: PageQuery): Promise<Page<AlertRule>>;
  get(caller: Principal, id: string): Promise<AlertRule>;
  /** @throws DomainError `invalid_request` naming fields; `state_conflict` for a name that is taken, or too many */
  create(caller: Principal, spec: AlertRuleSpec): Promise<AlertRule>;
  replace(caller: Principal, id: string, spec: AlertRuleSpec): Promise<AlertRule>;
  /** Its open incidents are resolved, and who was told hears of it. */
  remove(caller: Principal, id: string): Promise<void>;
  /** What it would say, and what its channels would be sent. Nothing is sent, and nothing stored. */
  preview(caller: Principal, request: PreviewAlertRule): Promise<AlertPreview>;
  /** Makes those of the recommended rules whose names are free. */
  recommend(caller: Principal, channels: string[]): Promise<AlertRule[]>;
}

export interface RuleDeps extends LinkOptions {
  committer: Committer;
  reads: Reads;
  clock: Pick<Clock, 'now'>;
  secrets: Secrets;
  kinds: ChannelKinds;
  maxRules: number;
}

export function ruleUseCases(deps: RuleDeps): RuleUseCases {
  const { committer, reads } = deps;
  return {
    async list(caller, page) {
      const limit = pageLimit(page);
      const rows = await reads.alertRules(caller.applicationId, { limit: limit + 1, after: decodeCursor(page.cursor, 'number') });
      return toPage(rows, limit, view, (row) => row.id);
    },
    async get(caller, id) {
      const row = await reads.alertRule(caller.applicationId, parseId(id, 'rule'));
      if (!row) throw notFound('rule', id);
      return view(row);
    },
    create: (caller, spec) => operate(committer, caller.applicationId, (group) => insertRule(group, deps, caller, spec)),
    async replace(caller, id, spec) {
      const ruleId = parseId(id, 'rule');
      return operate(committer, caller.applicationId, (group) => changeRule(group, caller, ruleId, spec));
    },
    async remove(caller, id) {
      const ruleId = parseId(id, 'rule');
      await operate(committer, caller.applicationId, async (group) => {
        const before = await group.tx.alertRuleToChange(caller.applicationId, ruleId);
        if (!before) return notFound('rule', id);
        await group.tx.deleteAlertRule(caller.applicationId, ruleId);
        await endEvents(group, before, endedEvents(before, undefined));
        return note(group, caller, 'delete', ruleId, {});
      });
    },
    async preview(caller, { rule, event = wantedEvents(rule)[0] }) {
      const channels = await channelsOf(deps, caller, rule);
      const refusal = refusalOf(rule, channels);
      if (refusal) throw refusal;
      if (event === undefined || !wantedEvents(rule).includes(event))
        throw new DomainError('invalid_request', 'event must be one of the events of the rule.', {
          errors: [{ path: 'event', message: 'must be one of the events of the rule' }],
        });
      return previewOf({ ...deps, link: await linksOf(reads, caller.applicationId) }, caller, rule, event, channels);
    },
    async recommend(caller, channels) {
      const made = recommendedRules(channels);
      return operate(committer, caller.applicationId, async (group) => {
        const rules: AlertRule[] = [];
        for (const spec of made) {
          if (await group.tx.alertRuleNamed(caller.applicationId, spec.name)) continue;
          const rule = await insertRule(group, deps, caller, spec);
          if (rule instanceof DomainError && rules.length > 0) throw rule;
          if (rule instanceof DomainError) return rule;
          rules.push(rule);
        }
        return rules;
      });
    },
  };
}

const note = (group: Group, caller: Principal, action: string, id: number, details: { [name: string]: string | boolean }) =>
  auditBy(group, caller, { action: `alert_rule.${action}`, target: { type: 'alert_rule', id: String(id) }, details });

type Known = Pick<AlertChannelRow, 'id'>;

function refusalOf(spec: AlertRuleSpec, channels: readonly Known[]): DomainError | undefined {
  const known = new Set(channels.map(({ id }) => String(id)));
  const errors = objectionsTo(spec, known);
  const [first] = errors;
  return first && new DomainError('invalid_request', `${first.path} ${first.message}.`, { errors });
}

const idsOf = ({ channels }: AlertRuleSpec): number[] => channels.filter(isId).map(Number);

async function channelsOf({ reads }: RuleDeps, caller: Principal, spec: AlertRuleSpec): Promise<AlertChannelRow[]> {
  const found = await Promise.all(idsOf(spec).map((id) => reads.alertChannel(caller.applicationId, id)));
  return found.filter((row) => row !== undefined);
}

/** Writes nothing when it refuses. */
export async function insertRule(
  group: Group,
  deps: Pick<RuleDeps, 'maxRules'>,
  caller: Principal,
  spec: AlertRuleSpec,
): Promise<AlertRule | DomainError> {
  const { tx, now } = group;
  const refusal = refusalOf(spec, await tx.alertChannelsOf(caller.applicationId, idsOf(spec), true));
  if (refusal) return refusal;
  if (await tx.alertRuleNamed(caller.applicationId, spec.name)) return nameTaken('rule', spec.name);
  if ((await tx.countAlertRules(caller.applicationId)) >= deps.maxRules) return tooMany('rules', deps.maxRules);
  const [id = 0] = await tx.allocateIds('alert_rule', 1);
  const row: AlertRuleRow = {
    id,
    application_id: caller.applicationId,
    ...definition(spec),
    version: 1,
    created_at: now,
    updated_at: now,
  };
  await tx.insertAlertRule(row);
  await note(group, caller, 'create', id, { name: spec.name, events: spec.events.join(','), enabled: spec.enabled ?? true });
  return view(row);
}

/** Writes nothing when it refuses. */
export async function changeRule(
  group: Group,
  caller: Principal,
  id: number,
  spec: AlertRuleSpec,
): Promise<AlertRule | DomainError> {
  const { tx, now } = group;
  const before = await tx.alertRuleToChange(caller.applicationId, id);
  if (!before) return notFound('rule', String(id));
  const refusal = refusalOf(spec, await tx.alertChannelsOf(caller.applicationId, idsOf(spec), true));
  if (refusal) return refusal;
  const namesake = await tx.alertRuleNamed(caller.applicationId, spec.name);
  if (namesake && namesake.id !== id) return nameTaken('rule', spec.name);
  const changes = { ...definition(spec), version: before.version + 1, updated_at: now };
  await tx.updateAlertRule(id, changes);
  await endEvents(group, before, endedEvents(before, spec));
  await narrow(group, before, spec);
  await note(group, caller, 'replace', id, { name: spec.name, events: spec.events.join(','), enabled: spec.enabled ?? true });
  return view({ ...before, ...changes });
}

const definition = (spec: AlertRuleSpec): Pick<AlertRuleRow, 'name' | 'enabled' | 'events' | 'spec'> => ({
  name: spec.name,
  enabled: (spec.enabled ?? true) ? 1 : 0,
  events: JSON.stringify(wantedEvents(spec)),
  spec: JSON.stringify(spec),
});

function view(row: AlertRuleRow): AlertRule {
  const { id, applicationId: _, version: __, ...rule } = ruleOf(row);
  return {
    id: String(id),
    ...withRuleDefaults(rule),
    createdAt: new Date(row.created_at).toISOString(),
    updatedAt: new Date(row.updated_at).toISOString(),
  };
}
