import { ALERT_EVENTS, ALERT_METRICS } from '@pipelogiq/protocol';
import { expect, it } from 'vitest';
import { eventWord, metricUnit, metricWord } from './words.js';

it('says every event in words of its own', () => {
  const words = ALERT_EVENTS.map(eventWord);
  expect(new Set(words).size).toBe(ALERT_EVENTS.length);
  expect(words.filter((word) => !/^[A-Z][a-z ]+$/.test(word))).toEqual([]);
});

it('says every figure in words, with the unit of its threshold', () => {
  expect(ALERT_METRICS.map(metricWord).filter((word) => word.includes('_'))).toEqual([]);
  expect(metricWord('run_time_p95_ms')).toBe('Run time p95 (ms)');
  expect(metricUnit('queue_wait_p99_ms')).toBe('In milliseconds.');
  expect(metricUnit('success_rate')).toContain('0.95 is 95%');
  expect(metricUnit('queue_depth')).toBe('In the unit of the figure.');
});
