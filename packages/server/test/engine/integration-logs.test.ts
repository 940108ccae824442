import { describe, expect, it } from 'vitest';
import { integrated } from './integrations-support.js';
import { type Answer, aProvider, broken, type Sent } from './provider.js';

/** A line of a log, as a worker sends it. */
async function saying(h: Awaited<ReturnType<typeof integrated>>, messages: string[], more: object = {}) {
  const { id, traceId } = await h.create({ name: 'order', stages: [{ name: 'charge', handler: 'a' }] });
  const worker = await h.worker();
  const job = await worker.one();
  const at = new Date(h.controlPlane.now()).toISOString();
  const line = { id: job.id, fencingToken: job.fencingToken, level: 'info', loggedAt: at, ...more };
  await worker.post('/logs', { lines: messages.map((message) => ({ ...line, message })) });
  return { id, traceId, job, spanId: job.traceparent.split('-')[2] };
}

/** https://go2docs.graylog.org/current/getting_in_log_data/gelf.html */
function graylogRules(takesBulk: boolean) {
  return ({ method, path, headers, text }: Sent): Answer => {
    const messages = text.split('\n');
    const wrong = broken([
      [method === 'POST' && path === '/gelf', 404, 'not found'],
      [headers['content-type'] === 'application/json', 400, 'content type'],
      [takesBulk || messages.length === 1, 400, 'bulk receiving is off'],
    ]);
    if (wrong) return wrong;
    for (const message of messages) {
      const { version, host, short_message, full_message, timestamp, level, ...more } = JSON.parse(message);
      const bad = broken([
        [version === '1.1', 400, 'version'],
        [
          typeof host === 'string' && host !== '' && typeof short_message === 'string' && short_message !== '',
          400,
          'host and short_message are mandatory',
        ],
        [full_message === undefined || typeof full_message === 'string', 400, 'full_message'],
        [typeof timestamp === 'number' && timestamp < 1e11, 400, 'timestamp must be seconds'],
        [Number.isInteger(level) && level >= 0 && level <= 7, 400, 'level'],
        [Object.keys(more).every((name) => /^_[\w.-]+$/.test(name) && name !== '_id'), 400, 'additional field'],
        [Object.values(more).every((value) => typeof value === 'string' || typeof value === 'number'), 400, 'additional value'],
      ]);
      if (bad) return bad;
    }
    return { status: 202 };
  };
}

describe('Graylog', () => {
  it('gets log lines of stages as GELF, with the ids of their trace', async () => {
    const graylog = await aProvider(graylogRules(false));
    const h = await integrated();
    await h.configure('graylog', { url: graylog.url, host: 'shop' });
    const said = await saying(h, ['hello'], { level: 'warn', fields: { order: 42, id: 'x', 'odd name': { a: 1 }, empty: null } });
    await h.controlPlane.advance(1_000);
    await graylog.has(1);
    expect(graylog.taken[0]?.body).toEqual({
      version: '1.1',
      host: 'shop',
      short_message: 'hello',
      timestamp: (h.controlPlane.now() - 1_000) / 1_000,
      level: 4,
      _order: 42,
      _field_id: 'x',
      _odd_name: '{"a":1}',
      _service: 'pipelogiq',
      _event: 'log',
      _application: 'default',
      _pipeline: 'order',
      _pipeline_id: said.id,
      _trace_id: said.traceId,
      _span_id: said.spanId,
      _stage: 'charge',
      _stage_id: said.job.id,
      _handler: 'a',
    });
  });

  it('gets failures, and bulks where it takes them', async () => {
    const graylog = await aProvider(graylogRules(true));
    const h = await integrated();
    await h.configure('graylog', { url: graylog.url, bulk: true });
    await saying(
      h,
      Array.from({ length: 250 }, (_, at) => `line ${at}`),
    );
    await h.failing();
    await h.controlPlane.advance(1_000);
    await h.shows('graylog', { queued: 0, sent: 252 });
    expect(graylog.calls).toBeLessThanOrEqual(5);
    const messages = graylog.taken.flatMap(({ text }) => text.split('\n').map((line) => JSON.parse(line)));
    expect(messages.filter(({ _event }) => _event === 'log').map(({ short_message }) => short_message)).toEqual(
      Array.from({ length: 250 }, (_, at) => `line ${at}`),
    );
    expect(messages.filter(({ level }) => level === 3).map(({ _event }) => _event)).toEqual(['stage_failed', 'pipeline_failed']);
  });

  it('is tested with a message', async () => {
    const graylog = await aProvider(graylogRules(false));
    const h = await integrated();
    expect(await h.test('graylog', { url: graylog.url })).toMatchObject({ ok: true });
    expect(graylog.taken[0]?.body).toMatchObject({ short_message: 'Pipelogiq connection test' });
    expect(await h.test('graylog', { url: `${graylog.url}/elsewhere` })).toMatchObject({
      ok: false,
      message: expect.stringContaining('404'),
    });
  });
});

