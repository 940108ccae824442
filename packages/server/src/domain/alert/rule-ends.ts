import type { AlertEvent, AlertRuleSpec } from '@pipelogiq/protocol';
import type { AlertIncidentRow, AlertRuleEndRow, AlertRuleRow } from '../../store/store.js';
import type { Group } from '../commit/tickets.js';
import { SAMPLED } from './record.js';
import { keyBegin, type Rule, ruleOf, wantedEvents, withRuleDefaults } from './rule.js';

/** Incidents that one transaction ends, and rules that one look goes on with. */
const AT_ONCE = 2_000;
const RULES = 10;

/** What figures are taken of: of what they were before, no look could say that it is over. */
function takenOf(spec: AlertRuleSpec): string {
  const { match, groupBy, condition } = withRuleDefaults({ ...spec, match: { ...spec.match, severities: [] } });
  return JSON.stringify([match, groupBy, condition.metric]);
}

/** Events that a rule wanted and wants no more, or of other things. @param after - undefined: it is gone */
export function endedEvents(before: AlertRuleRow, after: AlertRuleSpec | undefined): AlertEvent[] {
  if (before.enabled === 0) return [];
  const wanted = after === undefined || after.enabled === false ? [] : wantedEvents(after);
  const isOfOthers = after !== undefined && takenOf(JSON.parse(before.spec) as AlertRuleSpec) !== takenOf(after);
  return (JSON.parse(before.events) as AlertEvent[]).filter(
    (event) => !wanted.includes(event) || (isOfOthers && SAMPLED.has(event)),
  );
}

/**
 * A rule wants these events no more: their incidents are over, and who was told hears of that by the rule as it was. What one
 * transaction does not end the loop goes on with.
 */
export async function endEvents(group: Group, before: AlertRuleRow, events: AlertEvent[]): Promise<void> {
  if (events.length === 0) return;
  const { id: rule_id, application_id, name, spec } = before;
  const { tx } = group;
  await tx.forgetConditions(rule_id, events.map(keyBegin));
  await goOnWith(group, await tx.insertRuleEnd({ application_id, rule_id, events: JSON.stringify(events), name, spec }), AT_ONCE);
  group.effects.hasAlerts = true;
}

/** Goes on with rules that end. Whether there is more to end now. */
export async function goOnEnding(group: Group, atOnce = AT_ONCE): Promise<boolean> {
  let more = false;
  for (const row of await group.tx.ruleEnds(RULES)) more = (await goOnWith(group, row, atOnce)) || more;
  return more;
}

async function goOnWith({ tx, now }: Group, row: AlertRuleEndRow, atOnce: number): Promise<boolean> {
  if ((await tx.endIncidents(row, atOnce, now)) === atOnce || (await tx.hasToEnd(row))) return true;
  if (!(await tx.isEndUntold(row))) await tx.deleteRuleEnd(row.id);
  return false;
}

/** The rules, as they were, of incidents that end with them. */
export class EndingRules {
  readonly #ends: readonly { row: AlertRuleEndRow; events: readonly AlertEvent[] }[];

  constructor(rows: readonly AlertRuleEndRow[]) {
    this.#ends = rows.map((row) => ({ row, events: JSON.parse(row.events) as AlertEvent[] }));
  }

  of(incident: Pick<AlertIncidentRow, 'id' | 'rule_id' | 'event'>): Rule | undefined {
    const found = this.#ends.find(
      ({ row, events }) => row.rule_id === incident.rule_id && incident.id <= row.up_to && events.includes(incident.event),
    );
    return found && ruleOf({ ...found.row, id: found.row.rule_id, enabled: 1, version: 0 });
  }
}
