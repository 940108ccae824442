import type { AlertCondition, AlertEvent, AlertMetric } from '@pipelogiq/protocol';
import type { AlertConditionRow, Ms } from '../../store/store.js';
import type { Group } from '../commit/tickets.js';
import { type AlertRecord, SAMPLED } from './record.js';
import { fireRule, resolveRule } from './route.js';
import { gatheredKey, groupKeyOf, keyBegin, type Rule } from './rule.js';

/** A figure of one thing that a rule looks at. */
export interface Observation {
  value: number;
  /** What is said of it when it is beyond its threshold. */
  record: AlertRecord;
  /** It has been so for too long to be news: it goes on, and does not begin. */
  isOld?: boolean;
}

/** What one look at a rule saw. */
export interface Seen {
  observations: readonly Observation[];
  /** There was more than a look takes in: what it did not see may be as it was. */
  isPartial: boolean;
}

/** Above (or below) this it fires, and back behind the other it is over. */
export interface Thresholds {
  direction: 'above' | 'below';
  threshold: number;
  clearThreshold: number;
  forMs: Ms;
}

const MARGIN = 0.1;
/** Shares: 0 to 1. */
export const RATIOS: ReadonlySet<AlertMetric> = new Set<AlertMetric>([
  'success_rate',
  'failure_rate',
  'flaky_rate',
  'worker_utilisation',
]);

export function thresholdsOf({ direction = 'above', ...condition }: AlertCondition, byDefault: number): Thresholds {
  const threshold = condition.threshold ?? byDefault;
  const isRatio = condition.metric !== undefined && RATIOS.has(condition.metric);
  // A ratio that is bad below its threshold has only the way up to 1 to become good again.
  const margin = (isRatio && direction === 'below' ? Math.min(threshold, 1 - threshold) : Math.abs(threshold)) * MARGIN;
  const behind = direction === 'above' ? threshold - margin : threshold + margin;
  return { direction, threshold, clearThreshold: condition.clearThreshold ?? behind, forMs: condition.forMs ?? 0 };
}

type State = Pick<AlertConditionRow, 'firing' | 'crossed_at'>;
type Change = 'fires' | 'ends';

/** What becomes of the state of one thing; `value` is undefined when nothing is seen of it any more. */
export function judge(
  { firing, crossed_at }: State,
  value: number | undefined,
  { direction, threshold, clearThreshold, forMs }: Thresholds,
  now: Ms,
): State & { change?: Change } {
  const isAbove = direction === 'above';
  const crosses =
    firing === 1
      ? value === undefined || (isAbove ? value < clearThreshold : value > clearThreshold)
      : value !== undefined && (isAbove ? value >= threshold : value <= threshold);
  if (!crosses) return { firing, crossed_at: null };
  const since = crossed_at ?? now;
  if (now - since < forMs) return { firing, crossed_at: since };
  return firing === 1 ? { firing: 0, crossed_at: null, change: 'ends' } : { firing: 1, crossed_at: null, change: 'fires' };
}

/**
 * What becomes of the state of a figure that cannot be taken: silence is no recovery. It begins nothing, and goes on if it fires, until
 * nobody has known of it for so long. @param since - since when it is not known @param endAfterMs - 0: never by itself
 */
function judgeUnknown({ firing }: State, since: Ms, endAfterMs: Ms, now: Ms): State & { change?: Change } {
  if (firing === 0) return { firing, crossed_at: null };
  if (endAfterMs > 0 && now - since >= endAfterMs) return { firing: 0, crossed_at: null, change: 'ends' };
  return { firing, crossed_at: since };
}

/** Of one that fires: since when nothing is known of it. Such a row is later than what was last seen. */
const unknownSince = (row: AlertConditionRow): Ms | undefined =>
  row.crossed_at !== null && row.crossed_at > row.seen_at ? row.crossed_at : undefined;

/** What a look changes. */
export interface ConditionChanges {
  saved: AlertConditionRow[];
  /** Keys. */
  forgotten: string[];
  fired: AlertRecord[];
  /** Keys. */
  ended: string[];
}

