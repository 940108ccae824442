import type { AlertRuleSpec } from '@pipelogiq/protocol';
import { describe, expect, it } from 'vitest';
import type { AlertRuleRow } from '../../store/store.js';
import { wantedEvents } from './rule.js';
import { endedEvents } from './rule-ends.js';

const BEFORE: AlertRuleSpec = {
  name: 'r',
  events: ['pipeline_failed', 'pipeline_stuck', 'p95_regression'],
  channels: [],
  match: { severities: ['error', 'warning'] },
};

const ended = (more: Partial<AlertRuleSpec>, before: AlertRuleSpec = BEFORE) =>
  endedEvents({ enabled: 1, events: JSON.stringify(wantedEvents(before)), spec: JSON.stringify(before) } as AlertRuleRow, {
    ...before,
    ...more,
  });

describe('a rule that is changed', () => {
  it('gives up events that it does not name, or whose severity it does not match any more', () => {
    expect(ended({})).toEqual([]);
    expect(ended({ events: ['pipeline_stuck'] })).toEqual(['pipeline_failed', 'p95_regression']);
    expect(ended({ match: { severities: ['error'] } })).toEqual(['pipeline_stuck', 'p95_regression']);
    expect(ended({ match: {} }, { ...BEFORE, match: { severities: ['error'] } })).toEqual([]);
  });

  it('takes figures of the same when it matches other severities, and of something else when it matches other names', () => {
    expect(ended({ match: { severities: ['warning'] } })).toEqual(['pipeline_failed']);
    expect(ended({ match: { pipelines: ['order'], severities: ['error', 'warning'] } })).toEqual(['p95_regression']);
  });
});
