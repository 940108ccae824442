import { describe, expect, it } from 'vitest';
import { buildWaterfall, type TracedAttempt, type TracedPipeline, type TracedStage } from './waterfall.js';

const BEGIN = Date.parse('2026-01-02T03:04:05.000Z');

const aPipeline = (over: Partial<TracedPipeline> = {}): TracedPipeline => ({
  id: '7',
  traceId: 'a'.repeat(32),
  rootSpanId: 'b'.repeat(16),
  name: 'order',
  status: 'completed',
  createdAt: BEGIN,
  startedAt: BEGIN,
  finishedAt: BEGIN + 1_000,
  ...over,
});
const aStage = (id: string, over: Partial<TracedStage> = {}): TracedStage => ({
  id,
  name: `stage-${id}`,
  handler: `handle-${id}`,
  spanId: id.repeat(16),
  status: 'completed',
  dependsOn: [],
  ...over,
});
const anAttempt = (stageId: string, over: Partial<TracedAttempt> = {}): TracedAttempt => ({
  stageId,
  fencingToken: 1,
  spanId: stageId.repeat(16),
  workerId: '3',
  outcome: 'completed',
  readyAt: BEGIN,
  startedAt: BEGIN + 40,
  finishedAt: BEGIN + 100,
  ...over,
});

