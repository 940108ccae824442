import { describe, expect, it } from 'vitest';
import { integrated } from './integrations-support.js';
import { type Answer, aProvider, broken, type Sent } from './provider.js';

const TOKEN = 'glsa_0123456789_canary';

interface Annotation {
  time: number;
  tags: string[];
  text: string;
  dashboardUID?: string;
}

/** https://grafana.com/docs/grafana/latest/developers/http_api/annotations/ */
function rules({ method, path, headers, body }: Sent): Answer {
  if (path === '/api/health') return { status: method === 'GET' ? 200 : 405, body: '{"database":"ok"}' };
  const authorized = headers.authorization === `Bearer ${TOKEN}`;
  if (method === 'GET') {
    return (
      broken([
        [path === '/api/annotations?limit=1', 404, 'Not found'],
        [authorized, 401, 'Invalid API key'],
      ]) ?? { status: 200, body: '[]' }
    );
  }
  const { time, tags, text, ...more } = (body ?? {}) as Annotation;
  return (
    broken([
      [method === 'POST' && path === '/api/annotations', 404, 'Not found'],
      [authorized, 401, 'Invalid API key'],
      [headers['content-type'] === 'application/json', 400, 'bad request data'],
      [Number.isInteger(time) && time > 1e12, 400, 'time must be epoch milliseconds'],
      [Array.isArray(tags) && tags.every((tag) => typeof tag === 'string'), 400, 'tags must be texts'],
      [typeof text === 'string' && text !== '', 400, 'text should not be empty'],
      [Object.keys(more).every((name) => ['dashboardUID', 'panelId', 'timeEnd'].includes(name)), 400, 'unknown field'],
    ]) ?? { status: 200, body: '{"message":"Annotation added","id":1}' }
  );
}

describe('Grafana', () => {
  it('gets an annotation for a failed pipeline', async () => {
    const grafana = await aProvider(rules);
    const h = await integrated();
    await h.configure('grafana', { url: `${grafana.url}/`, token: TOKEN, tags: 'team-a, checkout' });
    const failedAt = h.controlPlane.now();
    const { id, traceId } = await h.failing({ name: '<order> & "more"', create: { environment: 'production' } });
    await h.controlPlane.advance(0);
    await grafana.has(1);
    expect(grafana.taken[0]?.body).toEqual({
      time: failedAt,
      tags: ['pipelogiq', 'pipeline_failed', 'default', '<order> & "more"', 'production', 'team-a', 'checkout'],
      text: `Pipeline &lt;order&gt; &amp; &quot;more&quot; failed<br/>pipeline ${id}, trace ${traceId}`,
    });
    await h.shows('grafana', { status: 'ok', sent: 1, queued: 0, dropped: 0 });
  });

  it('gets an annotation for a deploy mark', async () => {
    const grafana = await aProvider(rules);
    const h = await integrated();
    await h.configure('grafana', { url: grafana.url, token: TOKEN });
    const link = 'https://ci.example.org/1?a=1&b="2"';
    const mark = {
      version: '1.2.3',
      title: 'Shop <b>',
      link,
      pipeline: 'order',
      environment: 'production',
      idempotencyKey: 'once',
    };
    await h.call('POST', '/observability/marks', mark);
    await h.call('POST', '/observability/marks', mark);
    await h.controlPlane.advance(0);
    await grafana.has(1);
    expect(grafana.taken[0]?.body).toEqual({
      time: h.controlPlane.now(),
      tags: ['pipelogiq', 'deploy', 'default', 'order', 'production'],
      text: '<a href="https://ci.example.org/1?a=1&amp;b=&quot;2&quot;">Shop &lt;b&gt; 1.2.3</a>',
    });
    await h.shows('grafana', { sent: 1, queued: 0 });
  });

  it('gets annotations of one dashboard when it is named', async () => {
    const grafana = await aProvider(rules);
    const h = await integrated();
    await h.configure('grafana', { url: grafana.url, token: TOKEN, dashboardUid: 'abc' });
    await h.failing();
    await h.controlPlane.advance(0);
    await grafana.has(1);
    expect(grafana.taken[0]?.body).toMatchObject({ dashboardUID: 'abc' });
  });

  it('is tested for its health and its token', async () => {
    const grafana = await aProvider(rules);
    const h = await integrated();
    await h.configure('grafana', { url: grafana.url, token: TOKEN });
    expect(await h.test('grafana')).toEqual({
      type: 'grafana',
      ok: true,
      message: 'Grafana is healthy and takes the token.',
      durationMs: 0,
    });
    expect(grafana.taken.map(({ path }) => path)).toEqual(['/api/health', '/api/annotations?limit=1']);
    const wrong = await h.test('grafana', { url: grafana.url, token: 'wrong' });
    expect(wrong).toMatchObject({ ok: false, message: 'Grafana answered 401: {"message":"Invalid API key"}' });
    expect(await h.status('grafana')).toMatchObject({ status: 'ok', lastTestedAt: new Date(h.controlPlane.now()).toISOString() });
  });

  it('gets nothing of what it does not want, of other applications, or while it is off', async () => {
    const grafana = await aProvider(rules);
    const h = await integrated();
    await h.configure('grafana', { url: grafana.url, token: TOKEN, pipelineFailures: false });
    await h.failing({ name: 'one' });
    await h.configure('grafana', { url: grafana.url, token: TOKEN }, { enabled: false });
    await h.failing({ name: 'two' });
    await h.call('POST', '/applications', { name: 'other' });
    const other = await h.call<{ key: string }>('POST', '/api-keys', { name: 'k', application: 'other', scopes: ['admin'] });
    const authorization = `Bearer ${other.key}`;
    await h.call(
      'POST',
      '/observability/config',
      { type: 'grafana', config: { url: grafana.url, token: TOKEN } },
      { authorization },
    );
    await h.failing({ name: 'three' });
    await h.controlPlane.advance(5_000);
    expect(grafana.calls).toBe(0);
    expect(await h.status('grafana')).toMatchObject({ status: 'disabled', queued: 0 });
  });
});
