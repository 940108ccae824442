import type { AlertEvent, AlertGrouping, AlertMatch, AlertRuleSpec, AlertSeverity } from '@pipelogiq/protocol';
import type { AlertRuleRow } from '../../store/store.js';
import { hashSecret } from '../account/keys.js';
import { type AlertRecord, labelsOf, SEVERITIES } from './record.js';

const SECOND = 1_000;
const HOUR = 3_600 * SECOND;

type Defaulted = 'enabled' | 'match' | 'condition' | 'groupBy' | 'groupWaitMs' | 'groupIntervalMs' | 'repeatIntervalMs';
/** A rule with its defaults filled in. */
export type RuleSpec = AlertRuleSpec & Required<Pick<AlertRuleSpec, Defaulted | 'notifyResolved' | 'resolveAfterMs'>>;

export interface Rule extends RuleSpec {
  id: number;
  applicationId: number;
  /** Counts its changes. */
  version: number;
}

const GROUP_BY: readonly AlertGrouping[] = ['event', 'pipeline', 'handler'];

export const withRuleDefaults = (spec: AlertRuleSpec): RuleSpec => ({
  ...spec,
  enabled: spec.enabled ?? true,
  match: spec.match ?? {},
  condition: spec.condition ?? {},
  groupBy: spec.groupBy ?? [...GROUP_BY],
  groupWaitMs: spec.groupWaitMs ?? 10 * SECOND,
  groupIntervalMs: spec.groupIntervalMs ?? 300 * SECOND,
  repeatIntervalMs: spec.repeatIntervalMs ?? 4 * HOUR,
  notifyResolved: spec.notifyResolved ?? true,
  resolveAfterMs: spec.resolveAfterMs ?? 24 * HOUR,
});

export const ruleOf = (row: Pick<AlertRuleRow, 'id' | 'application_id' | 'name' | 'enabled' | 'spec' | 'version'>): Rule => ({
  ...withRuleDefaults(JSON.parse(row.spec) as AlertRuleSpec),
  id: row.id,
  applicationId: row.application_id,
  version: row.version,
  name: row.name,
  enabled: row.enabled === 1,
});

/** `*` stands for any characters. Linear: the parts between stars are looked for from left to right. */
export function matchesPattern(text: string, pattern: string): boolean {
  const [first = '', ...rest] = pattern.split('*');
  if (rest.length === 0) return text === pattern;
  const last = rest.pop() as string;
  if (!text.startsWith(first) || !text.endsWith(last) || text.length < first.length + last.length) return false;
  let at = first.length;
  for (const part of rest) {
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return at <= text.length - last.length;
}

const anyMatches = (patterns: readonly string[] | undefined, text: string | undefined): boolean =>
  patterns === undefined ||
  patterns.length === 0 ||
  (text !== undefined && patterns.some((pattern) => matchesPattern(text, pattern)));

/** What a condition is looked at for must fit too. */
export function fitsMatch(match: AlertMatch, record: Omit<AlertRecord, 'event' | 'at'>): boolean {
  const { keywords, environments } = match;
  return (
    anyMatches(match.pipelines, record.pipeline) &&
    anyMatches(match.handlers, record.handler) &&
    anyMatches(match.errorCodes, record.errorCode) &&
    (!keywords?.length || keywords.some((keyword) => record.keywords?.includes(keyword))) &&
    (!environments?.length || environments.includes(record.environment ?? ''))
  );
}

/** Of the events of a rule those of a severity that it matches: the others are as if it did not name them. */
export function wantedEvents({ events, match }: Pick<AlertRuleSpec, 'events' | 'match'>): AlertEvent[] {
  const severities = match?.severities;
  return severities?.length ? events.filter((event) => severities.includes(SEVERITIES[event])) : events;
}

export const wants = (rule: Rule, record: AlertRecord): boolean =>
  rule.enabled &&
  rule.applicationId === record.applicationId &&
  wantedEvents(rule).includes(record.event) &&
  fitsMatch(rule.match, record);

export const severityOf = (rule: Pick<Rule, 'severity'>, record: Pick<AlertRecord, 'event'>): AlertSeverity =>
  rule.severity ?? SEVERITIES[record.event];

/** How the keys of all groups of an event begin. */
export const keyBegin = (event: AlertEvent): string => JSON.stringify([event]).slice(0, -1);

/** Of the one incident of a rule that tells of all events which may have none of their own; keys of groups are JSON. */
export const gatheredKey = (event: AlertEvent): string => `gathered ${event}`;

/** Bytes; a longer key would not fit into an index. */
const MAX_KEY = 512;

/** The same for events that are one incident. What a condition was looked at for always tells incidents apart. */
export function groupKeyOf(rule: Pick<Rule, 'groupBy'>, record: AlertRecord): string {
  const labels = labelsOf(record);
  const parts = rule.groupBy.map((name) => labels[name] ?? '');
  const key = JSON.stringify([record.event, ...parts, ...(record.subject === undefined ? [] : [record.subject])]);
  return Buffer.byteLength(key) <= MAX_KEY ? key : JSON.stringify([record.event, hashSecret(key)]);
}
