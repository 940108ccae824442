import type { AlertMatch, AlertMetric, AlertRuleSpec, FieldError } from '@pipelogiq/protocol';
import { RATIOS } from './detect.js';
import { DETECTORS } from './observe.js';
import { matchOf } from './observe-metric.js';
import { DETECTED, SEVERITIES } from './record.js';
import { templateObjection } from './render.js';
import { wantedEvents } from './rule.js';

/** What is wrong with a rule that has the right shape. @param channels - ids of the channels that there are */
export function objectionsTo(spec: AlertRuleSpec, channels: ReadonlySet<string>): FieldError[] {
  const errors: FieldError[] = [];
  for (const [at, id] of spec.channels.entries()) {
    const path = `channels[${at}]`;
    if (!channels.has(id)) errors.push({ path, message: 'is no channel of this application' });
    else if (spec.channels.indexOf(id) < at) errors.push({ path, message: 'is there already: each message would come twice' });
  }
  for (const path of ['titleTemplate', 'bodyTemplate'] as const) {
    const template = spec[path];
    const objection = template === undefined ? undefined : templateObjection(template);
    if (objection !== undefined) errors.push({ path, message: objection });
  }
  const runbook = spec.runbookUrl === undefined ? undefined : runbookObjection(spec.runbookUrl);
  if (runbook !== undefined) errors.push({ path: 'runbookUrl', message: runbook });
  return [...errors, ...matchObjections(spec), ...conditionObjections(spec)];
}

/** It is shown to everybody who is told. */
function runbookObjection(text: string): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol)) return 'must begin with http:// or https://';
  return url.username + url.password === '' ? undefined : 'must not hold a user name or a password: all channels show it';
}

/** What is asked of events that are told as they happen; a field that an event does not have fits nothing. */
const OF_NEWS: readonly (keyof AlertMatch)[] = ['pipelines', 'handlers', 'keywords', 'environments', 'errorCodes'];

/** A condition that nothing could fit would never fire. */
function matchObjections(spec: AlertRuleSpec): FieldError[] {
  const { match = {}, condition } = spec;
  const events = wantedEvents(spec);
  if (events.length === 0)
    return [{ path: 'match.severities', message: `is that of none of its events, ${severitiesOf(spec)}: it would never fire` }];
  const asked = (Object.keys(match) as (keyof AlertMatch)[]).filter((field) => field !== 'severities' && match[field]?.length);
  return asked.flatMap((field) => {
    const deaf = events.find((event) => {
      const answers = event === 'threshold_crossed' ? matchOf(condition?.metric) : (DETECTORS.get(event)?.match ?? OF_NEWS);
      return !answers.includes(field);
    });
    if (deaf === undefined) return [];
    const what = deaf === 'threshold_crossed' ? `the metric ${condition?.metric}` : deaf;
    return [{ path: `match.${field}`, message: `is nothing that ${what} knows of: it would never fire` }];
  });
}

const severitiesOf = ({ events }: AlertRuleSpec): string =>
  `which are of ${[...new Set(events.map((event) => SEVERITIES[event]))].join(', ')}`;

/** A figure that never is so high or so low, or always. */
function figureObjection(metric: AlertMetric | undefined, value: number): string | undefined {
  if (value < 0) return 'must not be below 0';
  if (metric !== undefined && RATIOS.has(metric) && value > 1)
    return `must be from 0 to 1: ${metric} is a share, and 0.95 are 95 %`;
  return undefined;
}

/** A condition has figures of one kind: that of its one event. */
function conditionObjections({ events, condition }: AlertRuleSpec): FieldError[] {
  const detected = events.filter((event) => DETECTED.has(event));
  // As a rule without one is shown: what was read can be saved.
  if (condition === undefined || Object.keys(condition).length === 0) {
    return events.includes('threshold_crossed') ? [{ path: 'condition', message: 'is required by threshold_crossed' }] : [];
  }
  if (detected.length === 0)
    return [{ path: 'condition', message: `is of no use to ${events.join(', ')}: they are told as they happen` }];
  if (events.length > 1) return [{ path: 'condition', message: 'belongs to one event; make a rule for each' }];
  const { metric, direction = 'above', threshold, clearThreshold } = condition;
  const errors: FieldError[] = [];
  const isMetric = events[0] === 'threshold_crossed';
  if (isMetric && metric === undefined) errors.push({ path: 'condition.metric', message: 'is required by threshold_crossed' });
  if (isMetric && threshold === undefined)
    errors.push({ path: 'condition.threshold', message: 'is required by threshold_crossed' });
  if (!isMetric && metric !== undefined) errors.push({ path: 'condition.metric', message: 'is of threshold_crossed alone' });
  for (const [path, value] of Object.entries({ threshold, clearThreshold })) {
    const objection = value === undefined ? undefined : figureObjection(metric, value);
    if (objection !== undefined) errors.push({ path: `condition.${path}`, message: objection });
  }
  if (events[0] === 'p95_regression' && threshold !== undefined && threshold <= 1)
    errors.push({ path: 'condition.threshold', message: 'must be above 1: it is how many times as slow as before' });
  if (threshold !== undefined && clearThreshold !== undefined) {
    const isBehind = direction === 'above' ? clearThreshold > threshold : clearThreshold < threshold;
    if (isBehind)
      errors.push({
        path: 'condition.clearThreshold',
        message: `must not be ${direction} the threshold: it would be over while it goes on`,
      });
  }
  return errors;
}
