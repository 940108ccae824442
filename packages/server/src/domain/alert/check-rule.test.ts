import type { AlertMetric, AlertRuleSpec } from '@pipelogiq/protocol';
import { describe, expect, it } from 'vitest';
import { objectionsTo } from './check-rule.js';

const pathsOf = (spec: Partial<AlertRuleSpec>): string[] =>
  objectionsTo({ name: 'r', events: ['pipeline_failed'], channels: [], ...spec }, new Set()).map(({ path }) => path);

const metric = (name: AlertMetric) => ({ metric: name, threshold: 1 });

describe('a rule', () => {
  it('matches only what its conditions know of', () => {
    expect(pathsOf({ events: ['queue_backlog_high'], match: { handlers: ['h'] } })).toEqual([]);
    expect(pathsOf({ events: ['queue_backlog_high'], match: { pipelines: ['p'], handlers: ['h'] } })).toEqual([
      'match.pipelines',
    ]);
    expect(pathsOf({ events: ['worker_heartbeat_lost'], match: { environments: ['e'] } })).toEqual(['match.environments']);
    expect(pathsOf({ events: ['worker_heartbeat_lost'], match: { environments: [] } })).toEqual([]);
    expect(pathsOf({ events: ['pipeline_failed', 'pipeline_stuck'], match: { pipelines: ['p'] } })).toEqual([]);
    expect(pathsOf({ events: ['pipeline_failed', 'pipeline_stuck'], match: { errorCodes: ['c'] } })).toEqual([
      'match.errorCodes',
    ]);
    expect(pathsOf({ match: { errorCodes: ['c'], handlers: ['h'] } })).toEqual([]);
  });

  it('matches only what its figure is taken over', () => {
    const events = ['threshold_crossed' as const];
    expect(pathsOf({ events, condition: metric('failure_rate'), match: { pipelines: ['p'], handlers: ['h'] } })).toEqual([]);
    expect(pathsOf({ events, condition: metric('success_rate'), match: { pipelines: ['p'], handlers: ['h'] } })).toEqual([
      'match.handlers',
    ]);
    expect(pathsOf({ events, condition: metric('queue_depth'), match: { pipelines: ['p'] } })).toEqual(['match.pipelines']);
    expect(pathsOf({ events, condition: metric('workers_online'), match: { handlers: ['h'] } })).toEqual(['match.handlers']);
    const pools = { pools: ['gpu'] };
    for (const name of ['workers_online', 'worker_utilisation'] as const)
      expect(pathsOf({ events, condition: metric(name), match: pools })).toEqual([]);
    expect(pathsOf({ events, condition: metric('success_rate'), match: pools })).toEqual(['match.pools']);
    expect(pathsOf({ events: ['worker_started'], match: pools })).toEqual(['match.pools']);
  });

  it('matches a severity only when an event of it has it', () => {
    const events = ['pipeline_failed' as const, 'queue_backlog_high' as const];
    expect(pathsOf({ events, match: { severities: ['warning'] } })).toEqual([]);
    expect(pathsOf({ events, match: { severities: [] } })).toEqual([]);
    expect(pathsOf({ events, match: { severities: ['info', 'critical'] } })).toEqual(['match.severities']);
    expect(pathsOf({ events, severity: 'critical', match: { severities: ['critical'] } })).toEqual(['match.severities']);
    expect(pathsOf({ events, match: { severities: ['error'], errorCodes: ['c'] } })).toEqual([]); // the queue is left out
    expect(pathsOf({ events, match: { severities: ['error', 'warning'], errorCodes: ['c'] } })).toEqual(['match.errorCodes']);
  });

  // Seen to fail: it was taken, and fired always, or twice, or showed a password to all who are told.
  it('is refused with a figure that never is, a channel twice, and a runbook with a password', () => {
    const of = (name: AlertMetric, threshold: number) => ({
      events: ['threshold_crossed' as const],
      condition: { metric: name, threshold },
    });
    expect(pathsOf(of('success_rate', 95))).toEqual(['condition.threshold']);
    expect(pathsOf(of('success_rate', 0.95))).toEqual([]);
    expect(pathsOf(of('queue_depth', -1))).toEqual(['condition.threshold']);
    expect(pathsOf({ events: ['p95_regression'], condition: { threshold: 0.5 } })).toEqual(['condition.threshold']);
    expect(pathsOf({ events: ['p95_regression'], condition: { threshold: 1.25, clearThreshold: 1 } })).toEqual([]);
    expect(pathsOf({ runbookUrl: 'https://ada:secret@example.com/' })).toEqual(['runbookUrl']);
    expect(objectionsTo({ name: 'r', events: ['pipeline_failed'], channels: ['1', '2', '1'] }, new Set(['1', '2']))).toEqual([
      { path: 'channels[2]', message: expect.stringContaining('twice') },
    ]);
  });

  it('can be saved with the empty condition that it is shown with', () => {
    expect(pathsOf({ condition: {} })).toEqual([]);
    expect(pathsOf({ condition: { threshold: 1 } })).toEqual(['condition']);
  });
});
