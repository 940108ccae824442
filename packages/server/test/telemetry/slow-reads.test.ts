import { expect, it } from 'vitest';
import { createServerMetrics } from '../../src/telemetry/metrics/server-metrics.js';
import type { MetricSources } from '../../src/telemetry/metrics/sources.js';
import { ManualClock } from '../../src/testing/manual-clock.js';

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
const never = <T>() => new Promise<T>(() => {});

const SOURCES: MetricSources = {
  applications: async () => [{ id: 1, name: 'shop' }],
  queue: () => ({ requests: 3, bytes: 0, parkedPulls: 0 }),
  queueDepths: async () => ({ byHandler: [{ application_id: 1, handler: 'a', high: 0, normal: 7, low: 0 }], others: [] }),
  runningStages: async () => [],
  workerGroups: async () => [],
  databaseSize: async () => ({ bytes: 4_096, walBytes: undefined }),
  pools: () => [],
  kpis: async () => [],
};

function metricsOf(sources: Partial<MetricSources>) {
  const clock = new ManualClock();
  const errors: unknown[] = [];
  const metrics = createServerMetrics(
    { metrics: true, metricsFormat: 'text', metricsMaxHandlers: 10, metricsMaxAgeMs: 5_000 },
    { version: '1', store: 'sqlite', clock, exportTo: undefined, onError: (error) => errors.push(error) },
  );
  metrics.watch({ ...SOURCES, ...sources });
  const created = { kind: 'created', applicationId: 1, trigger: 'api' } as const;
  const counts = { all: [created], leasing: undefined };
  metrics.committed({ counts, samples: [], tickets: 1, durationMs: 1, now: 0 });
  /** A scrape, for which time moves on until it is there, and how long that took. */
  const scrape = async () => {
    const began = clock.now();
    let text: string | undefined;
    void metrics.text().then(({ bytes }) => {
      text = new TextDecoder().decode(bytes);
    });
    for (let waited = 0; text === undefined && waited < 100; waited++) await clock.advance(waited < 10 ? 0 : 100, turn);
    return { text: text ?? 'no answer', ms: clock.now() - began };
  };
  return { clock, scrape, errors };
}

const failures = (text: string) =>
  [...text.matchAll(/^pipelogiq_metrics_read_failures_total\{read="(\w+)"\} (\d+)$/gm)].map(
    ([, read, times]) => `${read} ${times}`,
  );
const created = 'ext_pipeline_created_total{application="shop",trigger="api"} 1';

it('waits for nothing when all can be read', async () => {
  const { text, ms } = await metricsOf({}).scrape();
  expect([text.includes(created), failures(text), ms]).toEqual([true, [], 0]);
});

// Seen to fail when names of applications were waited for without end: no answer.
it('does not wait for names for long: what has none yet is left out, once it has one it is there', async () => {
  let answer = (_: { id: number; name: string }[]): void => {};
  const { scrape } = metricsOf({
    applications: () =>
      new Promise((resolve) => {
        answer = resolve;
      }),
  });
  const first = await scrape();
  expect(first.text).toContain('pipelogiq_commit_queue_requests 3');
  expect(first.text).not.toMatch(/application=/);
  expect(failures(first.text)).toEqual(['applications 1']);
  expect(first.ms).toBeLessThanOrEqual(1_000);
  answer([{ id: 1, name: 'shop' }]);
  expect((await scrape()).text).toContain(created);
});

// Seen to fail without the bound for all waits together: five seconds.
it('answers within three seconds though no read answers', async () => {
  const hanging = {
    applications: never<[]>,
    queueDepths: never<never>,
    runningStages: never<[]>,
    workerGroups: never<[]>,
    databaseSize: never<never>,
    kpis: never<[]>,
  };
  const { scrape } = metricsOf(hanging);
  const { text, ms } = await scrape();
  expect(text).toContain('pipelogiq_commit_queue_requests 3');
  expect(ms).toBeLessThanOrEqual(3_000);
  expect(failures(text)).toEqual(['queue_depth 1', 'running_stages 1', 'workers 1', 'database_size 1', 'applications 1']);
  expect(failures((await scrape()).text)).toContain('kpis 1'); // which nobody waited for before
});

it('keeps the last figures of a read that became slow, and counts it', async () => {
  let isSlow = false;
  const { scrape, clock } = metricsOf({ queueDepths: (handlers) => (isSlow ? never() : SOURCES.queueDepths(handlers)) });
  const depth = 'pipelogiq_queue_depth{application="shop",handler="a",priority="normal"} 7';
  expect((await scrape()).text).toContain(depth);
  isSlow = true;
  await clock.advance(5_000, turn);
  const { text } = await scrape();
  expect([text.includes(depth), failures(text)]).toEqual([true, ['queue_depth 1']]);
});

it('shows none of a read that fails, says why, and asks again', async () => {
  let fails = true;
  const { scrape, errors } = metricsOf({
    async databaseSize() {
      if (fails) throw new Error('away');
      return { bytes: 1, walBytes: 2 };
    },
  });
  const { text } = await scrape();
  expect([text.includes('\npipelogiq_database_size_bytes '), failures(text), errors]).toEqual([
    false,
    ['database_size 1'],
    [new Error('away')],
  ]);
  fails = false;
  const again = await scrape();
  expect(again.text).toContain('\npipelogiq_database_size_bytes 1\n');
  expect(again.text).toContain('\npipelogiq_database_wal_size_bytes 2\n');
});

// Seen to fail when a scrape waited for ratios that it had never had.
it('never waits for the ratios of a day, not for the first either', async () => {
  let answer = (): void => {};
  const kpis: MetricSources['kpis'] = () =>
    new Promise((resolve) => {
      answer = () => resolve([{ applicationId: 1, successRatio: 0.5, flakyRatio: undefined, feedbackMs: undefined }]);
    });
  const { scrape } = metricsOf({ kpis });
  const first = await scrape();
  expect([first.ms, failures(first.text)]).toEqual([0, []]);
  answer();
  expect((await scrape()).text).toContain('pipelogiq_pipeline_success_ratio{application="shop"} 0.5');
});
