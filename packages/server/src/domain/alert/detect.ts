import type { AlertCondition, AlertMetric } from '@pipelogiq/protocol';
import type { AlertConditionRow, Ms } from '../../store/store.js';
import type { Group } from '../commit/tickets.js';
import type { AlertRecord } from './record.js';
import { fireRule, resolveRule } from './route.js';
import { groupKeyOf, type Rule } from './rule.js';

/** A figure of one thing that a rule looks at. */
export interface Observation {
  value: number;
  /** What is said of it when it is beyond its threshold. */
  record: AlertRecord;
}

/** Above (or below) this it fires, and back behind the other it is over. */
export interface Thresholds {
  direction: 'above' | 'below';
  threshold: number;
  clearThreshold: number;
  forMs: Ms;
}

const MARGIN = 0.1;
const RATIOS: ReadonlySet<AlertMetric> = new Set<AlertMetric>([
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

/** What becomes of the state of one thing; `value` is undefined when nothing is seen of it any more. */
export function judge(
  { firing, crossed_at }: State,
  value: number | undefined,
  { direction, threshold, clearThreshold, forMs }: Thresholds,
  now: Ms,
): State & { change?: 'fires' | 'ends' } {
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

/** Holds what was seen to the thresholds of its rule, and opens and ends incidents; all of it in one transaction. @param rule - with one event */
export async function applyObservations(
  group: Group,
  rule: Rule,
  thresholds: Thresholds,
  observations: readonly Observation[],
): Promise<void> {
  const { tx, now } = group;
  const seen = worstOf(rule, thresholds, observations);
  const ofEvent = JSON.stringify(rule.events).slice(0, -1); // keys begin with their event
  const rows = (await tx.alertConditions(rule.id)).filter(({ key }) => key.startsWith(ofEvent));
  const known = new Map(rows.map((row) => [row.key, row]));
  const saved: AlertConditionRow[] = [];
  const forgotten: string[] = [];
  const fired: AlertRecord[] = [];
  const ended: string[] = [];
  for (const key of new Set([...known.keys(), ...seen.keys()])) {
    const before = known.get(key);
    const observation = seen.get(key);
    const { change, ...state } = judge(before ?? { firing: 0, crossed_at: null }, observation?.value, thresholds, now);
    if (change === 'fires' && observation) fired.push(observation.record);
    if (change === 'ends') ended.push(key);
    const isQuiet = state.firing === 0 && state.crossed_at === null;
    if (isQuiet && before) forgotten.push(key);
    const isSame = before && before.firing === state.firing && before.crossed_at === state.crossed_at;
    if (!isQuiet && !isSame) saved.push({ rule_id: rule.id, key, ...state, seen_at: now, fire_again_at: null });
  }
  await tx.saveAlertConditions(saved);
  await tx.deleteAlertConditions(rule.id, forgotten);
  await fireRule(group, rule, fired);
  await resolveRule(group, rule, ended);
}

/** Several things may be one incident: the one that is furthest off speaks for all. */
function worstOf(rule: Rule, { direction }: Thresholds, observations: readonly Observation[]): Map<string, Observation> {
  const worst = new Map<string, Observation>();
  for (const observation of observations) {
    const key = groupKeyOf(rule, observation.record);
    const known = worst.get(key);
    const isWorse = !known || (direction === 'above' ? observation.value > known.value : observation.value < known.value);
    if (isWorse) worst.set(key, observation);
  }
  return worst;
}
