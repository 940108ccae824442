import type { ChannelType } from '@pipelogiq/protocol';
import type { AlertIncidentRow } from './alert-rows.js';
import type { Ms } from './rows.js';

/** Events of a rule that is gone, switched off or wants them no more: their incidents are ended, and told of as it said. */
export interface AlertRuleEndTable {
  id: number;
  application_id: number;
  rule_id: number;
  /** The last of the incidents that it is about; later ones are of a rule that wants them again. */
  up_to: number;
  /** JSON array. */
  events: string;
  name: string;
  /** JSON of an AlertRuleSpec, as it was. */
  spec: string;
}

export type AlertRuleEndRow = AlertRuleEndTable;

/** A rule that matches less than before: its open incidents are looked through, from the newest to the oldest. */
export interface AlertRuleNarrowedTable {
  rule_id: number;
  application_id: number;
  /** Incidents from this id on have been looked at. */
  below: number;
}

/** Rules that match less. */
export interface AlertNarrowings {
  /** From its newest incident on: from there once more, where it is under way. */
  narrowRule(rule: Omit<AlertRuleNarrowedTable, 'below'>): Promise<void>;
  narrowedRules(limit: number): Promise<AlertRuleNarrowedTable[]>;
  /** Its next unresolved incidents, the newest first. */
  incidentsToNarrow(rule: AlertRuleNarrowedTable, limit: number): Promise<AlertIncidentRow[]>;
  /** Goes on below there; undefined: there is no more. Unless the rule was changed once more meanwhile. */
  narrowFurther(rule: AlertRuleNarrowedTable, below: number | undefined): Promise<void>;
}

/** What is left of rules. */
export interface AlertRuleEnds {
  /** Of all incidents that the rule has; what its conditions have found is forgotten. */
  insertRuleEnd(row: Omit<AlertRuleEndRow, 'id' | 'up_to'>): Promise<AlertRuleEndRow>;
  /** The oldest. */
  ruleEnds(limit: number): Promise<AlertRuleEndRow[]>;
  ruleEndsOf(ruleIds: number[]): Promise<AlertRuleEndRow[]>;
  /** Ends up to so many of its incidents, and has them told at the next look. Returns how many. */
  endIncidents(end: AlertRuleEndRow, limit: number, now: Ms): Promise<number>;
  /** Whether one of its incidents is not over: another server may have ended some of those that this one was to end. */
  hasToEnd(end: AlertRuleEndRow): Promise<boolean>;
  /** Whether one of its incidents is still to be told. */
  isEndUntold(end: AlertRuleEndRow): Promise<boolean>;
  deleteRuleEnd(id: number): Promise<void>;
  /** @param keyBegins - how the keys of its groups begin, as in `fireGatheredAgain` */
  forgetConditions(ruleId: number, keyBegins: string[]): Promise<void>;
  /** When a condition whose incident somebody ended by hand fires again; null: not before it was over. */
  fireAgain(ruleId: number, key: string, at: Ms | null): Promise<void>;
  /** The same of all conditions whose keys begin so and that have no incident of their own. */
  fireGatheredAgain(ruleId: number, keyBegin: string, at: Ms | null): Promise<void>;
}

/** A message, by its channel. */
export interface GivenUpRow {
  channel_id: number;
  type: ChannelType;
  /** As they were. */
  unheard: number;
  holder: string | null;
}

/** What is left of channels that are gone or switched off. */
export interface AlertLeftovers {
  /** Deletes up to so many messages of channels that are gone. Whether there may be more. */
  deleteGone(limit: number): Promise<boolean>;
  /** Gives up messages that were queued before then, of channels that are switched off. Returns them. */
  giveUpAlerts(before: Ms, now: Ms, limit: number): Promise<GivenUpRow[]>;
}
