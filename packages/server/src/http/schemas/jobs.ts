import { z } from '@hono/zod-openapi';
import { LIMITS, type StageSpec } from '@pipelogiq/protocol';
import { count, durationMs, freeText, id, json, name, optional, TEXT, time } from './common.js';
import { logLevel } from './pipelines.js';

const LOG_LINES_PER_CALL = 10_000;

const jobRef = { id, fencingToken: z.int().min(0) };
const contextWrites = z
  .array(z.strictObject({ key: name(LIMITS.keyLength), value: json, sensitive: optional(z.boolean()) }).openapi('ContextWrite'))
  .max(LIMITS.settlesPerCall);

const measures = z
  .array(
    z
      .strictObject({
        name: name(),
        value: z.number().min(-LIMITS.measure).max(LIMITS.measure),
        unit: optional(name(LIMITS.unitLength)),
      })
      .openapi('Measure', { example: { name: 'amount', value: 12.5, unit: 'eur' } }),
  )
  .max(LIMITS.measuresPerAck);

export const stageError = z
  .strictObject({
    code: freeText(LIMITS.nameLength).min(1),
    message: freeText(TEXT.message),
    stack: optional(freeText(TEXT.stack)),
  })
  .openapi('StageError', { example: { code: 'card_declined', message: 'The bank said no.' } });

/** Held to its limit and schema later, by itself: a bad one fails its own stage, not the call that it came with. */
const spawn = z
  .array(z.custom<StageSpec>(() => true))
  .openapi({ type: 'array', maxItems: LIMITS.spawnsPerAck, items: { $ref: '#/components/schemas/StageSpec' } });
const ack = z
  .strictObject({
    ...jobRef,
    output: optional(json),
    context: optional(contextWrites),
    measures: optional(measures),
    spawn: optional(spawn),
  })
  .openapi('Ack');
const nack = z
  .strictObject({ ...jobRef, error: stageError, retryable: optional(z.boolean()), retryAfterMs: optional(durationMs()) })
  .openapi('Nack');
const release = z.strictObject({ ...jobRef, delayMs: optional(durationMs()) }).openapi('Release');

const acks = z.array(ack).max(LIMITS.settlesPerCall);
const nacks = z.array(nack).max(LIMITS.settlesPerCall);
const releases = z.array(release).max(LIMITS.settlesPerCall);

export const settleBatch = z
  .strictObject({ acks: optional(acks), nacks: optional(nacks), releases: optional(releases) })
  .openapi('SettleBatch');

export const pullRequest = z
  .strictObject({
    workerId: id,
    pullSeq: z.int().min(1).max(Number.MAX_SAFE_INTEGER),
    handlers: z.array(name()).max(LIMITS.handlersPerWorker),
    maxJobs: z.int().min(0).max(LIMITS.jobsPerPull),
    waitMs: optional(z.int().min(0).max(LIMITS.waitMs)),
    settle: optional(settleBatch),
    abandonedPulls: optional(z.array(count).max(LIMITS.jobsPerPull)),
  })
  .openapi('PullRequest', {
    example: {
      workerId: '7',
      pullSeq: 12,
      handlers: ['charge-card', 'pack'],
      maxJobs: 10,
      settle: { acks: [{ id: '42', fencingToken: 1, output: { receipt: 'r-1' } }] },
    },
  });

export const ackRequest = z.strictObject({ workerId: id, acks }).openapi('AckRequest', {
  example: { workerId: '7', acks: [{ id: '42', fencingToken: 1, output: { receipt: 'r-1' } }] },
});
export const nackRequest = z.strictObject({ workerId: id, nacks }).openapi('NackRequest', {
  example: {
    workerId: '7',
    nacks: [{ id: '42', fencingToken: 1, error: { code: 'card_declined', message: 'The bank said no.' } }],
  },
});
export const releaseRequest = z.strictObject({ workerId: id, releases }).openapi('ReleaseRequest', {
  example: { workerId: '7', releases: [{ id: '42', fencingToken: 1, delayMs: 5000 }] },
});

const progressReport = z
  .strictObject({
    ...jobRef,
    ratio: optional(z.number().min(0).max(1)),
    message: optional(freeText(TEXT.progress)),
    context: optional(contextWrites),
    measures: optional(measures),
  })
  .openapi('ProgressReport');
export const progressRequest = z
  .strictObject({ workerId: id, reports: z.array(progressReport).max(LIMITS.settlesPerCall) })
  .openapi('ProgressRequest', {
    example: { workerId: '7', reports: [{ id: '42', fencingToken: 1, ratio: 0.5, message: 'authorised' }] },
  });

const logLine = z
  .strictObject({
    ...jobRef,
    level: logLevel,
    message: freeText(TEXT.message),
    fields: optional(z.record(name(LIMITS.keyLength), json)),
    loggedAt: time,
  })
  .openapi('LogLine');
export const logsRequest = z
  .strictObject({ workerId: id, lines: z.array(logLine).max(LOG_LINES_PER_CALL) })
  .openapi('LogsRequest', {
    example: {
      workerId: '7',
      lines: [{ id: '42', fencingToken: 1, level: 'info', message: 'charging', loggedAt: '2026-01-31T12:00:00.000Z' }],
    },
  });

/** `GET /jobs/{id}/payload?…` */
export const payloadQuery = z.strictObject({
  workerId: id,
  fencingToken: z.int().min(0),
  cursor: optional(name(1024)),
});
