import { z } from '@hono/zod-openapi';
import { count, id, name, optional, time } from './common.js';

const range = z.string().min(2).max(8).openapi({ example: '24h' });

/** `GET /observability/insights?…` */
export const insightQuery = z.strictObject({
  range: optional(range),
  from: optional(time),
  to: optional(time),
  pipeline: optional(name()),
  handler: optional(name()),
});

/** `GET /observability/errors?…` */
export const errorQuery = z.strictObject({ range: optional(range), handler: optional(name()) });

const ms = z.number();
const share = z.number().min(0).max(1).nullable();

const distribution = z.object({ count, mean: ms, min: ms, p50: ms, p90: ms, p95: ms, p99: ms, max: ms }).openapi('Distribution');
const distributionOrNull = distribution.nullable();

const stageFigures = {
  completed: count,
  failed: count,
  failedAttempts: count,
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

const summary = z.object({
  ...runFigures,
  completedStages: count,
  failedStages: count,
  failedAttempts: count,
  failureRate: share,
  flakyRate: share,
  throughput: z.number(),
  computeSeconds: z.number(),
  runTime: distributionOrNull,
  queueWait: distributionOrNull,
});

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
    summary: summary.openapi('InsightSummary'),
    points: z.array(point.openapi('InsightPoint')),
    slowestStages: z.array(stageInsight),
    slowestPipelines: z.array(pipelineInsight),
    handlers: z.array(handlerInsight),
    hotspots: z.array(stageInsight),
    flaky: z.array(stageInsight),
    regressions: z.array(z.object({ ...stageNames, p95: ms, p95Before: ms, ratio: z.number() }).openapi('Regression')),
    durations: z.array(z.object({ upToMs: ms.nullable(), count }).openapi('DurationBucket')),
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
