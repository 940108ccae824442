import { describe, expect, it } from 'vitest';
import { courseOf } from './series.js';

const MINUTE = 60_000;
const BEGIN = Date.parse('2030-01-01T00:00:00Z');
const at = (minutes: number) => new Date(BEGIN + minutes * MINUTE).toISOString();
const point = (minutes: number, completedStages: number, failedStages = 0) => ({
  at: at(minutes),
  completedStages,
  failedStages,
  completedPipelines: 0,
  failedPipelines: 0,
});

describe('the course of a range', () => {
  it('has a zero where nothing ended', () => {
    const course = courseOf({ from: at(0), to: at(4), resolutionMs: MINUTE, points: [point(1, 5), point(3, 2, 1)] });
    expect(course.times).toEqual([0, 1, 2, 3].map((minutes) => BEGIN + minutes * MINUTE));
    expect(course.completed).toEqual([0, 5, 0, 2]);
    expect(course.failed).toEqual([0, 0, 0, 1]);
  });

  it('puts periods together until they can be told apart, and loses none', () => {
    const points = Array.from({ length: 1_440 }, (_, minutes) => point(minutes, 1));
    const course = courseOf({ from: at(0), to: at(1_440), resolutionMs: MINUTE, points });
    expect(course.periodMs).toBe(15 * MINUTE);
    expect(course.completed).toEqual(new Array(96).fill(15));
  });

  it('leaves out what lies outside', () => {
    const course = courseOf({ from: at(10), to: at(12), resolutionMs: MINUTE, points: [point(9, 7), point(12, 7)] });
    expect(course.completed).toEqual([0, 0]);
  });
});
