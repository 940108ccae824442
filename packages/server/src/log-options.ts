import { DAY, MINUTE, type Option } from './option-kinds.js';

/** What the server writes down of itself, and for how long. */
export const LOG_OPTIONS = {
  logFile: {
    type: 'string',
    minLength: 1,
    description:
      'log lines also to files, one for each category and day: `logs/server.json` is written as `logs/server-job-2026-01-31.json` and so on',
  },
  logFileDays: {
    type: 'int',
    default: 14,
    min: 1,
    max: 3_660,
    description: 'days that files of the categories `scheduler` and `runner` are kept',
  },
  logJobs: {
    type: 'bool',
    default: false,
    description: 'a line for each job that is assigned, started, completed or failed at `info`; without it at `debug`',
  },
  auditFile: {
    type: 'string',
    minLength: 1,
    description: 'entries of the audit trail also to this file, one for each day, kept for `auditRetentionMs`',
  },
  auditRetentionMs: {
    type: 'duration',
    default: 365 * DAY,
    min: DAY,
    max: 3_660 * DAY,
    description: 'how long entries of the audit trail are kept, and log files of the category `security`',
  },
  auditRefusalsEveryMs: {
    type: 'duration',
    default: MINUTE,
    min: 1_000,
    max: 60 * MINUTE,
    description: 'how often refused keys and sessions are written to the audit trail, counted by who was refused',
  },
  logRetentionMs: {
    type: 'duration',
    default: 30 * DAY,
    min: MINUTE,
    max: 3_660 * DAY,
    description: 'how long log lines of stages are kept, never longer than their pipeline, and log files of the category `job`',
  },
  logDebugRetentionMs: {
    type: 'duration',
    default: DAY,
    min: MINUTE,
    max: 3_660 * DAY,
    description: 'the same for lines of `debug` and `trace`, and the category `debug`',
  },
  logErrorRetentionMs: {
    type: 'duration',
    default: 90 * DAY,
    min: MINUTE,
    max: 3_660 * DAY,
    description: 'the same for lines of `error` and `fatal`, and the category `errors`',
  },
  maxProfileMs: {
    type: 'duration',
    default: MINUTE,
    min: 1_000,
    max: 10 * MINUTE,
    description: 'longest CPU or heap profile that may be asked for',
  },
} as const satisfies Record<string, Option>;
