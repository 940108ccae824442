import { MINUTE, type Option } from './option-kinds.js';

/** What the server writes down of itself, and for how long. */
export const LOG_OPTIONS = {
  logFile: {
    type: 'string',
    minLength: 1,
    description: 'log lines also to this file, one for each day: `logs/server.json` is written as `logs/server-2026-01-31.json`',
  },
  logFileDays: { type: 'int', default: 14, min: 1, max: 3_660, description: 'days that log files are kept' },
  maxProfileMs: {
    type: 'duration',
    default: MINUTE,
    min: 1_000,
    max: 10 * MINUTE,
    description: 'longest CPU or heap profile that may be asked for',
  },
} as const satisfies Record<string, Option>;
