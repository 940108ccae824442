import {
  type AlertEvent,
  type AlertGrouping,
  type AlertMetric,
  type AlertRule,
  type AlertRuleSpec,
  type AlertSeverity,
  DETECTED_ALERT_EVENTS,
} from '@pipelogiq/protocol';
import { durationMs, durationText } from './durations.js';

const DETECTED: readonly AlertEvent[] = DETECTED_ALERT_EVENTS;
export const MATCHES = ['pipelines', 'handlers', 'errorCodes', 'keywords', 'environments', 'pools'] as const;
const CONDITION_TIMES = ['forMs', 'windowMs'] as const;
const CONDITION_NUMBERS = ['threshold', 'clearThreshold', 'minSamples'] as const;
const TIMES = ['groupWaitMs', 'groupIntervalMs', 'repeatIntervalMs', 'resolveAfterMs'] as const;
const TEXTS = ['runbookUrl', 'titleTemplate', 'bodyTemplate'] as const;

type Typed = (typeof MATCHES | typeof CONDITION_TIMES | typeof CONDITION_NUMBERS | typeof TIMES | typeof TEXTS)[number];

/** As they are typed: lists with commas, durations as 5m. */
export interface RuleValues extends Record<Typed, string> {
  name: string;
  enabled: boolean;
  events: AlertEvent[];
  metric: AlertMetric | '';
  direction: 'above' | 'below';
  severity: AlertSeverity | '';
  /** Of events; none: all. */
  severities: AlertSeverity[];
  groupBy: AlertGrouping[];
  notifyResolved: boolean;
  channels: string[];
}

export const NEW_RULE: RuleValues = {
  name: '',
  enabled: true,
  events: ['pipeline_failed'],
  metric: '',
  direction: 'above',
  severity: '',
  severities: [],
  groupBy: ['event', 'pipeline', 'handler'],
  notifyResolved: true,
  channels: [],
  pipelines: '',
  handlers: '',
  errorCodes: '',
  keywords: '',
  environments: '',
  pools: '',
  forMs: '',
  windowMs: '',
  threshold: '',
  clearThreshold: '',
  minSamples: '',
  groupWaitMs: '10s',
  groupIntervalMs: '5m',
  repeatIntervalMs: '4h',
  resolveAfterMs: '1d',
  runbookUrl: '',
  titleTemplate: '',
  bodyTemplate: '',
};

const textOf = (value: number | undefined) => (value === undefined ? '' : String(value));
const mapped = <Name extends string>(names: readonly Name[], read: (name: Name) => string) =>
  Object.fromEntries(names.map((name) => [name, read(name)])) as Record<Name, string>;

export function valuesOf(rule: AlertRule): RuleValues {
  const { name, enabled, events, match, condition, severity = '', groupBy, notifyResolved, channels } = rule;
  const { metric = '', direction = 'above' } = condition;
  return {
    ...{ name, enabled, events, severity, groupBy, notifyResolved, channels, metric, direction },
    severities: match.severities ?? [],
    ...mapped(MATCHES, (each) => (match[each] ?? []).join(', ')),
    ...mapped(CONDITION_TIMES, (each) => (condition[each] === undefined ? '' : durationText(condition[each]))),
    ...mapped(CONDITION_NUMBERS, (each) => textOf(condition[each])),
    ...mapped(TIMES, (each) => durationText(rule[each])),
    ...mapped(TEXTS, (each) => rule[each] ?? ''),
  };
}

/** Whether a condition can be said: it belongs to one event. */
export const takesCondition = ({ events }: Pick<RuleValues, 'events'>): boolean =>
  events.length === 1 && events.some((event) => DETECTED.includes(event));

const listOf = (text: string) =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');

/** What is typed, as it is sent; and what no server needs to see to refuse, by the path that the server would name. */
export function specOf(values: RuleValues): { spec: AlertRuleSpec; problems: { [path: string]: string } } {
  const problems: { [path: string]: string } = {};
  const time = (path: string, text: string) => {
    const ms = durationMs(text);
    if (ms === undefined) problems[path] = 'must be a duration, as 30s, 5m or 4h';
    return typeof ms === 'number' ? ms : undefined;
  };
  const number = (path: string, text: string) => {
    if (text.trim() === '') return undefined;
    if (!Number.isFinite(Number(text))) problems[path] = 'must be a number';
    return Number(text);
  };
  const some = <Value>(names: readonly string[], read: (name: never) => Value | undefined) =>
    Object.fromEntries(names.map((each) => [each, read(each as never)] as const).filter(([, value]) => value !== undefined));
  const lists = some(MATCHES, (each: (typeof MATCHES)[number]) => {
    const list = listOf(values[each]);
    return list.length > 0 ? list : undefined;
  });
  const { name, enabled, events, channels, groupBy, notifyResolved, severity, severities } = values;
  const spec: AlertRuleSpec = {
    ...{ name, enabled, events, channels, groupBy, notifyResolved },
    match: { ...lists, ...(severities.length > 0 && { severities }) },
    ...(severity !== '' && { severity }),
    ...(takesCondition(values) && { condition: conditionOf(values, time, number) }),
    ...some(TIMES, (each: (typeof TIMES)[number]) => time(each, values[each])),
    ...some(TEXTS, (each: (typeof TEXTS)[number]) => values[each].trim() || undefined),
  };
  return { spec, problems };
}

type Read = (path: string, text: string) => number | undefined;

function conditionOf(values: RuleValues, time: Read, number: Read): NonNullable<AlertRuleSpec['condition']> {
  const isMetric = values.events[0] === 'threshold_crossed';
  const read = [
    ...CONDITION_TIMES.map((each) => [each, time(`condition.${each}`, values[each])] as const),
    ...CONDITION_NUMBERS.map((each) => [each, number(`condition.${each}`, values[each])] as const),
  ];
  return {
    ...Object.fromEntries(read.filter(([, value]) => value !== undefined)),
    ...(isMetric && values.metric !== '' && { metric: values.metric }),
    ...(isMetric && { direction: values.direction }),
  };
}
