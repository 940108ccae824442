import type { Page, Stage, StageJob } from '@pipelogiq/protocol';
import { describe, expect, it } from 'vitest';
import type { SpanSource } from '../../src/store/store.js';
import { holdCommits, pipeline, watchedEngine } from '../commit/support.js';
import { harness, type WireWorker } from '../engine/support.js';
import { aDatabase, runSql } from '../support/stores.js';
import { aReceiver, received, serverSpans } from './support.js';

/** Nothing is exported before `exported`, as while the collector is away. */
async function unexported() {
  const receiver = await aReceiver();
  const database = await aDatabase();
  const h = await harness({ database, env: { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint } });
  return {
    ...h,
    database,
    w: await h.worker(),
    rootOf: async (id: string) => (await h.call<{ rootSpanId: string }>('GET', `/pipelines/${id}`)).rootSpanId,
    stage: async (id: string, name: string) => {
      const { items } = await h.call<Page<Stage>>('GET', `/pipelines/${id}/stages?limit=200`);
      return items.find((each) => each.name === name) as Stage;
    },
    /** The spans of pipelines and stages, when all of these have come and the queue is empty. */
    exported: async (ids: string[]) => {
      await h.controlPlane.advance(1_000);
      await received(receiver, ids);
      await h.controlPlane.close();
      expect(await runSql(database, 'select id from span_export')).toEqual([]);
      const spans = receiver.spans().filter((span) => !span.name.startsWith('POST') && !span.name.startsWith('GET'));
      expect(spans.map((span) => span.spanId).sort()).toEqual([...ids].sort()); // each once, and no other
      const known = new Set(ids);
      const orphans = serverSpans(receiver).filter((span) => known.has(span.spanId) && !known.has(span.parentSpanId ?? ''));
      expect(orphans.every((span) => span.name.startsWith('RUN'))).toBe(true);
      return new Map(spans.map((span) => [span.spanId, span]));
    },
  };
}

/** The parent of the spans that a worker makes for the job. */
const spanIdOf = (job: Pick<StageJob, 'traceparent'>): string => job.traceparent.slice(36, 52);

async function fail(w: WireWorker): Promise<string> {
  const job = await w.one();
  await w.nack(job, { retryable: false });
  return spanIdOf(job);
}

async function complete(w: WireWorker, extra: object = {}): Promise<string> {
  const job = await w.one();
  await w.ack(job, extra);
  return spanIdOf(job);
}