describe('the waterfall of a pipeline', () => {
  it('places every delivery of a finished pipeline by offsets from its start', () => {
    const attempts = [
      anAttempt('1'),
      anAttempt('2', { readyAt: BEGIN + 100, startedAt: BEGIN + 150, finishedAt: BEGIN + 1_000 }),
    ];
    const trace = buildWaterfall(aPipeline(), [aStage('1'), aStage('2', { dependsOn: ['stage-1'] })], attempts, BEGIN + 99_999);
    expect(trace).toEqual({
      pipelineId: '7',
      traceId: 'a'.repeat(32),
      rootSpanId: 'b'.repeat(16),
      name: 'order',
      status: 'completed',
      startedAt: '2026-01-02T03:04:05.000Z',
      durationMs: 1_000,
      stages: [
        {
          stageId: '1',
          name: 'stage-1',
          handler: 'handle-1',
          spanId: '1'.repeat(16),
          status: 'completed',
          dependsOn: [],
          attempts: [
            {
              fencingToken: 1,
              spanId: '1'.repeat(16),
              workerId: '3',
              outcome: 'completed',
              readyOffsetMs: 0,
              queueWaitMs: 40,
              runOffsetMs: 40,
              runMs: 60,
            },
          ],
        },
        expect.objectContaining({
          stageId: '2',
          dependsOn: ['stage-1'],
          attempts: [expect.objectContaining({ readyOffsetMs: 100, queueWaitMs: 50, runOffsetMs: 150, runMs: 850 })],
        }),
      ],
    });
  });

  it('lets a running pipeline and its running delivery last until now, without an outcome', () => {
    const pipeline = aPipeline({ status: 'running', finishedAt: null });
    const running = anAttempt('1', { outcome: null, finishedAt: null });
    const trace = buildWaterfall(pipeline, [aStage('1', { status: 'running' })], [running], BEGIN + 540);
    expect(trace.durationMs).toBe(540);
    expect(trace.stages[0]?.attempts).toEqual([
      { fencingToken: 1, spanId: '1'.repeat(16), workerId: '3', readyOffsetMs: 0, queueWaitMs: 40, runOffsetMs: 40, runMs: 500 },
    ]);
  });

  it('shows a retried stage as its deliveries by fencing token, each with its outcome, error and own queue wait', () => {
    const first = anAttempt('1', { fencingToken: 4, outcome: 'retried', errorCode: 'flaky' });
    const second = anAttempt('1', { fencingToken: 5, readyAt: BEGIN + 400, startedAt: BEGIN + 410, finishedAt: BEGIN + 500 });
    const [stage] = buildWaterfall(aPipeline(), [aStage('1')], [second, first], BEGIN).stages;
    expect(stage?.attempts).toMatchObject([
      { fencingToken: 4, outcome: 'retried', errorCode: 'flaky', queueWaitMs: 40 },
      { fencingToken: 5, outcome: 'completed', readyOffsetMs: 400, queueWaitMs: 10 },
    ]);
    expect(stage?.attempts[1]).not.toHaveProperty('errorCode');
  });

  it('keeps stages that never started, without attempts', () => {
    const stages = [aStage('1', { status: 'failed' }), aStage('2', { status: 'blocked', dependsOn: ['stage-1'] })];
    const trace = buildWaterfall(aPipeline({ status: 'failed' }), stages, [anAttempt('1', { outcome: 'failed' })], BEGIN);
    expect(trace.stages.map(({ status, attempts }) => [status, attempts.length])).toEqual([
      ['failed', 1],
      ['blocked', 0],
    ]);
  });

  it('keeps the span ids of earlier runs beside the one of the rerun', () => {
    const old = anAttempt('1', { spanId: 'c'.repeat(16), outcome: 'failed' });
    const rerun = anAttempt('1', { fencingToken: 2, readyAt: BEGIN + 200, startedAt: BEGIN + 201 });
    const [stage] = buildWaterfall(aPipeline(), [aStage('1')], [old, rerun], BEGIN).stages;
    expect(stage?.spanId).toBe('1'.repeat(16));
    expect(stage?.attempts.map(({ spanId }) => spanId)).toEqual(['c'.repeat(16), '1'.repeat(16)]);
  });

  it('begins when the first stage became ready, not when a pipeline with a later runAt was created', () => {
    const pipeline = aPipeline({ createdAt: BEGIN - 86_400_000, startedAt: BEGIN + 40 });
    const trace = buildWaterfall(pipeline, [aStage('1')], [anAttempt('1')], BEGIN);
    expect(trace.startedAt).toBe('2026-01-02T03:04:05.000Z');
    expect(trace.stages[0]?.attempts[0]).toMatchObject({ readyOffsetMs: 0, runOffsetMs: 40 });
  });

  it('counts a pipeline that nothing was leased of from its creation, and names its incoming parent', () => {
    const pipeline = aPipeline({ status: 'running', startedAt: null, finishedAt: null, parentSpanId: 'd'.repeat(16) });
    const trace = buildWaterfall(pipeline, [aStage('1', { status: 'pending' })], [], BEGIN + 70);
    expect(trace).toMatchObject({ parentSpanId: 'd'.repeat(16), startedAt: '2026-01-02T03:04:05.000Z', durationMs: 70 });
  });

  it('never gives a negative time when a clock was set back', () => {
    const attempt = anAttempt('1', { readyAt: BEGIN, startedAt: BEGIN - 5, finishedAt: BEGIN - 9 });
    const trace = buildWaterfall(aPipeline({ finishedAt: BEGIN - 9 }), [aStage('1')], [attempt], BEGIN);
    expect(trace.durationMs).toBe(0);
    expect(trace.stages[0]?.attempts[0]).toMatchObject({ queueWaitMs: 0, runMs: 0, runOffsetMs: 0 });
  });

  it('has the steps of a handler in its attempt, wherever the clock of its worker stands', () => {
    const step = { name: 'authorise', endedAt: BEGIN + 80, durationMs: 30, failed: false };
    const steps = [
      step,
      { ...step, name: 'ahead', endedAt: BEGIN + 9_000 },
      { ...step, name: 'behind', endedAt: 0, failed: true },
    ];
    const { stages } = buildWaterfall(aPipeline(), [aStage('1')], [anAttempt('1', { steps })], BEGIN);
    expect(stages[0]?.attempts[0]?.steps).toEqual([
      { name: 'authorise', offsetMs: 50, ms: 30, failed: false },
      { name: 'ahead', offsetMs: 70, ms: 30, failed: false },
      { name: 'behind', offsetMs: 40, ms: 0, failed: true },
    ]);
  });
});
