import { expect, it } from 'vitest';
import { healthOf, readinessOf } from '../health/support.js';
import { harness } from './support.js';

const NOTICED_MS = 5_000;
const MISSING = 'Work waits for handlers that no live worker has.';
const BEAT = { state: 'running', jobs: [], inFlight: 0, processed: 0, failed: 0 };

it('says of every part how it is', async () => {
  const server = await harness();
  await server.controlPlane.advance(1_000);
  const { status, body } = await healthOf(server);
  expect(status).toBe(200);
  expect(body).toMatchObject({
    status: 'healthy',
    database: 'connected',
    issues: [],
    components: {
      database: { status: 'healthy', latency_ms: expect.any(Number), issues: [] },
      committer: {
        status: 'healthy',
        queued: 0,
        parked_pulls: 0,
        last_commit_at: expect.stringMatching(/Z$/),
        failing_since: null,
      },
      loops: {
        status: 'healthy',
        loops: { 'expire-leases': { every_ms: 1_000, last_run: expect.stringMatching(/Z$/), failures: 0 } },
      },
      workers: { status: 'healthy', total: 0, healthy: 0, stale: 0, health_ratio: 1, unserved_handlers: 0, issues: [] },
    },
  });
  const parts = ['database', 'committer', 'loops', 'workers', 'integrations', 'alerts', 'secrets']; // no disk: no file
  expect(Object.keys(body.components).sort()).toEqual(parts.sort());
  expect((await server.send('GET', '/health/startup')).status).toBe(200);
  expect((await readinessOf(server)).status).toBe(200);
});

// Seen to fail when checkWorkers looks at no waiting work.
it('notices within 5 s that work waits for a handler that no live worker has', async () => {
  const server = await harness();
  const [other] = [await server.worker(['b'])];
  await server.create({ stages: [{ name: 'b' }, { name: 'a', dependsOn: [] }, { name: 'c', dependsOn: [] }] });
  await other.pull();
  await server.controlPlane.advance(NOTICED_MS);
  const workers = async () => (await healthOf(server)).body.components.workers;
  expect(await workers()).toMatchObject({
    status: 'degraded',
    issues: [MISSING],
    unserved_handlers: 2,
    longest_unserved_ms: NOTICED_MS,
  });
  const a = await server.worker(['a', 'c']);
  await server.controlPlane.advance(1_000);
  expect(await workers()).toMatchObject({ status: 'healthy', total: 2, healthy: 2, unserved_handlers: 0 });
  await server.call('POST', `/workers/${a.session.workerId}/drain`); // it takes nothing more
  await server.controlPlane.advance(1_000);
  expect(await workers()).toMatchObject({ issues: [MISSING], unserved_handlers: 2 });
});

it('does not take work that waits for its time, or of a paused pipeline, for work without workers', async () => {
  const server = await harness();
  await server.create({ stages: [{ name: 'a', delayMs: 3_600_000 }] });
  const { id } = await server.create({ stages: [{ name: 'b' }] });
  await server.call('POST', `/pipelines/${id}/pause`);
  await server.controlPlane.advance(NOTICED_MS);
  expect((await healthOf(server)).body.issues).toEqual([]);
});

it('counts workers that fell silent until they are forgotten', async () => {
  const server = await harness({ silentWorkersMs: 60_000 });
  const [first] = [await server.worker(), await server.worker()];
  for (let beats = 0; beats < 4; beats++) {
    await server.controlPlane.advance(10_000);
    await first.post('/workers/heartbeat', BEAT);
  }
  const workers = async () => (await healthOf(server)).body.components.workers;
  expect(await workers()).toMatchObject({ status: 'degraded', total: 2, healthy: 1, stale: 1, health_ratio: 0.5 });
  await first.post('/workers/shutdown', {});
  await server.controlPlane.advance(60_000);
  expect(await workers()).toMatchObject({ status: 'healthy', total: 0, stale: 0, health_ratio: 1 });
});
