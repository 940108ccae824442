import type { AlertEvent } from '@pipelogiq/protocol';
import { humanize } from '../../lib/format.js';

/** Where the name of the protocol, read aloud, would not say it. */
const EVENTS: Partial<Record<AlertEvent, string>> = {
  dead_letter: 'Stage failed for good',
  stage_rerun_manual: 'Stage rerun by hand',
  stage_skipped_manual: 'Stage skipped by hand',
  pipeline_stuck: 'Pipeline late',
  worker_heartbeat_lost: 'Worker silent',
  worker_registration_failing: 'Worker cannot register',
  queue_backlog_high: 'Queue piles up',
  retry_storm: 'Many retries',
  integration_check_failing: 'Integration fails',
  p95_regression: 'Slower than before',
};

/** What the event is, in words. */
export const eventWord = (event: string): string => EVENTS[event as AlertEvent] ?? humanize(event);

/** Why nobody is told of an incident. */
export const MUTED = { silenced: 'silenced', inhibited: 'another incident tells of it' } as const;

/** `run_time_p95_ms` → Run time p95 (ms). */
export const metricWord = (metric: string): string => humanize(metric).replace(/ ms$/, ' (ms)');

/** What a threshold of the figure is given in. */
export function metricUnit(metric: string): string {
  if (metric.endsWith('_ms')) return 'In milliseconds.';
  if (metric.endsWith('_rate') || metric.endsWith('_utilisation')) return 'As a part of one: 0.95 is 95%.';
  return 'In the unit of the figure.';
}
