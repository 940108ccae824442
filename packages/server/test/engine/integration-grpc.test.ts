import { describe, expect, it } from 'vitest';
import { aGrpcCollector, aSilentSocket } from './grpc-double.js';
import { integrated } from './integrations-support.js';
import { aProvider } from './provider.js';

const CANARY = 'canary-77aa01';

// Seen to fail while the test only connected: a socket that never spoke was a success.
describe('the test of a collector over gRPC', () => {
  it('makes an export without spans, with the headers of the config', async () => {
    const collector = await aGrpcCollector();
    const h = await integrated();
    const tested = await h.test('opentelemetry', { endpoint: collector.url, protocol: 'grpc', headers: `X-Key=${CANARY}` });
    expect(tested).toMatchObject({ ok: true, message: 'The endpoint took an export without spans.' });
    expect(collector.calls).toHaveLength(1);
    const [{ headers, body } = { headers: {}, body: Buffer.alloc(0) }] = collector.calls;
    expect(headers).toMatchObject({
      ':method': 'POST',
      ':path': '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
      'content-type': 'application/grpc',
      te: 'trailers',
      'x-key': CANARY,
    });
    expect([...body]).toEqual([0, 0, 0, 0, 0]);
  });

  it.each([{ alone: true }, { alone: false }])('says why the collector refused it, without secrets: %j', async ({ alone }) => {
    const collector = await aGrpcCollector();
    collector.answer = { status: 16, message: `bad%20key%20${CANARY}`, alone };
    const h = await integrated();
    const tested = await h.test('opentelemetry', { endpoint: collector.url, protocol: 'grpc', headers: `x-key=${CANARY}` });
    expect(tested).toMatchObject({ ok: false, message: 'OpenTelemetry answered grpc-status 16: bad key [redacted]' });
  });

  it('is a failure where nobody speaks within the time', async () => {
    const silent = await aSilentSocket();
    const h = await integrated({ outboundTimeoutMs: 5_000 });
    const testing = h.test('opentelemetry', { endpoint: silent.url, protocol: 'grpc' });
    await silent.heard;
    await h.controlPlane.advance(5_000);
    expect(await testing).toMatchObject({ ok: false, message: expect.stringContaining('did not answer within 5000 ms') });
  });

  it('is a failure where a server speaks HTTP/1 alone', async () => {
    const web = await aProvider(() => ({ status: 200 }));
    const h = await integrated();
    const tested = await h.test('opentelemetry', { endpoint: web.url, protocol: 'grpc' });
    expect(tested).toMatchObject({ ok: false, message: expect.stringContaining('does not speak HTTP/2') });
  });

  it('is a failure where nobody listens, and where the server may not call', async () => {
    const h = await integrated();
    const at = (endpoint: string) => h.test('opentelemetry', { endpoint, protocol: 'grpc' });
    expect(await at('http://127.0.0.1:1')).toMatchObject({ ok: false, message: '127.0.0.1:1 refused the connection.' });
    expect(await at('http://10.0.0.1:4317')).toMatchObject({ ok: false, message: expect.stringContaining('does not call') });
  });
});
