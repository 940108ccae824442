import { NotFoundError, Pipelogiq, ValidationError } from '@pipelogiq/sdk';
import { expect, it, onTestFinished } from 'vitest';
import { createTestControlPlane } from '../../src/testing/index.js';
import { aProvider } from '../engine/provider.js';

it('the client configures, tests and watches integrations, and searches traces', async () => {
  const loki = await aProvider(({ headers }) => ({ status: headers.authorization === 'Bearer right' ? 204 : 401 }));
  const controlPlane = await createTestControlPlane({ outboundAllow: '127.0.0.1' });
  const { observability, pipelines, close } = clientOf(controlPlane.connection());
  onTestFinished(async () => {
    await close();
    await controlPlane.close();
  });
  await expect(observability.test({ type: 'loki' })).rejects.toThrow(NotFoundError);
  await expect(observability.configure({ type: 'loki', config: {} })).rejects.toThrow(ValidationError);
  const saved = await observability.configure({ type: 'loki', config: { url: loki.url, token: 'wrong' } });
  expect(saved.config).toEqual({ url: loki.url, token: '[redacted]' });
  expect(await observability.test({ type: 'loki' })).toMatchObject({ ok: false, message: 'Grafana Loki answered 401' });
  await observability.configure({ type: 'loki', config: { url: loki.url, token: 'right' } });
  expect(await observability.test({ type: 'loki' })).toMatchObject({ ok: true });
  expect((await observability.status()).find(({ type }) => type === 'loki')).toMatchObject({ status: 'ok' });
  expect((await observability.integrations()).filter(({ configured }) => configured).map(({ type }) => type)).toEqual(['loki']);
  const run = await pipelines.create({ name: 'order', stages: [{ name: 'a' }] });
  const traces = [];
  for await (const trace of observability.traces({ pipeline: 'order' })) traces.push(trace);
  expect(traces).toEqual([expect.objectContaining({ pipelineId: run.id, traceId: run.traceId })]);
});

function clientOf(connection: ReturnType<Awaited<ReturnType<typeof createTestControlPlane>>['connection']>) {
  const pipelogiq = new Pipelogiq(connection);
  return { observability: pipelogiq.observability, pipelines: pipelogiq.pipelines, close: () => pipelogiq.close() };
}
