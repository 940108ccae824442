/** Paths of the wire contract, without any mount prefix. `{…}` marks a parameter. */
export const ROUTES = {
  pipelines: '/pipelines',
  pipelinesBatch: '/pipelines/batch',
  pipeline: '/pipelines/{id}',
  pipelineStages: '/pipelines/{id}/stages',
  pipelineContext: '/pipelines/{id}/context',
  pipelineAttempts: '/pipelines/{id}/attempts',
  pipelineLogs: '/pipelines/{id}/logs',
  pipelineTrace: '/pipelines/{id}/trace',
  pipelineWait: '/pipelines/{id}/wait',
  pipelineCancel: '/pipelines/{id}/cancel',
  pipelinePause: '/pipelines/{id}/pause',
  pipelineResume: '/pipelines/{id}/resume',
  pipelineRerun: '/pipelines/{id}/rerun',
  pipelinesActions: '/pipelines/actions',
  pipelinesAction: '/pipelines/actions/{id}',
  stageRerun: '/stages/{id}/rerun',
  stageSkip: '/stages/{id}/skip',
  auditEvents: '/audit-events',
  stageDiagnosis: '/stages/{id}/diagnosis',
  workersBootstrap: '/workers/bootstrap',
  workersHeartbeat: '/workers/heartbeat',
  workersShutdown: '/workers/shutdown',
  workers: '/workers',
  worker: '/workers/{id}',
  workerDrain: '/workers/{id}/drain',
  jobsPull: '/jobs/pull',
  jobsAck: '/jobs/ack',
  jobsNack: '/jobs/nack',
  jobsRelease: '/jobs/release',
  jobsProgress: '/jobs/progress',
  jobPayload: '/jobs/{id}/payload',
  jobEventToken: '/jobs/{id}/event-token',
  stageToken: '/stages/{id}/token',
  stageComplete: '/stages/{id}/complete',
  logs: '/logs',
  applications: '/applications',
  apiKeys: '/api-keys',
  apiKey: '/api-keys/{id}',
} as const;

export const HEADERS = {
  protocol: 'pipelogiq-protocol',
  workerSession: 'x-worker-session',
  requestId: 'x-request-id',
  idempotencyKey: 'idempotency-key',
  apiKey: 'x-api-key',
  stageToken: 'x-stage-token',
} as const;

/** `Pipelogiq-Protocol: MAJOR.MINOR`. A server understands every minor of its major up to its own. */
export const PROTOCOL = { major: 1, minor: 0 } as const;
export const PROTOCOL_VERSION = `${PROTOCOL.major}.${PROTOCOL.minor}`;
