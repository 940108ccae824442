import { DAY, MIB, MINUTE, type Option } from './option-kinds.js';

/** What is counted for insights, and how long it is kept. */
export const INSIGHT_OPTIONS = {
  insights: { type: 'bool', default: true, description: 'whether run times, waits and failures are counted for insights' },
  insightMaxSeries: {
    type: 'int',
    default: 2_000,
    min: 10,
    max: 100_000,
    description: 'pipelines and stages of one application that are told apart; further ones are counted as `(other)`',
  },
  insightMaxMeasures: {
    type: 'int',
    default: 500,
    min: 10,
    max: 100_000,
    description:
      'measures of one application that are told apart, by name, unit, pipeline and handler; further ones are counted as `(other)`',
  },
  insightMaxErrorGroups: {
    type: 'int',
    default: 1_000,
    min: 10,
    max: 100_000,
    description: 'groups of failures that are alike, of one application; the one seen least recently makes room for another',
  },
  insightFoldEveryMs: {
    type: 'duration',
    default: 5_000,
    min: 100,
    max: MINUTE,
    description: 'how often what was counted is folded into pages',
  },
  insightCacheBytes: {
    type: 'size',
    default: 64 * MIB,
    min: 0,
    max: 4 * 1024 * MIB,
    description: 'memory for sums of periods that are over, about; without any an answer reads all its pages',
  },
  insightMinutesMs: {
    type: 'duration',
    default: 2 * DAY,
    min: 60 * MINUTE,
    max: 30 * DAY,
    description: 'how long figures of each minute are kept',
  },
  insightHoursMs: {
    type: 'duration',
    default: 40 * DAY,
    min: DAY,
    max: 366 * DAY,
    description: 'how long figures of each hour are kept',
  },
  insightDaysMs: {
    type: 'duration',
    default: 400 * DAY,
    min: DAY,
    max: 3_660 * DAY,
    description: 'how long figures of each day, groups of errors and marks are kept',
  },
} as const satisfies Record<string, Option>;
