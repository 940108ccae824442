import type { AlertRuleSpec } from '@pipelogiq/protocol';

const MINUTE = 60_000;

/** What nearly everybody wants to hear of, without being told twice. */
export const recommendedRules = (channels: string[]): AlertRuleSpec[] => [
  { name: 'Pipelines that fail', events: ['pipeline_failed'], channels, groupBy: ['pipeline'] },
  { name: 'Stages that nobody will run again', events: ['dead_letter'], channels, groupBy: ['pipeline', 'stage'] },
  { name: 'Pipelines that are late', events: ['pipeline_stuck'], channels, groupBy: ['pipeline'] },
  { name: 'Silent workers', events: ['worker_heartbeat_lost'], channels, groupBy: ['worker'], severity: 'error' },
  {
    name: 'Workers that fail',
    events: ['worker_failed'],
    channels,
    groupBy: ['worker'],
    repeatIntervalMs: 0, // nothing says that it is over: neither is it told again, nor its end
    notifyResolved: false,
  },
  { name: 'Workers that cannot register', events: ['worker_registration_failing'], channels, severity: 'error' },
  {
    name: 'Work that piles up',
    events: ['queue_backlog_high'],
    channels,
    groupBy: ['handler'],
    condition: { threshold: 1_000, forMs: 5 * MINUTE },
  },
  {
    name: 'Retry storms',
    events: ['retry_storm'],
    channels,
    groupBy: ['handler'],
    condition: { threshold: 100, windowMs: 5 * MINUTE },
  },
  {
    name: 'Success below 95 %',
    events: ['threshold_crossed'],
    channels,
    severity: 'error',
    condition: {
      metric: 'success_rate',
      direction: 'below',
      threshold: 0.95,
      clearThreshold: 0.97,
      forMs: 5 * MINUTE,
      windowMs: 60 * MINUTE,
    },
  },
  { name: 'Slower than before', events: ['p95_regression'], channels, groupBy: ['handler'] },
  { name: 'Integrations that fail', events: ['integration_check_failing'], channels },
];
