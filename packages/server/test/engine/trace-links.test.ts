// biome-ignore-all lint/suspicious/noTemplateCurlyInString: placeholders of links are written like this
import type { Page, Pipeline, PipelineTrace, Stage, TraceSummary } from '@pipelogiq/protocol';
import { describe, expect, it } from 'vitest';
import { integrated } from './integrations-support.js';

const MINUTE = 60_000;

/** A control plane with such templates, and a pipeline that has ended. */
async function linked(config: object) {
  const h = await integrated();
  await h.configure('opentelemetry', config);
  const { id, traceId, job } = await h.failing();
  const pipeline = await h.call<Pipeline>('GET', `/pipelines/${id}`);
  return {
    h,
    id,
    traceId,
    job,
    pipeline,
    from: Date.parse(pipeline.createdAt) - MINUTE,
    to: Date.parse(pipeline.finishedAt ?? '') + MINUTE,
  };
}

describe('links to traces', () => {
  it.each([
    ['jaeger', 'http://localhost:16686/', (t: string, s: string) => `http://localhost:16686/trace/${t}?uiFind=${s}`],
    ['datadog', 'https://app.datadoghq.eu', (t: string) => `https://app.datadoghq.eu/apm/trace/${t}`],
    ['sentry', 'https://acme.sentry.io', (t: string) => `https://acme.sentry.io/explore/traces/trace/${t}/`],
    [
      'honeycomb',
      'https://ui.honeycomb.io/acme/environments/prod',
      (t: string, _: string, from: number, to: number) =>
        `https://ui.honeycomb.io/acme/environments/prod/trace?trace_id=${t}&trace_start_ts=${from / 1_000}&trace_end_ts=${to / 1_000}`,
    ],
  ])('have a ready template for %s', async (traceBackend, traceBackendUrl, url) => {
    const { pipeline, traceId, from, to } = await linked({ traceBackend, traceBackendUrl });
    expect(pipeline.links).toEqual({ trace: url(traceId, pipeline.rootSpanId, from, to) });
  });

  it('have a ready template for Explore of Grafana with Tempo', async () => {
    const { pipeline, traceId, from, to } = await linked({
      traceBackendUrl: 'https://grafana.example.com',
      traceDatasource: 'tempo "1"',
    });
    const url = new URL(pipeline.links?.trace ?? '');
    expect(url.origin + url.pathname).toBe('https://grafana.example.com/explore');
    expect(Object.fromEntries(url.searchParams)).toMatchObject({ schemaVersion: '1', orgId: '1' });
    expect(JSON.parse(url.searchParams.get('panes') ?? '')).toEqual({
      t: {
        datasource: 'tempo "1"',
        queries: [{ refId: 'A', datasource: { type: 'tempo', uid: 'tempo "1"' }, queryType: 'traceql', query: traceId }],
        range: { from: String(from), to: String(to) },
      },
    });
  });

  it('are made from one’s own templates, for logs too, and encoded', async () => {
    const { pipeline, traceId, from, to } = await linked({
      traceLinkTemplate: 'http://localhost:3000/explore?left=["now-1h","now","Tempo",{"query":"${traceId}"}]',
      logsLinkTemplate: 'https://logs.example.com/?q=${traceId}&from=${from}&to=${to}',
    });
    expect(decodeURIComponent(pipeline.links?.trace ?? '')).toBe(
      `http://localhost:3000/explore?left=["now-1h","now","Tempo",{"query":"${traceId}"}]`,
    );
    expect(pipeline.links?.logs).toBe(`https://logs.example.com/?q=${traceId}&from=${from}&to=${to}`);
  });

  it('stand at pipelines, stages, waterfalls and traces, each with its own span', async () => {
    const { h, id, job, pipeline, traceId } = await linked({ traceLinkTemplate: 'https://t.example/${traceId}/${spanId}' });
    const ofStage = { trace: `https://t.example/${traceId}/${job.traceparent.split('-')[2]}` };
    const ofPipeline = { trace: `https://t.example/${traceId}/${pipeline.rootSpanId}` };
    expect(pipeline.links).toEqual(ofPipeline);
    const { items } = await h.call<Page<Stage>>('GET', `/pipelines/${id}/stages`);
    expect(items[0]?.links).toEqual(ofStage);
    const trace = await h.call<PipelineTrace>('GET', `/pipelines/${id}/trace`);
    expect([trace.links, trace.stages[0]?.links]).toEqual([ofPipeline, ofStage]);
    expect((await h.call<Page<TraceSummary>>('GET', '/observability/traces')).items[0]?.links).toEqual(ofPipeline);
  });

  it('are absent without a template, while the integration is off, and in other applications', async () => {
    const { h, id } = await linked({ endpoint: 'http://127.0.0.1:1' });
    expect(await h.call<Pipeline>('GET', `/pipelines/${id}`)).not.toHaveProperty('links');
    await h.configure('opentelemetry', { traceLinkTemplate: 'https://t.example/${traceId}' }, { enabled: false });
    expect(await h.call<Pipeline>('GET', `/pipelines/${id}`)).not.toHaveProperty('links');
  });
});

