import { DAY, MIB, MINUTE, type Option } from '../option-kinds.js';

/** What counts as ill, and how often it is looked for. */
export const HEALTH_OPTIONS = {
  healthEveryMs: {
    type: 'duration',
    default: 5_000,
    min: 100,
    max: 10 * MINUTE,
    description: 'how often the server looks at its own health and logs what has changed',
  },
  notReadyAfterMs: {
    type: 'duration',
    default: 5_000,
    min: 0,
    max: 10 * MINUTE,
    description: 'how long the database may be away before `/health/ready` answers 503',
  },
  slowReadMs: {
    type: 'duration',
    default: 1_000,
    min: 1,
    max: MINUTE,
    description: 'from here on a small read counts as slow, and a part of the server that does not answer as ill',
  },
  stuckAfterMs: {
    type: 'duration',
    default: 4_000,
    min: 100,
    max: 10 * MINUTE,
    description: 'how long a commit, or one run of a background loop, may take before it counts as stuck',
  },
  missingWorkersMs: {
    type: 'duration',
    default: 3_000,
    min: 0,
    max: DAY,
    description: 'how long work may wait for a handler that no live worker has before health says so',
  },
  silentWorkersMs: {
    type: 'duration',
    default: 10 * MINUTE,
    min: 0,
    max: DAY,
    description: 'how long a worker that fell silent counts as stale in health, before it is forgotten',
  },
  minFreeDiskBytes: {
    type: 'size',
    default: 256 * MIB,
    min: 0,
    max: 1024 * 1024 * MIB,
    description: 'free space on the disk of a SQLite file below which health says so',
  },
  maxWalBytes: {
    type: 'size',
    default: 512 * MIB,
    min: MIB,
    max: 1024 * 1024 * MIB,
    description: 'size of the log of a SQLite file above which health says so',
  },
  quickCheckEveryMs: {
    type: 'duration',
    default: DAY,
    min: MINUTE,
    max: 366 * DAY,
    description: 'how often all pages of a SQLite file are checked; also at the start, and when a read meets damage',
  },
} as const satisfies Record<string, Option>;
