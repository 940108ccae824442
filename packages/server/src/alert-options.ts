import { DAY, MINUTE, type Option } from './option-kinds.js';

/** How alerts are kept and delivered. */
export const ALERT_OPTIONS = {
  publicUrl: {
    type: 'string',
    minLength: 1,
    description:
      'under which people reach the server, as `https://pipelogiq.example.com`; messages of alerts link to the dashboard there',
  },
  alertGiveUpMs: {
    type: 'duration',
    default: DAY,
    min: MINUTE,
    max: 30 * DAY,
    description: 'after which a message that no channel took is given up',
  },
  alertConcurrency: {
    type: 'int',
    default: 8,
    min: 1,
    max: 100,
    description: 'messages that are under way to one channel at a time',
  },
  alertGatherMs: {
    type: 'duration',
    default: 40,
    min: 0,
    max: MINUTE,
    description:
      'how long what happened is gathered before alerts are made of it: all that came meanwhile shares its commits; what was sent is noted within a fifth of it',
  },
  alertMaxQueued: {
    type: 'int',
    default: 10_000,
    min: 1,
    max: 1_000_000,
    description: 'messages that wait for one channel before more of them are counted and not kept',
  },
  alertDetectEveryMs: {
    type: 'duration',
    default: 10_000,
    min: 100,
    max: 60 * MINUTE,
    description: 'how often conditions of alert rules are looked at',
  },
  alertMaxChannels: { type: 'int', default: 100, min: 1, max: 10_000, description: 'alert channels of one application' },
  alertMaxRules: { type: 'int', default: 200, min: 1, max: 10_000, description: 'alert rules of one application' },
  alertMaxIncidents: {
    type: 'int',
    default: 10_000,
    min: 1,
    max: 1_000_000,
    description:
      'incidents of one application that are not over before what begins is gathered: one incident of each rule and event then tells of all of it',
  },
  alertMaxSilences: {
    type: 'int',
    default: 500,
    min: 1,
    max: 10_000,
    description: 'silences of one application that are not over',
  },
  alertMaxSilenceMs: { type: 'duration', default: 366 * DAY, min: MINUTE, max: 3_660 * DAY, description: 'longest silence' },
} as const satisfies Record<string, Option>;