describe('the search of traces', () => {
  it('finds by trace, pipeline, state, time and duration, newest first', async () => {
    const h = await integrated();
    const made: { id: string; traceId: string }[] = [];
    const worker = await h.worker();
    for (const [name, ms] of [
      ['fast', 100],
      ['slow', 5_000],
      ['slow', 60_000],
    ] as const) {
      made.push(await h.create({ name, stages: [{ name: 'a', timeoutMs: 600_000 }] }));
      const job = await worker.one();
      await h.controlPlane.advance(ms);
      await worker.ack(job);
    }
    const running = await h.create({ name: 'runs', stages: [{ name: 'a' }] });
    await h.controlPlane.advance(20_000);
    const find = async (query: string) =>
      (await h.call<Page<TraceSummary>>('GET', `/observability/traces?${query}`)).items.map(({ pipelineId }) => pipelineId);
    const [fast, slow, slowest] = made.map(({ id }) => id);
    expect(await find('')).toEqual([running.id, slowest, slow, fast]);
    expect(await find(`traceId=${made[1]?.traceId}`)).toEqual([slow]);
    expect(await find('pipeline=slow')).toEqual([slowest, slow]);
    expect(await find('status=running')).toEqual([running.id]);
    expect(await find('minDurationMs=5000')).toEqual([running.id, slowest, slow]);
    expect(await find('minDurationMs=101&maxDurationMs=5000')).toEqual([slow]);
    expect(await find('pipeline=slow&minDurationMs=6000&status=completed')).toEqual([slowest]);
    const { items } = await h.call<Page<TraceSummary>>('GET', '/observability/traces?pipeline=fast');
    expect(items).toEqual([
      expect.objectContaining({ pipeline: 'fast', status: 'completed', durationMs: 100, traceId: made[0]?.traceId }),
    ]);
    await expect(find('traceId=zz')).rejects.toMatchObject({ status: 422 });
  });

  it('goes on page by page, and meets each once', async () => {
    const h = await integrated();
    for (let at = 0; at < 7; at++) await h.create({ name: at % 2 === 0 ? 'even' : 'odd', stages: [{ name: 'a' }] });
    await h.controlPlane.advance(1_000);
    for (const query of ['', 'minDurationMs=500&', 'pipeline=even&minDurationMs=1&']) {
      const found: string[] = [];
      let cursor: string | null = '';
      while (cursor !== null) {
        const page: Page<TraceSummary> = await h.call(
          'GET',
          `/observability/traces?${query}limit=2${cursor && `&cursor=${cursor}`}`,
        );
        found.push(...page.items.map(({ pipelineId }) => pipelineId));
        cursor = page.nextCursor;
      }
      expect(found).toHaveLength(query.includes('even') ? 4 : 7);
      expect(new Set(found).size).toBe(found.length);
    }
  });
});
