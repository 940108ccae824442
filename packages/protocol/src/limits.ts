/** Defaults of stage options and worker options. Durations in milliseconds. */
export const DEFAULTS = {
  maxAttempts: 3,
  backoff: { type: 'exponential', delayMs: 1_000, maxDelayMs: 300_000, jitter: true },
  timeoutMs: 1_800_000,
  priority: 0,
  leaseMs: 60_000,
  heartbeatIntervalMs: 10_000,
  concurrency: 10,
  prefetch: 0,
  pool: 'default',
} as const;

/** Limits of the wire contract. Sizes in bytes of UTF-8, durations in milliseconds. All but the structural ones are configurable on the server. */
export const LIMITS = {
  stagesPerPipeline: 10_000,
  dependenciesPerPipeline: 100_000,
  pipelinesPerBatch: 1_000,
  jobsPerPull: 1_000,
  settlesPerCall: 1_000,
  spawnsPerAck: 1_000,
  measuresPerAck: 1_000,
  handlersPerWorker: 1_000,
  keywordsPerPipeline: 50,
  nameLength: 200,
  keyLength: 200,
  /** Of a value that pipelines are filtered by, and how many of them one filter has. */
  contextValueLength: 1_000,
  contextPerFilter: 5,
  unitLength: 50,
  linkLength: 2_000,
  /** Of a measured value, on both sides of zero. */
  measure: 1e15,
  idempotencyKeyLength: 255,
  valueBytes: 256 * 1024,
  jobPayloadBytes: 256 * 1024,
  bodyBytes: 1024 * 1024,
  batchBodyBytes: 2 * 1024 * 1024,
  pullBytes: 2 * 1024 * 1024,
  jsonDepth: 100,
  waitMs: 30_000,
  pageSize: 200,
  priority: { min: -100, max: 100 },
  maxAttempts: 1_000,
  durationMs: 366 * 24 * 3_600_000,
  expiriesInARow: 3,
  tokensPerEvent: 10,
  secretsPerHook: 4,
} as const;
