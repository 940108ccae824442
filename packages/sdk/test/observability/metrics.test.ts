import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { declareProcessMetrics } from '../../src/observability/metrics/process-metrics.js';
import { prometheusText } from '../../src/observability/metrics/prometheus-text.js';
import { MetricRegistry } from '../../src/observability/metrics/registry.js';
import { WorkerMetrics } from '../../src/observability/metrics/worker-metrics.js';

const BOUNDS = { labelValues: 3, series: 4 };

function aRegistry(bounds = { labelValues: 100, series: 1_000 }) {
  const errors: unknown[] = [];
  const registry = new MetricRegistry(bounds, (error) => errors.push(error));
  const lines = async (name: string) =>
    prometheusText((await registry.read()).filter(({ shape }) => shape.name === name)).split('\n');
  return { registry, errors, lines };
}

describe('a metric', () => {
  it('is written in the Prometheus text format', async () => {
    const { registry } = aRegistry();
    const sent = registry.counter('emails_sent_total', { help: 'E-mails\nsent \\ all.', labels: ['provider'] });
    sent.inc({ provider: 'a"b\\c\nd' });
    sent.inc({ provider: 'smtp' }, 2.5);
    registry.gauge('outbox_size', { help: 'E-mails that wait.' }).set(7);
    const sizes = registry.histogram('email_size_bytes', { help: 'Sizes.', buckets: [100, 1_000] });
    for (const bytes of [100, 101, 5_000]) sizes.observe(bytes);
    expect(prometheusText(await registry.read())).toBe(`# HELP email_size_bytes Sizes.
# TYPE email_size_bytes histogram
email_size_bytes_bucket{le="100"} 1
email_size_bytes_bucket{le="1000"} 2
email_size_bytes_bucket{le="+Inf"} 3
email_size_bytes_sum 5201
email_size_bytes_count 3
# HELP emails_sent_total E-mails\\nsent \\\\ all.
# TYPE emails_sent_total counter
emails_sent_total{provider="a\\"b\\\\c\\nd"} 1
emails_sent_total{provider="smtp"} 2.5
# HELP outbox_size E-mails that wait.
# TYPE outbox_size gauge
outbox_size 7
`);
  });

  it('takes `other` for label values beyond the bound, and for combinations beyond theirs', async () => {
    const { registry, lines } = aRegistry(BOUNDS);
    const perUser = registry.counter('clicks_total', { help: 'Clicks.', labels: ['user'] });
    for (let user = 0; user < 50; user++) perUser.inc({ user });
    expect((await lines('clicks_total')).slice(2, -1)).toEqual([
      'clicks_total{user="0"} 1',
      'clicks_total{user="1"} 1',
      'clicks_total{user="2"} 1',
      'clicks_total{user="other"} 47',
    ]);
    const pairs = registry.counter('pairs_total', { help: 'Pairs.', labels: ['a', 'b'] });
    for (let a = 0; a < 3; a++) for (let b = 0; b < 3; b++) pairs.inc({ a, b });
    expect((await lines('pairs_total')).slice(2, -1)).toHaveLength(BOUNDS.series + 1);
    expect(await lines('pairs_total')).toContain('pairs_total{a="other",b="other"} 5');
  });

  it('never fails the code that counts', async () => {
    const { registry, lines } = aRegistry();
    const jobs = registry.counter('jobs_seen_total', { help: 'Jobs.', labels: ['kind'] });
    jobs.inc({ kind: 'a' }, Number.NaN);
    jobs.inc({ kind: 'a' }, -1);
    jobs.inc({ nonsense: 'a' } as never, 2);
    jobs.inc({ kind: 'x'.repeat(10_000) });
    registry.gauge('heat_celsius', { help: 'Heat.' }).set('hot' as never);
    expect(await lines('jobs_seen_total')).toContain('jobs_seen_total{kind=""} 2');
    expect(await lines('jobs_seen_total')).toContain(`jobs_seen_total{kind="${'x'.repeat(128)}"} 1`);
    expect(await lines('heat_celsius')).toContain('heat_celsius 0');
  });

  it('is asked for with `collect`, and keeps its last values when that fails', async () => {
    const { registry, errors, lines } = aRegistry();
    let sizes: () => { value: number; labels: { queue: string } }[] = () => [
      { value: 3, labels: { queue: 'in' } },
      { value: 4, labels: { queue: 'out' } },
    ];
    registry.gauge('queue_size', { help: 'Sizes.', labels: ['queue'], collect: async () => sizes() });
    expect(await lines('queue_size')).toContain('queue_size{queue="out"} 4');
    sizes = () => [{ value: 5, labels: { queue: 'in' } }];
    expect((await lines('queue_size')).slice(2, -1)).toEqual(['queue_size{queue="in"} 5']);
    sizes = () => {
      throw new Error('the queue is away');
    };
    expect((await lines('queue_size')).slice(2, -1)).toEqual(['queue_size{queue="in"} 5']);
    expect(errors).toEqual([new Error('the queue is away')]);
  });

  it('is the same metric when it is declared again, and refuses another shape', () => {
    const { registry } = aRegistry();
    const first = registry.counter('hits_total', { help: 'Hits.' });
    expect(registry.counter('hits_total', { help: 'Hits.' })).toBe(first);
    expect(() => registry.counter('hits_total', { help: 'Hits.', labels: ['a'] })).toThrow('exists already');
  });

  it.each([
    [() => aRegistry().registry.counter('hits', { help: 'Hits.' }), 'must end in "_total"'],
    [() => aRegistry().registry.gauge('hits_total', { help: 'Hits.' }), 'must not end in "_total"'],
    [() => aRegistry().registry.gauge('Hits-1', { help: 'Hits.' }), 'is no metric name'],
    [() => aRegistry().registry.gauge('hits', { help: ' ' }), 'needs a help text'],
    [() => aRegistry().registry.gauge('hits', { help: 'Hits.', labels: ['a-b'] }), 'cannot have a label "a-b"'],
    [() => aRegistry().registry.histogram('hits', { help: 'Hits.', labels: ['le'] }), 'cannot have a label "le"'],
    [() => aRegistry().registry.histogram('hits', { help: 'Hits.', buckets: [2, 1] }), 'ascending'],
  ])('is refused when Prometheus would not take it: %#', (declare, message) => {
    expect(declare).toThrow(message);
  });

  it('has buckets that add up to the count, whatever is observed', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.double({ noNaN: true, min: -1e9, max: 1e9 })), async (values) => {
        const { registry, lines } = aRegistry();
        const histogram = registry.histogram('work_seconds', { help: 'Work.' });
        for (const value of values) histogram.observe(value);
        const shown = await lines('work_seconds');
        const counts = shown.filter((line) => line.includes('_bucket')).map((line) => Number(line.split(' ')[1]));
        expect(counts.every((count, index) => count >= (counts[index - 1] ?? 0))).toBe(true);
        expect(counts.at(-1)).toBe(values.length);
        expect(shown).toContain(`work_seconds_count ${values.length}`);
      }),
    );
  });
});

const promtool = spawnSync('promtool', ['--version']).status === 0;

it.runIf(promtool)('passes promtool with all metrics of a worker', async () => {
  const { registry } = aRegistry();
  new WorkerMetrics(registry, () => []);
  const stop = declareProcessMetrics(registry);
  const text = prometheusText(await registry.read());
  stop();
  const checked = spawnSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' });
  expect([checked.status, checked.stderr, checked.stdout]).toEqual([0, '', '']);
  expect(text).toMatch(/^process_resident_memory_bytes [1-9]/m);
});