/** Holds what was seen to the thresholds of its rule. @param rule - with one event */
export function changesOf(
  rule: Rule,
  thresholds: Thresholds,
  { observations, isPartial }: Seen,
  conditions: readonly AlertConditionRow[],
  now: Ms,
): ConditionChanges {
  const seen = worstOf(rule, thresholds, observations);
  const known = new Map(conditions.filter(({ key }) => isOf(rule, key)).map((row) => [row.key, row]));
  const changes: ConditionChanges = { saved: [], forgotten: [], fired: [], ended: [] };
  for (const key of new Set([...known.keys(), ...seen.keys()])) {
    const before = known.get(key);
    const observation = seen.get(key);
    if (!observation && isPartial) continue;
    const isUnknown = !observation && SAMPLED.has(rule.events[0] as AlertEvent);
    const unknown = before && unknownSince(before);
    const value = observation?.isOld && before?.firing !== 1 ? undefined : observation?.value;
    // What was not known counts for neither side when it is known again.
    const from: State = { firing: before?.firing ?? 0, crossed_at: unknown === undefined ? (before?.crossed_at ?? null) : null };
    const { change, ...state } = isUnknown
      ? judgeUnknown(from, unknown ?? now, rule.resolveAfterMs, now)
      : judge(from, value, thresholds, now);
    const isAgain = observation && before?.fire_again_at != null && before.fire_again_at <= now && state.firing === 1;
    if (observation && (change === 'fires' || isAgain)) changes.fired.push(observation.record);
    if (change === 'ends') changes.ended.push(key);
    const fire_again_at = isAgain || state.firing === 0 ? null : (before?.fire_again_at ?? null);
    const seen_at = isUnknown && before ? before.seen_at : now;
    const gathered = isAgain || state.firing === 0 ? 0 : (before?.gathered ?? 0);
    const after = { rule_id: rule.id, key, ...state, seen_at, fire_again_at, gathered };
    if (state.firing === 0 && state.crossed_at === null) {
      if (before) changes.forgotten.push(key);
    } else if (!before || !isSame(before, after)) changes.saved.push(after);
  }
  return changes;
}

/** @param rule - with one event */
const isOf = ({ events }: Rule, key: string): boolean => key.startsWith(keyBegin(events[0] as AlertEvent));

const isSame = (one: AlertConditionRow, other: AlertConditionRow): boolean =>
  one.firing === other.firing && one.crossed_at === other.crossed_at && one.fire_again_at === other.fire_again_at;

/** Nothing is written for nothing. */
export const changesNothing = ({ saved, forgotten }: ConditionChanges): boolean => saved.length + forgotten.length === 0;

/** Opens and ends incidents of what was seen, in one transaction; unless somebody changed the rule since it was read. */
export async function applySeen(group: Group, rule: Rule, thresholds: Thresholds, seen: Seen, maxOpen: number): Promise<void> {
  const { tx, now } = group;
  const row = await tx.alertRuleToChange(rule.applicationId, rule.id);
  if (row?.enabled !== 1 || row.version !== rule.version) return;
  const before = await tx.alertConditions(rule.id);
  const { saved, forgotten, fired, ended } = changesOf(rule, thresholds, seen, before, now);
  const gathered = await fireRule(group, rule, fired, maxOpen);
  await tx.saveAlertConditions(saved.map((one) => (gathered.has(one.key) ? { ...one, gathered: 1 } : one)));
  await tx.deleteAlertConditions(rule.id, forgotten);
  await resolveRule(group, rule, ended);
  if (before.some((one) => one.gathered === 1 && ended.includes(one.key))) await resolveGathered(group, rule);
}

/** What gathers conditions is over when all of them are. */
async function resolveGathered(group: Group, rule: Rule): Promise<void> {
  const left = (await group.tx.alertConditions(rule.id)).filter(({ key, gathered }) => gathered === 1 && isOf(rule, key));
  if (left.length === 0) await resolveRule(group, rule, [gatheredKey(rule.events[0] as AlertEvent)]);
}

/** Several things may be one incident: the one that is furthest off speaks for all, news before what is old. */
function worstOf(rule: Rule, { direction }: Thresholds, observations: readonly Observation[]): Map<string, Observation> {
  const worst = new Map<string, Observation>();
  const isWorse = (one: Observation, other: Observation): boolean => {
    if (one.isOld !== other.isOld) return other.isOld === true;
    return direction === 'above' ? one.value > other.value : one.value < other.value;
  };
  for (const observation of observations) {
    const key = groupKeyOf(rule, observation.record);
    const known = worst.get(key);
    if (!known || isWorse(observation, known)) worst.set(key, observation);
  }
  return worst;
}
