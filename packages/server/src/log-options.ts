import { DAY, MINUTE, type Option } from './option-kinds.js';

/** What the server writes down of itself, and for how long. */
export const LOG_OPTIONS = {
  logFile: {
    type: 'string',
    minLength: 1,
    description: 'log lines also to this file, one for each day: `logs/server.json` is written as `logs/server-2026-01-31.json`',
  },
  logFileDays: { type: 'int', default: 14, min: 1, max: 3_660, description: 'days that log files are kept' },
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
    description: 'how long entries of the audit trail are kept',
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
    description: 'how long log lines of stages are kept; never longer than their pipeline',
  },
  logDebugRetentionMs: {
    type: 'duration',
    default: DAY,
    min: MINUTE,
    max: 3_660 * DAY,
    description: 'the same for `debug` and `trace`',
  },
  logErrorRetentionMs: {
    type: 'duration',
    default: 90 * DAY,
    min: MINUTE,
    max: 3_660 * DAY,
    description: 'the same for `error` and `fatal`',
  },
  maxProfileMs: {
    type: 'duration',
    default: MINUTE,
    min: 1_000,
    max: 10 * MINUTE,
    description: 'longest CPU or heap profile that may be asked for',
  },
} as const satisfies Record<string, Option>;