// Each seen to fail without the call of keepSpans in change-graph.ts.
describe('what waits for export while its pipeline is run again', () => {
  it('tells of the run that is over, also of the stages that do not run again', async () => {
    const { create, call, w, rootOf, exported } = await unexported();
    const { id } = await create({ stages: [{ name: 'a' }, { name: 'b', handler: 'a' }] });
    const a = await complete(w);
    const failed = await fail(w);
    const first = await rootOf(id);
    await call('POST', `/pipelines/${id}/rerun`, {});
    const b = await complete(w);
    const second = await rootOf(id);
    const spans = await exported([a, failed, first, b, second]);
    const result = (span: string) => spans.get(span)?.attributes['cicd.pipeline.result'];
    expect([result(first), result(second)]).toEqual(['failure', 'success']);
    const parents = [a, failed, b].map((span) => spans.get(span)?.parentSpanId);
    expect(parents).toEqual([first, first, second]);
    expect(spans.get(failed)).toMatchObject({ status: { code: 'error', message: 'it broke' }, links: [] });
    expect(spans.get(b)?.links.map((link) => link.spanId)).toEqual([failed]);
  });

  it('tells of every run, however many there were', async () => {
    const { create, call, w, rootOf, exported } = await unexported();
    const { id } = await create({ stages: [{ name: 'a' }] });
    const ids: string[] = [];
    for (let run = 0; run < 3; run++) {
      if (run > 0) await call('POST', `/pipelines/${id}/rerun`, {});
      ids.push(await fail(w), await rootOf(id));
    }
    await exported(ids);
  });

  it('tells of spawned stages that the rerun removes', async () => {
    const { create, call, w, rootOf, stage, exported } = await unexported();
    const { id } = await create({ stages: [{ name: 'split', handler: 'a' }] });
    const spawn = [{ name: 'part', handler: 'a' }];
    const ids = [await complete(w, { spawn }), await complete(w), await rootOf(id)];
    await call('POST', `/stages/${(await stage(id, 'split')).id}/rerun`, { following: true });
    ids.push(await complete(w, { spawn }), await complete(w), await rootOf(id));
    const spans = await exported(ids);
    expect([...spans.values()].map((span) => span.name).sort()).toEqual([
      'RUN test',
      'RUN test',
      'part',
      'part',
      'split',
      'split',
    ]);
  });

  it('has the span of a stage that the rerun cuts off, for the worker has made spans below it', async () => {
    const { create, call, w, rootOf, stage, exported } = await unexported();
    const { id } = await create({ stages: [{ name: 'split', handler: 'a' }] });
    const split = await complete(w, {
      spawn: [
        { name: 'runs', handler: 'a' },
        { name: 'retried', handler: 'a' },
        { name: 'new', handler: 'b' },
      ],
    });
    const [runs, retried] = (await w.pull()) as [StageJob, StageJob];
    await w.nack(retried);
    await call('POST', `/stages/${(await stage(id, 'split')).id}/rerun`, { following: true });
    const again = await complete(w);
    const spans = await exported([split, spanIdOf(runs), spanIdOf(retried), again, await rootOf(id)]);
    for (const job of [runs, retried])
      expect(spans.get(spanIdOf(job))?.attributes).toMatchObject({ 'cicd.pipeline.task.run.result': 'cancellation' });
    const outcomes = (job: StageJob) =>
      spans.get(spanIdOf(job))?.events.flatMap((event) => event.attributes['pipelogiq.outcome'] ?? []);
    expect([outcomes(runs), outcomes(retried)]).toEqual([['superseded'], ['retried']]);
  });

  it('keeps how a stage ended that is skipped afterwards', async () => {
    const { create, call, w, rootOf, stage, exported } = await unexported();
    const { id } = await create({ stages: [{ name: 'a' }, { name: 'b', handler: 'a' }] });
    const failed = await fail(w);
    const first = await rootOf(id);
    await call('POST', `/stages/${(await stage(id, 'a')).id}/skip`, {});
    const ids = [failed, first, await complete(w), await rootOf(id)];
    const spans = await exported(ids);
    expect(spans.get(failed)).toMatchObject({ parentSpanId: first, attributes: { 'error.type': 'boom' } });
  });

  // Seen to fail when the group queues what ended only after its actions.
  it('tells of a run that ended in the very commit that begins the next one', async () => {
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9', OTEL_EXPORTER_OTLP_TIMEOUT: '50' }; // nobody listens there
    const { engine, caller, watch, worker, database } = await watchedEngine({}, env);
    const { pipelines, jobs, operator } = engine.useCases;
    await pipelines.create(caller, [pipeline('p')]);
    const holder = await worker();
    const pull = { workerId: String(holder.workerId), pullSeq: 1, handlers: ['a'], maxJobs: 1 };
    const [job] = (await jobs.pull(holder, pull, new AbortController().signal)).jobs;
    if (!job) throw new Error('nothing to pull');
    const gate = holdCommits(watch);
    const held = pipelines.create(caller, [pipeline('other')]);
    await gate.held;
    const before = watch.transactions;
    const nack = { id: job.id, fencingToken: job.fencingToken, error: { code: 'boom', message: 'it broke' }, retryable: false };
    const both = [jobs.settle(holder, { nacks: [nack] }), operator.rerun(caller, job.pipelineId, {})];
    gate.open();
    await Promise.all([held, ...both]);
    expect(watch.transactions - before).toBe(1);
    const rows = await runSql<{ frozen: string }>(database, 'select frozen from span_export order by id');
    const sources = rows.map(({ frozen }) => JSON.parse(frozen) as SpanSource);
    expect(sources).toMatchObject([
      { stage: { span_id: spanIdOf(job), status: 'failed' } },
      { stage: null, pipeline: { status: 'failed' } },
    ]);
  });
});

describe('the span of a stage', () => {
  // Seen to fail without the bound by removed_token in span-reads.ts.
  it('knows nothing of a removed stage that had its id before', async () => {
    const { create, w, rootOf, stage, database, exported } = await unexported();
    const { id } = await create({ stages: [{ name: 'a' }] });
    const { id: stageId } = await stage(id, 'a');
    await runSql(database, `update stage set fencing_token = 7 where id = ${stageId}`);
    await runSql(database, `insert into removed_stage values (${stageId}, 7, 'gone', 1, 0)`);
    await runSql(
      database,
      `insert into stage_attempt (stage_id, fencing_token, span_id, worker_id, outcome, ready_at, leased_at, settled_at)
        values (${stageId}, 7, '00f067aa0ba902b7', 1, 'completed', 1, 2, 3)`,
    );
    const a = await complete(w);
    const spans = await exported([a, await rootOf(id)]);
    expect(spans.get(a)?.links).toEqual([]);
  });
});
