export const KIB = 1024;
export const MIB = 1024 * KIB;
export const MINUTE = 60_000;
export const DAY = 24 * 60 * MINUTE;

interface Described {
  description: string;
}
export interface IntOption extends Described {
  type: 'int' | 'number' | 'size' | 'duration';
  default: number;
  min: number;
  max: number;
}
export interface StringOption extends Described {
  type: 'string';
  default?: string;
  minLength?: number;
  /** Never printed, and only taken from the environment: flags can be read by every user of the machine. */
  secret?: true;
}
export interface EnumOption extends Described {
  type: 'enum';
  default: string;
  values: readonly string[];
}
export interface BoolOption extends Described {
  type: 'bool';
  default: boolean;
}
export type Option = IntOption | StringOption | EnumOption | BoolOption;

/**
 * Every option of the server, once. `leaseMs` is the flag `--lease-ms` and the variable `PIPELOGIQ_LEASE_MS`.
 * Durations are milliseconds, or a number with `ms`, `s`, `m`, `h` or `d`; sizes are bytes, or a number with `KiB` or `MiB`.
 */
export const OPTIONS = {
  host: { type: 'string', default: '127.0.0.1', minLength: 1, description: 'address to listen on' },
  port: { type: 'int', default: 8080, min: 0, max: 65_535, description: 'port to listen on; 0 takes a free one' },
  database: {
    type: 'string',
    default: './pipelogiq.db',
    minLength: 1,
    description: 'SQLite file, `:memory:`, or `postgres://user:password@host:5432/database`',
  },
  bootstrapApiKey: { type: 'string', minLength: 32, secret: true, description: 'admin API key made at the first start' },
  secretKey: {
    type: 'string',
    minLength: 32,
    secret: true,
    description: 'encrypts stored secrets; without it, a file beside a SQLite database does',
  },
  synchronous: {
    type: 'enum',
    default: 'full',
    values: ['full', 'normal'],
    description: 'full: a commit survives power loss; normal: it survives a crash of the process only',
  },
  logLevel: {
    type: 'enum',
    default: 'info',
    values: ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'],
    description: 'least severe level that is logged',
  },
  metrics: { type: 'bool', default: true, description: 'whether metrics are counted and shown by `GET /metrics`' },
  metricsFormat: {
    type: 'enum',
    default: 'text',
    values: ['text', 'openmetrics'],
    description: 'text of Prometheus, or OpenMetrics with exemplars that lead to traces',
  },
  metricsToken: {
    type: 'string',
    minLength: 16,
    secret: true,
    description: 'lets a scraper in as `Authorization: Bearer …`, beside API keys',
  },
  metricsMaxHandlers: {
    type: 'int',
    default: 1_000,
    min: 1,
    max: 100_000,
    description: 'pairs of application and handler that metrics tell apart; further handlers are counted as `other`',
  },
  leaseMs: {
    type: 'duration',
    default: MINUTE,
    min: 100,
    max: DAY,
    description: 'how long a worker holds a stage without a heartbeat',
  },
  heartbeatIntervalMs: {
    type: 'duration',
    default: 10_000,
    min: 20,
    max: DAY / 2,
    description: 'how often workers beat; a third of the lease when that is shorter',
  },
  aliveGapMs: {
    type: 'duration',
    default: 5_000,
    min: 100,
    max: DAY,
    description: 'outage of the server after which leases start afresh',
  },
  expireEveryMs: {
    type: 'duration',
    default: 1_000,
    min: 10,
    max: MINUTE,
    description: 'how often ended leases and timeouts are looked for',
  },
  shutdownTimeoutMs: {
    type: 'duration',
    default: 10_000,
    min: 0,
    max: 10 * MINUTE,
    description: 'longest wait for open work at SIGTERM',
  },
  maxWaitMs: { type: 'duration', default: 30_000, min: 0, max: 30_000, description: 'longest long-poll' },
  groupMaxRows: { type: 'int', default: 1_000, min: 1, max: 100_000, description: 'rows in one commit' },
  groupMaxBytes: { type: 'size', default: 2 * MIB, min: 64 * KIB, max: 64 * MIB, description: 'bytes in one commit' },
  queueMaxBytes: {
    type: 'size',
    default: 64 * MIB,
    min: MIB,
    max: 1024 * MIB,
    description: 'bytes waiting for a commit before 503',
  },
  maxValueBytes: { type: 'size', default: 256 * KIB, min: KIB, max: 16 * MIB, description: 'one input, output or context value' },
  maxBodyBytes: { type: 'size', default: MIB, min: 16 * KIB, max: 64 * MIB, description: 'one request body' },
  maxBatchBodyBytes: { type: 'size', default: 2 * MIB, min: 16 * KIB, max: 64 * MIB, description: 'one batch or settle body' },
  maxPullBytes: {
    type: 'size',
    default: 2 * MIB,
    min: 16 * KIB,
    max: 64 * MIB,
    description: 'bytes after which a pull stops filling',
  },
  maxJsonDepth: { type: 'int', default: 100, min: 4, max: 1_000, description: 'nesting of JSON in a body' },
  retentionDays: {
    type: 'number',
    default: 30,
    min: 0,
    max: 36_500,
    description: 'days that finished pipelines are kept; 0 keeps them for ever',
  },
  pruneEveryMs: {
    type: 'duration',
    default: MINUTE,
    min: 100,
    max: DAY,
    description: 'how often pipelines past their retention are looked for',
  },
  prunePauseMs: {
    type: 'duration',
    default: 10,
    min: 0,
    max: MINUTE,
    description: 'rest between two chunks of pruning',
  },
  pruneChunkRows: { type: 'int', default: 100, min: 1, max: 100_000, description: 'rows deleted in one chunk of pruning' },
  pruneChunkBytes: {
    type: 'size',
    default: MIB,
    min: KIB,
    max: 64 * MIB,
    description: 'payload deleted in one chunk of pruning, about',
  },
  hookToleranceMs: {
    type: 'duration',
    default: 5 * MINUTE,
    min: 1_000,
    max: DAY,
    description: 'how far the timestamp of a signed delivery may be from now',
  },
  triggerRetentionMs: {
    type: 'duration',
    default: 30 * DAY,
    min: MINUTE,
    max: 366 * DAY,
    description: 'how long firings, and deliveries by their ids, are remembered',
  },
  logsPerStage: { type: 'int', default: 1_000, min: 0, max: 1_000_000, description: 'log lines kept of one stage in one run' },
  events: { type: 'bool', default: true, description: 'whether what happens is written down and told by `GET /events`' },
  eventRetentionMs: {
    type: 'duration',
    default: 60 * MINUTE,
    min: 1_000,
    max: 30 * DAY,
    description: 'how long events are kept for streams that resume',
  },
  eventMaxBytes: {
    type: 'size',
    default: 256 * MIB,
    min: MIB,
    max: 64 * 1024 * MIB,
    description: 'size of the newest events that are kept; a commit counts 1 KiB or more',
  },
  eventHeartbeatMs: {
    type: 'duration',
    default: 15_000,
    min: 1_000,
    max: 30_000,
    description: 'how often a stream of events shows that it lives',
  },
  maxEventStreams: { type: 'int', default: 100, min: 0, max: 100_000, description: 'streams of events open at once' },
  eventBufferBytes: {
    type: 'size',
    default: MIB,
    min: KIB,
    max: 1024 * MIB,
    description: 'what may wait for the reader of a stream before it is cut off',
  },
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
  insightFoldEveryMs: {
    type: 'duration',
    default: 5_000,
    min: 100,
    max: MINUTE,
    description: 'how often what was counted is folded into pages',
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
  outboundAllow: {
    type: 'string',
    minLength: 1,
    description: 'networks that the server may call beside the public internet, as `10.1.0.0/16,127.0.0.1`',
  },
  outboundTimeoutMs: {
    type: 'duration',
    default: 10_000,
    min: 100,
    max: 2 * MINUTE,
    description: 'longest wait for an answer of an integration',
  },
  outboundMaxBytes: {
    type: 'size',
    default: 64 * KIB,
    min: KIB,
    max: 16 * MIB,
    description: 'what is read of an answer of an integration',
  },
  integrationMaxAgeMs: {
    type: 'duration',
    default: DAY,
    min: MINUTE,
    max: 30 * DAY,
    description: 'after which what an integration could not be told is dropped',
  },
  integrationMaxQueued: {
    type: 'int',
    default: 10_000,
    min: 100,
    max: 10_000_000,
    description: 'deliveries that wait for one integration before the oldest are dropped',
  },
} as const satisfies Record<string, Option>;
