import { expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../src/clock.js';
import { resolveConfig } from '../../src/config.js';
import { openTelemetry } from '../../src/telemetry/telemetry.js';
import { harness } from '../engine/support.js';
import { startOtlpReceiver } from '../support/otlp-receiver.js';
import { aLogFile } from './log-file.js';

it('writes its log to a file for each day too, under the level of now', async () => {
  const { logFile, lines } = aLogFile();
  const { call, controlPlane } = await harness({ logFile, logLevel: 'error' });
  expect(await call('GET', '/log-level')).toEqual({ level: 'error' });
  expect(await call('PUT', '/log-level', { level: 'info' })).toEqual({ level: 'info' });
  await controlPlane.listen({ port: 0 });
  expect(lines()).toMatchObject([{ level: 'info', service: 'pipelogiq', category: 'scheduler', message: 'listening' }]);
  const { items } = await call<{ items: object[] }>('GET', '/audit-events');
  expect(items[0]).toMatchObject({ action: 'server.log_level', details: { before: 'error', level: 'info' } });
});

it('deletes files past the days of their category while nothing more is written of it', async () => {
  const { logFile, names } = aLogFile();
  const auditFile = logFile.replace('server', 'audit');
  const { controlPlane, worker, call } = await harness({ logFile, auditFile, logLevel: 'info' });
  await worker();
  await call('PUT', '/log-level', { level: 'warn' });
  const old = ['audit-2030-01-01.json', 'server-runner-2030-01-01.json'];
  expect(names()).toEqual(old);
  await controlPlane.jump(15 * 86_400_000);
  await controlPlane.advance(1_000);
  expect(names().filter((name) => old.includes(name))).toEqual(['audit-2030-01-01.json']);
  await controlPlane.jump(352 * 86_400_000);
  await controlPlane.advance(1_000);
  expect(names().filter((name) => old.includes(name))).toEqual([]);
});

it('lets only admins of all applications change it', async () => {
  const { call, send } = await harness();
  const { key } = await call<{ key: string }>('POST', '/api-keys', { name: 'n', scopes: ['admin'], application: 'other' });
  const headers = { authorization: `Bearer ${key}` };
  expect((await send('GET', '/log-level', undefined, headers)).status).toBe(403);
  expect((await send('PUT', '/log-level', { level: 'silent' }, headers)).status).toBe(403);
  expect((await send('PUT', '/log-level', { level: 'loud' })).status).toBe(422);
  expect(await call('GET', '/log-level')).toEqual({ level: 'silent' });
});

/** The telemetry of a server without the server. */
function aTelemetry(options: { logFile: string; env: Record<string, string> }) {
  const config = { ...resolveConfig({ options: { logFile: options.logFile, logLevel: 'debug' } }), logFile: options.logFile };
  return openTelemetry({ config, env: options.env, clock: systemClock(), version: '0.1.0', store: 'sqlite' });
}

// Seen to fail when otelRecord does not redact, and when safeLine does not.
it.each([
  ['http/protobuf', 'OTEL_EXPORTER_OTLP_PROTOCOL'],
  ['grpc', 'OTEL_EXPORTER_OTLP_PROTOCOL'],
  ['grpc', 'OTEL_EXPORTER_OTLP_LOGS_PROTOCOL'],
] as const)(
  'sends its log over OTLP, %s by %s: severity, fields, trace ids, and no secret anywhere',
  async (protocol, variable) => {
    const receiver = await startOtlpReceiver({ protocol });
    onTestFinished(() => receiver.close());
    const { logFile, text } = aLogFile();
    const env = {
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint,
      OTEL_EXPORTER_OTLP_HEADERS: 'x-tenant=shop',
      OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip',
      OTEL_SERVICE_NAME: 'orders',
      OTEL_METRICS_EXPORTER: 'none',
      [variable]: protocol,
    };
    const telemetry = aTelemetry({ logFile, env });
    const canaries = [`plq_${'c4nary'.repeat(4)}`, 'whsec_C4NARY', 'c4nary-password', 'Bearer c4nary1234'];
    const [key, signing, password, bearer] = canaries;
    const traceId = '0af7651916cd43dd8448eb211c80319c';
    telemetry.log.warn(
      { traceId, spanId: 'b7ad6b7169203331', pipelineId: '7', note: `of ${signing}`, password, err: new Error(`no ${bearer}`) },
      `refused ${key}`,
    );
    await telemetry.close();
    const [record, ...others] = receiver.logs();
    expect(others).toEqual([]);
    expect(record).toMatchObject({
      severityText: 'WARN',
      severityNumber: 13,
      body: 'refused plq_[redacted]',
      traceId,
      spanId: 'b7ad6b7169203331',
      attributes: { pipeline_id: '7', category: 'scheduler', password: '[redacted]' },
      resource: { 'service.name': 'orders' },
    });
    expect(receiver.requests()[0]?.headers).toMatchObject({ 'x-tenant': 'shop' });
    const told = JSON.stringify(receiver.logs()) + text();
    for (const canary of canaries) expect(told).not.toContain(canary.replace('Bearer ', ''));
    expect(text()).toContain('refused plq_[redacted]');
  },
);

it('ends in time while the collector is away, and logs all the same', async () => {
  const { logFile, lines } = aLogFile();
  const telemetry = aTelemetry({ logFile, env: { OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: 'http://127.0.0.1:1/v1/logs' } });
  telemetry.log.info({}, 'kept');
  await telemetry.close();
  expect(lines().map(({ message }) => message)).toEqual(['kept']);
});