interface Push {
  streams: { stream: Record<string, string>; values: [string, string, Record<string, string>][] }[];
}

/** https://grafana.com/docs/loki/latest/reference/loki-http-api/#ingest-logs */
function lokiRules({ method, path, headers, body, text }: Sent): Answer {
  const { streams } = (body ?? { streams: [] }) as Push;
  const values = streams.flatMap((stream) => stream.values);
  return (
    broken([
      [method === 'POST' && path === '/loki/api/v1/push', 404, 'not found'],
      [headers['x-scope-orgid'] === 'tenant-1', 401, 'no org id'],
      [headers.authorization === 'Bearer token-of-loki', 401, 'unauthorized'],
      [headers['content-type'] === 'application/json', 400, 'content type'],
      [text.length <= 4 * 1_048_576, 413, 'too large'],
      [
        streams.length > 0 && streams.every(({ stream }) => Object.keys(stream).length > 0 && Object.keys(stream).length <= 15),
        400,
        'labels',
      ],
      [streams.every(({ stream }) => Object.keys(stream).every((name) => /^[a-zA-Z_]\w*$/.test(name))), 400, 'label name'],
      [streams.every(({ stream }) => !('trace_id' in stream || 'pipeline_id' in stream)), 400, 'ids are no labels'],
      [values.every(([at]) => typeof at === 'string' && /^\d{19}$/.test(at)), 400, 'timestamps are texts of nanoseconds'],
      [values.every(([, line]) => typeof line === 'string'), 400, 'line'],
      [
        values.every(([, , more]) => Object.values(more).every((value) => typeof value === 'string')),
        400,
        'structured metadata are texts',
      ],
    ]) ?? { status: 204 }
  );
}

