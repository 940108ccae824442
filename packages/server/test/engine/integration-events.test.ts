import { hash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { integrated } from './integrations-support.js';
import { type Answer, aProvider, broken, type Sent } from './provider.js';

const KEY = '0123456789abcdef0123456789abcdef';
const HEX = (digits: number) => new RegExp(`^[0-9a-f]{${digits}}$`);

interface SentryEvent {
  event_id: string;
  timestamp: number;
  platform: string;
  level: string;
  contexts?: { trace: { trace_id: string; span_id: string } };
  exception?: { values: { type: string; value: string; stacktrace?: { frames: { lineno: number }[] } }[] };
  [field: string]: unknown;
}

/** Lines of an envelope: a header, then of each item its header and as many bytes as it says. */
function readEnvelope(text: string): {
  header: { event_id: string; sent_at: string };
  item: { type: string; length: number };
  event: SentryEvent;
} {
  const bytes = Buffer.from(text);
  const first = bytes.indexOf('\n');
  const second = bytes.indexOf('\n', first + 1);
  const item = JSON.parse(bytes.subarray(first + 1, second).toString());
  const payload = bytes.subarray(second + 1, second + 1 + item.length).toString();
  return { header: JSON.parse(bytes.subarray(0, first).toString()), item, event: JSON.parse(payload) };
}

/** https://develop.sentry.dev/sdk/data-model/envelopes/ */
function sentryRules({ method, path, headers, text }: Sent): Answer {
  const auth = /^Sentry sentry_version=7, sentry_client=\S+, sentry_key=([0-9a-f]{32})$/.exec(String(headers['x-sentry-auth']));
  const wrongCall = broken([
    [method === 'POST' && path === '/prefix/api/42/envelope/', 404, 'no such project'],
    [auth?.[1] === KEY, 403, 'invalid api key'],
    [headers['content-type'] === 'application/x-sentry-envelope', 400, 'not an envelope'],
    [text.length < 200_000, 413, 'too large'],
  ]);
  if (wrongCall) return wrongCall;
  const { header, item, event } = readEnvelope(text);
  return (
    broken([
      [item.type === 'event' && header.event_id === event.event_id, 400, 'event ids differ'],
      [HEX(32).test(event.event_id), 400, 'invalid event id'],
      [!Number.isNaN(Date.parse(header.sent_at)), 400, 'invalid sent_at'],
      [event.timestamp > 1e9 && event.timestamp < 1e11, 400, 'timestamp must be seconds'],
      [['fatal', 'error', 'warning', 'info', 'debug'].includes(event.level), 400, 'invalid level'],
      [
        !event.contexts || (HEX(32).test(event.contexts.trace.trace_id) && HEX(16).test(event.contexts.trace.span_id)),
        400,
        'invalid trace',
      ],
    ]) ?? { status: 200, body: JSON.stringify({ id: event.event_id }) }
  );
}

describe('Sentry', () => {
  const dsnOf = (url: string) => `${url.replace('://', `://${KEY}@`)}/prefix/42`;

  it('gets an issue for a failed stage, with its trace and stack', async () => {
    const sentry = await aProvider(sentryRules);
    const h = await integrated();
    await h.configure('sentry', { dsn: dsnOf(sentry.url), environment: 'staging' });
    const stack = 'CardError: no funds – é\n    at charge (/app/src/charge.ts:10:5)\n    at node:internal/process/task:95:5';
    const failedAt = h.controlPlane.now();
    const { id, traceId, job } = await h.failing({
      error: { code: 'card_declined', message: 'no funds – é', stack },
      create: { version: '1.4' },
    });
    await h.controlPlane.advance(0);
    await sentry.has(1);
    const { event } = readEnvelope(sentry.taken[0]?.text ?? '');
    const spanId = job.traceparent.split('-')[2];
    expect(event).toEqual({
      event_id: hash('sha256', `stage ${job.id} ${job.fencingToken} ${failedAt}`).slice(0, 32),
      timestamp: failedAt / 1_000,
      platform: 'node',
      logger: 'pipelogiq',
      level: 'error',
      environment: 'staging',
      release: '1.4',
      transaction: 'order/charge',
      fingerprint: ['pipelogiq', 'default', 'h-order', 'card_declined'],
      exception: {
        values: [
          {
            type: 'card_declined',
            value: 'no funds – é',
            mechanism: { type: 'pipelogiq', handled: false },
            stacktrace: {
              frames: [
                { function: '?', filename: 'node:internal/process/task', lineno: 95, colno: 5, in_app: false },
                { function: 'charge', filename: '/app/src/charge.ts', lineno: 10, colno: 5, in_app: true },
              ],
            },
          },
        ],
      },
      tags: { application: 'default', pipeline: 'order', stage: 'charge', handler: 'h-order', error_code: 'card_declined' },
      contexts: { trace: { trace_id: traceId, span_id: spanId, op: 'pipelogiq.stage', status: 'internal_error' } },
      extra: expect.objectContaining({ pipeline_id: id, stage_id: job.id, attempts: 1 }),
    });
  });

  it('is tested with an event, and hears of no stage that is tried again', async () => {
    const sentry = await aProvider(sentryRules);
    const h = await integrated();
    await h.configure('sentry', { dsn: dsnOf(sentry.url) });
    expect(await h.test('sentry')).toMatchObject({ ok: true });
    expect(readEnvelope(sentry.taken[0]?.text ?? '').event).toMatchObject({
      level: 'info',
      message: { formatted: 'Pipelogiq connection test' },
    });
    expect(await h.test('sentry', { dsn: dsnOf(sentry.url).replace(KEY, 'f'.repeat(32)) })).toMatchObject({
      ok: false,
      message: 'Sentry answered 403: {"message":"invalid api key"}',
    });
    await h.create({ stages: [{ name: 'a', maxAttempts: 2 }] });
    const worker = await h.worker();
    await worker.nack(await worker.one());
    await h.controlPlane.advance(0);
    expect(sentry.taken).toHaveLength(1);
  });

  it('hears of stages that time out or wait too long, too', async () => {
    const sentry = await aProvider(sentryRules);
    const h = await integrated();
    await h.configure('sentry', { dsn: dsnOf(sentry.url) });
    await h.create({ stages: [{ name: 'waits', handler: 'nobody', pendingTimeoutMs: 5_000 }] });
    await h.controlPlane.advance(6_000);
    await sentry.has(1);
    expect(readEnvelope(sentry.taken[0]?.text ?? '').event.exception?.values[0]?.type).toBe('pending_timed_out');
  });
});

interface DatadogEvent {
  title: string;
  text: string;
  date_happened: number;
  alert_type: string;
  tags: string[];
  aggregation_key: string;
}

/** https://docs.datadoghq.com/api/latest/events/#post-an-event */
function datadogRules({ method, path, headers, body }: Sent): Answer {
  const known = headers['dd-api-key'] === KEY;
  if (path === '/api/v1/validate')
    return known && method === 'GET'
      ? { status: 200, body: '{"valid":true}' }
      : { status: 403, body: '{"errors":["Forbidden"]}' };
  const { title, text, date_happened, alert_type, tags, aggregation_key } = (body ?? {}) as DatadogEvent;
  return (
    broken([
      [method === 'POST' && path === '/api/v1/events', 404, 'not found'],
      [known, 403, 'Forbidden'],
      [title.length > 0 && title.length <= 500 && text.length > 0 && text.length <= 4_000, 400, 'title or text too long'],
      [Number.isInteger(date_happened) && date_happened < 1e11, 400, 'date_happened must be seconds'],
      [['error', 'warning', 'info', 'success'].includes(alert_type), 400, 'alert_type'],
      [tags.every((tag) => tag.length <= 200 && tag.includes(':')), 400, 'tags'],
      [aggregation_key.length <= 100, 400, 'aggregation_key'],
    ]) ?? { status: 202, body: '{"status":"ok"}' }
  );
}

describe('Datadog', () => {
  it('gets events for failed pipelines, deploy marks and, if wanted, failed stages', async () => {
    const datadog = await aProvider(datadogRules);
    const h = await integrated();
    await h.configure('datadog', { apiUrl: datadog.url, apiKey: KEY, stageFailures: true, tags: 'team:a' });
    const { id, traceId, job } = await h.failing({
      error: { code: 'e', message: 'x'.repeat(10_000) },
      create: { environment: 'prod' },
    });
    await h.call('POST', '/observability/marks', { version: '7', link: 'https://ci.example.org/7' });
    await h.controlPlane.advance(0);
    await datadog.has(3);
    const seconds = Math.floor(h.controlPlane.now() / 1_000);
    const shared = ['source:pipelogiq', 'application:default'];
    expect(datadog.taken.map(({ body }) => body)).toEqual([
      expect.objectContaining({
        title: 'Stage charge of order failed: e',
        text: expect.stringContaining(`Pipeline ${id}, stage ${job.id}, trace ${traceId}\nxxx`),
        tags: [...shared, 'env:prod', 'pipeline:order', 'stage:charge', 'handler:h-order', 'error_code:e', 'team:a'],
      }),
      {
        title: 'Pipeline order failed',
        text: `Pipeline ${id}, trace ${traceId}`,
        date_happened: seconds,
        alert_type: 'error',
        priority: 'normal',
        aggregation_key: 'pipeline_failed order',
        tags: [...shared, 'env:prod', 'pipeline:order', 'team:a'],
      },
      expect.objectContaining({
        title: 'Deployed 7',
        text: 'https://ci.example.org/7',
        alert_type: 'info',
        tags: [...shared, 'version:7', 'team:a'],
      }),
    ]);
  });

  it('is tested for its key', async () => {
    const datadog = await aProvider(datadogRules);
    const h = await integrated();
    expect(await h.test('datadog', { apiUrl: datadog.url, apiKey: KEY })).toMatchObject({
      ok: true,
      message: 'Datadog knows the API key.',
    });
    expect(await h.test('datadog', { apiUrl: datadog.url, apiKey: 'other' })).toMatchObject({ ok: false });
    expect(await h.status('datadog')).toMatchObject({ status: 'not_configured' }); // a draft leaves nothing
  });
});
