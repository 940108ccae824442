import type { AlertRuleSpec } from '@pipelogiq/protocol';
import type { AlertIncidentRow, AlertRuleRow } from '../../store/store.js';
import type { Group } from '../commit/tickets.js';
import { DETECTED } from './record.js';
import { ended } from './route.js';
import { fitsMatch, ruleOf } from './rule.js';

/** Incidents that one transaction looks at, and rules that one look goes on with. */
const AT_ONCE = 500;
const RULES = 10;

type Labels = { readonly [name: string]: string };

/** What of a match can be held against an incident. It keeps no keywords, and severities are those of events: see `endedEvents`. */
const namesOf = ({ match: { pipelines, handlers, errorCodes, environments } = {} }: AlertRuleSpec): string =>
  JSON.stringify([pipelines, handlers, errorCodes, environments]);

/**
 * Incidents of what a rule matches no more are over, and who was told hears of that: else they would be told again and again. Those
 * beyond what one transaction looks at the loop goes on with.
 */
export async function narrow(group: Group, before: AlertRuleRow, after: AlertRuleSpec): Promise<void> {
  if (before.enabled === 0 || namesOf(JSON.parse(before.spec) as AlertRuleSpec) === namesOf(after)) return;
  await group.tx.narrowRule({ rule_id: before.id, application_id: before.application_id });
  group.effects.hasAlerts = true;
}

/** Goes on with rules that match less. Whether there may be more to look at now. */
export async function goOnNarrowing({ tx, now }: Group): Promise<boolean> {
  const narrowed = await tx.narrowedRules(RULES);
  for (const one of narrowed) {
    const row = await tx.alertRuleToChange(one.application_id, one.rule_id);
    const incidents = row ? await tx.incidentsToNarrow(one, AT_ONCE) : []; // of a rule that is gone all are over
    const over = incidents.filter((incident) => row && !fits(row, incident));
    await tx.saveIncidents(over.map((incident) => ended(incident, 'system', now)));
    await tx.narrowFurther(one, incidents.length === AT_ONCE ? incidents.at(-1)?.id : undefined);
  }
  return narrowed.length > 0;
}

/** As it was last told of. Conditions end by themselves: a look finds them no more. */
function fits(row: AlertRuleRow, { event, labels }: AlertIncidentRow): boolean {
  if (DETECTED.has(event)) return true;
  const { keywords: _, ...match } = ruleOf(row).match;
  const { application = '', pipeline, handler, error_code: errorCode, environment } = JSON.parse(labels) as Labels;
  return fitsMatch(match, {
    applicationId: row.application_id,
    application,
    ...(pipeline !== undefined && { pipeline }),
    ...(handler !== undefined && { handler }),
    ...(errorCode !== undefined && { errorCode }),
    ...(environment !== undefined && { environment }),
  });
}