describe('Loki', () => {
  const LOKI = { token: 'token-of-loki', tenant: 'tenant-1', labels: 'env=prod, team=a' };

  it('gets log lines of stages in one push, ids as structured metadata', async () => {
    const loki = await aProvider(lokiRules);
    const h = await integrated();
    await h.configure('loki', { ...LOKI, url: loki.url });
    const said = await saying(h, ['first', 'second'], { fields: { order: 42 } });
    await h.controlPlane.advance(1_000);
    await loki.has(1);
    const at = `${h.controlPlane.now() - 1_000}000000`;
    const ids = {
      pipeline: 'order',
      pipeline_id: said.id,
      trace_id: said.traceId,
      span_id: said.spanId,
      stage: 'charge',
      stage_id: said.job.id,
      handler: 'a',
    };
    const metadata = { ...ids, fields: '{"order":42}' };
    expect(loki.taken[0]?.body).toEqual({
      streams: [
        {
          stream: { env: 'prod', team: 'a', service_name: 'pipelogiq', application: 'default', level: 'info', event: 'log' },
          values: [
            [at, 'first', metadata],
            [at, 'second', metadata],
          ],
        },
      ],
    });
  });

  it('gets nothing that looks like a secret in the words of users', async () => {
    const loki = await aProvider(lokiRules);
    const h = await integrated();
    await h.configure('loki', { ...LOKI, url: loki.url });
    await saying(h, ['connecting to postgres://app:hunter2@db/jobs'], { fields: { sent: 'Bearer abcdefgh1234' } });
    await h.controlPlane.advance(1_000);
    await loki.has(1);
    expect(JSON.stringify(loki.taken[0]?.body)).toContain('connecting to postgres');
    expect(JSON.stringify(loki.taken[0]?.body)).not.toMatch(/hunter2|abcdefgh1234/);
  });

  it('gets many lines in few pushes, each once and in order', async () => {
    const loki = await aProvider(lokiRules);
    const h = await integrated();
    await h.configure('loki', { ...LOKI, url: loki.url });
    await saying(
      h,
      Array.from({ length: 950 }, (_, at) => `line ${at}`),
    );
    await h.controlPlane.advance(1_000);
    await h.shows('loki', { queued: 0, sent: 950 });
    expect(loki.calls).toBe(2);
    const lines = loki.taken.flatMap(({ body }) =>
      (body as Push).streams.flatMap(({ values }) => values.map(([, line]) => line)),
    );
    expect(lines).toEqual(Array.from({ length: 950 }, (_, at) => `line ${at}`));
  });

  it('gets failures at the level error', async () => {
    const loki = await aProvider(lokiRules);
    const h = await integrated();
    await h.configure('loki', { ...LOKI, url: loki.url, logs: false });
    await h.failing();
    await h.controlPlane.advance(0);
    await h.shows('loki', { sent: 2 });
    const streams = loki.taken.flatMap(({ body }) => (body as Push).streams);
    expect(streams.map(({ stream }) => [stream.level, stream.event])).toEqual([
      ['error', 'stage_failed'],
      ['error', 'pipeline_failed'],
    ]);
    expect(streams[0]?.values[0]?.[1]).toBe('Stage charge of order failed: card_declined: no funds');
  });

  it('that blocks what it is sent (260) has not taken it', async () => {
    const loki = await aProvider(lokiRules);
    const h = await integrated();
    const blocked = { status: 260, body: 'ingestion blocked', headers: { 'retry-after': '30' } };
    loki.next.push(blocked, blocked);
    expect(await h.test('loki', { ...LOKI, url: loki.url })).toMatchObject({
      ok: false,
      message: 'Grafana Loki answered 260: ingestion blocked',
    });
    await h.configure('loki', { ...LOKI, url: loki.url });
    await saying(h, ['first']);
    await h.controlPlane.advance(1_000);
    await h.shows('loki', { status: 'failing', queued: 1, sent: 0 });
    await h.controlPlane.advance(31_000);
    await h.shows('loki', { status: 'ok', queued: 0, sent: 1 });
  });

  it('gets nothing of lines whose pipeline is gone by then', async () => {
    const loki = await aProvider(lokiRules);
    const h = await integrated({ retentionDays: 0.0005, integrationMaxAgeMs: 300_000_000 });
    await h.configure('loki', { ...LOKI, url: loki.url });
    loki.next.push({ status: 503, headers: { 'retry-after': '150' } });
    const { job } = await saying(h, ['first']);
    await h.controlPlane.advance(1_000);
    await h.shows('loki', { status: 'failing' });
    await h.call('POST', `/pipelines/${Math.floor(Number(job.id) / 2 ** 14)}/cancel`, {});
    await h.controlPlane.advance(180_000);
    await h.shows('loki', { queued: 0, sent: 0 });
  });
});

describe('OpenTelemetry', () => {
  it('is tested with an export that has no spans', async () => {
    const collector = await aProvider(
      ({ method, path, headers, text }) =>
        broken([
          [method === 'POST' && path === '/v1/traces', 404, 'not found'],
          [headers['content-type'] === 'application/x-protobuf', 415, 'content type'],
          [headers['x-key'] === 'abcdef', 401, 'unauthorized'],
          [text === '', 400, 'not an ExportTraceServiceRequest'],
        ]) ?? { status: 200 },
    );
    const h = await integrated();
    const config = { endpoint: collector.url, headers: 'x-key=abcdef' };
    expect(await h.test('opentelemetry', config)).toMatchObject({
      ok: true,
      message: 'The endpoint took an export without spans.',
    });
    expect(await h.test('opentelemetry', { endpoint: collector.url })).toMatchObject({
      ok: false,
      message: expect.stringContaining('401'),
    });
  });

  it('says whether the server exports', async () => {
    const off = await integrated();
    expect((await off.status('opentelemetry')).detail).toContain('exports no spans');
    const on = await integrated({ env: { OTEL_TRACES_EXPORTER: 'console' } });
    expect((await on.status('opentelemetry')).detail).toBe('The server exports spans.');
  });
});
