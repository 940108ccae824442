import { z } from '@hono/zod-openapi';
import { LIMITS } from '@pipelogiq/protocol';
import { count, id, name, optional, time } from './common.js';

const range = z.string().min(2).max(8).openapi({ example: '24h' });

/** `GET /observability/insights?…` */
export const insightQuery = z.strictObject({
  range: optional(range),
  from: optional(time),
  to: optional(time),
  application: optional(name()),
  pipeline: optional(name()),
  handler: optional(name()),
});

/** `GET /observability/errors?…` */
export const errorQuery = z.strictObject({ range: optional(range), application: optional(name()), handler: optional(name()) });

const ms = z.number();
const share = z.number().min(0).max(1).nullable();

const distribution = z.object({ count, mean: ms, min: ms, p50: ms, p90: ms, p95: ms, p99: ms, max: ms }).openapi('Distribution');
const distributionOrNull = distribution.nullable();

const stageFigures = {
  completed: count,
  failed: count,
  failedAttempts: count,
  retries: count,
  failureRate: share,
  flakyRate: share,
  runTime: distributionOrNull,
  queueWait: distributionOrNull,
};
const stageNames = { pipeline: z.string(), stage: z.string(), handler: z.string() };
const stageInsight = z.object({ ...stageNames, ...stageFigures }).openapi('StageInsight');
const handlerInsight = z.object({ handler: z.string(), ...stageFigures }).openapi('HandlerInsight');

const runFigures = {
  completed: count,
  failed: count,
  cancelled: count,
  successRate: share,
  duration: distributionOrNull,
  feedback: distributionOrNull,
};
const pipelineInsight = z.object({ pipeline: z.string(), ...runFigures }).openapi('PipelineInsight');

const regression = z.object({ ...stageNames, p95: ms, p95Before: ms, ratio: z.number() }).openapi('Regression');

const link = name(LIMITS.linkLength)
  .refine((text) => /^https?:$/.test(protocolOf(text)), 'must be an http or https address')
  .openapi({ example: 'https://ci.example.org/runs/42' });

const protocolOf = (text: string): string => {
  try {
    return new URL(text).protocol;
  } catch {
    return '';
  }
};

const said = {
  version: name(),
  title: optional(name()),
  link: optional(link),
  pipeline: optional(name()),
  environment: optional(name()),
};

export const createMark = z
  .strictObject({ ...said, at: optional(time), idempotencyKey: optional(name(LIMITS.idempotencyKeyLength)) })
  .openapi('CreateMark', { example: { version: '2026.11.3', link: 'https://ci.example.org/runs/42' } });

/** `GET /observability/marks?…` */
export const markQuery = z.strictObject({
  from: optional(time),
  to: optional(time),
  application: optional(name()),
  pipeline: optional(name()),
});
/** `GET /observability/marks/{id}?…` */
export const comparisonQuery = z.strictObject({ over: optional(range) });

const markFields = { id, ...said, at: time, createdBy: z.string() };
export const mark = z.object(markFields).openapi('Mark');
export const markCreated = z.object({ ...markFields, created: z.boolean() }).openapi('MarkCreated');

const markFigures = z
  .object({
    from: time,
    to: time,
    attempts: count,
    failureRate: share,
    runTimeP95: ms.nullable(),
    runs: count,
    durationP95: ms.nullable(),
  })
  .openapi('MarkFigures');
export const markInsight = z
  .object({ ...markFields, before: markFigures, after: markFigures, enough: z.boolean(), regressions: z.array(regression) })
  .openapi('MarkInsight');

const summary = z.object({
  ...runFigures,
  completedStages: count,
  failedStages: count,
  failedAttempts: count,
  retries: count,
  failureRate: share,
  flakyRate: share,
  utilisation: share,
  throughput: z.number(),
  computeSeconds: z.number(),
  runTime: distributionOrNull,
  queueWait: distributionOrNull,
});

const pool = z
  .object({ pool: z.string(), utilisation: share, busySeconds: z.number(), slotSeconds: z.number() })
  .openapi('PoolInsight');

const point = z.object({
  at: time,
  completedStages: count,
  failedStages: count,
  completedPipelines: count,
  failedPipelines: count,
});

export const insights = z
  .object({
    from: time,
    to: time,
    resolutionMs: count,
    folded: z.boolean(),
    summary: summary.openapi('InsightSummary'),
    points: z.array(point.openapi('InsightPoint')),
    slowestStages: z.array(stageInsight),
    slowestPipelines: z.array(pipelineInsight),
    handlers: z.array(handlerInsight),
    hotspots: z.array(stageInsight),
    flaky: z.array(stageInsight),
    regressions: z.array(regression),
    durations: z.array(z.object({ upToMs: ms.nullable(), count }).openapi('DurationBucket')),
    pools: z.array(pool),
    marks: z.array(markInsight),
    measures: z.array(
      z
        .object({
          name: z.string(),
          unit: z.string().nullable(),
          pipeline: z.string(),
          handler: z.string(),
          sum: z.number(),
          values: distribution,
        })
        .openapi('MeasureInsight'),
    ),
  })
  .openapi('Insights');

export const errorGroup = z
  .object({
    fingerprint: z.string(),
    handler: z.string(),
    code: z.string(),
    message: z.string(),
    count,
    failedStages: count,
    firstSeenAt: time,
    lastSeenAt: time,
    examples: z.array(z.object({ stageId: id, pipelineId: id, at: time })),
  })
  .openapi('ErrorGroup');
