import { request } from 'node:http';
import { describe, expect, it } from 'vitest';
import { aProcess } from './support.js';

/** fetch does not let a test choose the Host header. */
function statusFor(url: string, host: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request(url, { headers: { host } }, (answer) => resolve(answer.resume().statusCode))
      .on('error', reject)
      .end();
  });
}

describe('the metrics server', () => {
  it('lists its pages, as HTML for browsers and as JSON for others', async () => {
    const { get } = await aProcess({ serviceName: 'a <b> worker' });
    const html = await get('/', { headers: { accept: 'text/html,application/xhtml+xml' } });
    expect(html.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(html.headers.get('content-security-policy')).toContain("default-src 'none'");
    const text = await html.text();
    expect(text).toContain('<h1>a &lt;b&gt; worker</h1>');
    for (const path of ['/metrics', '/health', '/health/live', '/health/ready']) expect(text).toContain(`href="${path}"`);
    expect(await (await get('/')).json()).toMatchObject({
      service: 'a <b> worker',
      endpoints: [{ path: '/metrics' }, {}, {}, {}],
    });
  });

  it('answers GET and HEAD on pages that exist', async () => {
    const { get } = await aProcess();
    expect((await get('/nothing')).status).toBe(404);
    const posted = await get('/metrics', { method: 'POST' });
    expect([posted.status, posted.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
    const head = await get('/metrics?x=1', { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
    expect(head.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  });

  it('asks for its token, but not for the probes', async () => {
    const { get } = await aProcess({ metrics: { token: 'let-me-in' } });
    const open = await Promise.all(['/health/live', '/health/ready'].map(async (path) => (await get(path)).status));
    const closed = await Promise.all(
      ['/', '/metrics', '/health', '/nothing', '/metrics/'].map(async (path) => (await get(path)).status),
    );
    expect([open, closed]).toEqual([
      [200, 200],
      [401, 401, 401, 401, 401],
    ]);
    const wrong = await get('/metrics', { headers: { authorization: 'Bearer let-me-inn' } });
    expect([wrong.status, wrong.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
    expect((await get('/metrics', { headers: { authorization: 'bearer let-me-in' } })).status).toBe(200);
  });

  // Seen to fail when the error of the check was repeated to everybody.
  it('tells those without its token which part is not ready, but not why', async () => {
    const failing = () => Promise.reject(new Error('connect ECONNREFUSED db.internal:5432'));
    const answers = async (metrics: object) => {
      const { observability, get } = await aProcess({ metrics });
      observability.healthCheck('database', failing);
      const ask = async (authorization: string) => {
        const answer = await get('/health/ready', { headers: { authorization } });
        const { status, ready, reasons } = (await answer.json()) as { status: string; ready: boolean; reasons: string[] };
        return [answer.status, status, ready, ...reasons];
      };
      return [await ask(''), await ask('Bearer wrong'), await ask('Bearer let-me-in')];
    };
    const short = [503, 'not_ready', false, 'database: unhealthy'];
    const long = [503, 'not_ready', false, 'database: connect ECONNREFUSED db.internal:5432'];
    expect(await answers({ token: 'let-me-in' })).toEqual([short, short, long]);
    expect(await answers({})).toEqual([long, long, long]);
  });

  it('on loopback, is closed to pages that reach it by another name', async () => {
    const { observability } = await aProcess();
    const url = `${observability.url}/metrics`;
    expect(await statusFor(url, 'evil.example:9090')).toBe(421);
    expect(await statusFor(url, '127.0.0.1.evil.example')).toBe(421);
    expect(await Promise.all(['localhost:9090', '127.0.0.1', '[::1]:9090'].map((host) => statusFor(url, host)))).toEqual([
      200, 200, 200,
    ]);
  });

  it('leaves the worker alone when the port is taken, and says so', async () => {
    const { observability } = await aProcess();
    const port = Number(new URL(observability.url ?? '').port);
    const second = await aProcess({ metrics: { port } });
    expect(second.observability.url).toBeUndefined();
    expect(second.lines()).toMatchObject([
      { level: 'error', message: expect.stringContaining(`cannot listen on 127.0.0.1:${port}: the port is taken`) },
    ]);
    await expect(aProcess({ metrics: { port, required: true } })).rejects.toMatchObject({ code: 'invalid_configuration' });
  });

  it('can be left out, and its metrics page can move', async () => {
    expect((await aProcess({ metrics: { server: false } })).observability.url).toBeUndefined();
    const { get } = await aProcess({ metrics: { path: '/prometheus' } });
    expect([(await get('/prometheus')).status, (await get('/metrics')).status]).toEqual([200, 404]);
  });
});

describe('the health pages', () => {
  it('have the documented shapes when all is well', async () => {
    const { observability, page } = await aProcess();
    observability.healthCheck('smtp', () => ({ connections: 3 }));
    const timestamp = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    const uptime_seconds = expect.any(Number);
    expect(await page('/health/live')).toEqual({ status: 200, body: { status: 'alive', timestamp, uptime_seconds } });
    expect(await page('/health/ready')).toEqual({
      status: 200,
      body: { status: 'ready', ready: true, timestamp, reasons: ['All systems operational'] },
    });
    const components = { smtp: { status: 'healthy', issues: [], connections: 3, latency_ms: expect.any(Number) } };
    expect(await page('/health')).toEqual({
      status: 200,
      body: {
        status: 'healthy',
        timestamp,
        uptime_seconds,
        components,
        checks: components,
        metrics: { jobs_processed: 0, jobs_failed: 0, jobs_running: 0, jobs_queued: 0 },
        issues: [],
      },
    });
  });

  it.each([
    [() => false, 'unhealthy', 'the check failed'],
    [
      () => Promise.reject(new Error('no route to postgres://u:hunter2@db')),
      'unhealthy',
      'no route to postgres://u:[redacted]@db',
    ],
    [() => ({ status: 'degraded', issues: ['slow'] }) as const, 'degraded', 'slow'],
    [() => ({ issues: ['nearly full'] }), 'degraded', 'nearly full'],
    [() => new Promise<void>(() => {}), 'unhealthy', 'no answer within 10 ms'],
  ])('say what a check found: %#', async (check, status, issue) => {
    const { observability, page } = await aProcess();
    const remove = observability.healthCheck('database', check, { timeoutMs: 10 });
    const health = await page('/health');
    expect(health).toMatchObject({
      status: status === 'unhealthy' ? 503 : 200,
      body: { status, issues: [`database: ${issue}`], components: { database: { status, issues: [issue] } } },
    });
    const ready = await page('/health/ready');
    if (status === 'unhealthy')
      expect(ready).toMatchObject({ status: 503, body: { status: 'not_ready', ready: false, reasons: [`database: ${issue}`] } });
    else expect(ready.status).toBe(200);
    expect((await page('/health/live')).status).toBe(200);
    remove();
    expect((await page('/health')).body).toMatchObject({ status: 'healthy', components: {} });
  });

  it('stay up when a check that is not critical fails', async () => {
    const { observability, page } = await aProcess();
    observability.healthCheck('cache', () => false, { critical: false });
    expect(await page('/health')).toMatchObject({ status: 200, body: { status: 'degraded' } });
    expect(await page('/health/ready')).toMatchObject({ status: 200 });
  });

  it('ask a check once for many probes at a time', async () => {
    const { observability, page } = await aProcess();
    let asked = 0;
    let answer: () => void = () => {};
    observability.healthCheck('slow', async () => {
      asked++;
      await new Promise<void>((resolve) => {
        answer = resolve;
      });
    });
    const probes = [page('/health'), page('/health'), page('/health/ready')];
    await page('/health/live'); // answered after the three before it have arrived
    while (asked === 0) await new Promise(setImmediate);
    await page('/health/live');
    answer();
    await Promise.all(probes);
    expect(asked).toBe(1);
  });
});
