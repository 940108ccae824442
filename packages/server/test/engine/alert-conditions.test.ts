import type { AlertCondition, ApiKeyCreated } from '@pipelogiq/protocol';
import { describe, expect, it } from 'vitest';
import { look, toldOf, watching } from './alerts-support.js';
import { type Answer, aProvider } from './provider.js';

describe('conditions of alerts', () => {
  it('pipeline_stuck: a pipeline that takes longer than its own time', async () => {
    const { a, receiver, told } = await watching('pipeline_stuck', { threshold: 60_000 }, { groupBy: ['pipeline_id'] });
    const worker = await a.worker(['slow']);
    await a.create({ name: 'own', slaMs: 5_000, stages: [{ name: 's', handler: 'slow' }] });
    await a.create({ name: 'other', stages: [{ name: 's', handler: 'slow' }] });
    await look(a, 3);
    expect(told()).toEqual([]);
    await look(a, 4);
    await receiver.has(1);
    expect(toldOf(receiver)[0]?.data.labels).toMatchObject({ pipeline: 'own', threshold: '5 s' });
    for (const job of await worker.pull({ maxJobs: 2 })) await worker.ack(job);
    await look(a);
    await receiver.has(2);
    expect(told()).toEqual([
      ['trigger', 'pipeline_stuck'],
      ['resolve', 'pipeline_stuck'],
    ]);
  });

  it('pipeline_stuck: a pipeline without a time of its own that takes longer than the rule allows', async () => {
    const { a, receiver } = await watching('pipeline_stuck', { threshold: 3_000 });
    const worker = await a.worker(['slow']);
    await a.create({ name: 'own', slaMs: 60_000, stages: [{ name: 's', handler: 'slow' }] });
    await a.create({ name: 'other', stages: [{ name: 's', handler: 'slow' }] });
    await look(a, 5);
    await receiver.has(1);
    expect(toldOf(receiver)[0]?.data.labels).toMatchObject({ pipeline: 'other', threshold: '3 s' });
    for (const job of await worker.pull({ maxJobs: 2 })) await worker.ack(job);
    await look(a);
    await receiver.has(2);
    expect(toldOf(receiver)[1]?.type).toBe('alert.resolve');
  });

  it('worker_heartbeat_lost: a worker that fell silent, until it is heard of again', async () => {
    const { a, receiver, told } = await watching(
      'worker_heartbeat_lost',
      undefined,
      { groupBy: ['worker'] },
      { heartbeatIntervalMs: 1_000 },
    );
    const worker = await a.worker(['h']);
    await look(a, 5);
    await receiver.has(1);
    expect(toldOf(receiver)[0]?.data.labels.worker_id).toBe(worker.session.workerId);
    await worker.post('/workers/heartbeat', { state: 'running', jobs: [], inFlight: 0, processed: 0, failed: 0 });
    await look(a);
    await receiver.has(2);
    expect(told().map(([action]) => action)).toEqual(['trigger', 'resolve']);
  });

  // Seen to fail: who is looked for no more counted as back.
  it('worker_heartbeat_lost: a worker that stays silent for very long is not back, and begins no alert', async () => {
    const options = { heartbeatIntervalMs: 1_000, silentWorkersMs: 60_000 };
    const { a, receiver, told } = await watching('worker_heartbeat_lost', undefined, { groupBy: ['worker'] }, options);
    const lost = await a.worker(['h']);
    await look(a, 5);
    await receiver.has(1);
    await a.controlPlane.jump(120_000);
    await look(a, 2);
    expect(await a.incidents()).toMatchObject([{ status: 'open', labels: { worker_id: lost.session.workerId } }]);
    await a.rule({ events: ['worker_heartbeat_lost'], channels: [], groupBy: ['worker'] });
    await look(a, 2);
    expect(await a.incidents()).toHaveLength(1);
    expect(told().map(([action]) => action)).not.toContain('resolve');
  });

  it('queue_backlog_high: with a threshold to begin and another to end', async () => {
    const { a, receiver } = await watching('queue_backlog_high', { threshold: 4, clearThreshold: 2 });
    for (let count = 0; count < 4; count++) await a.create({ stages: [{ name: 's', handler: 'h' }] });
    await look(a);
    await receiver.has(1);
    expect(toldOf(receiver)[0]?.data.labels).toMatchObject({ handler: 'h', value: '4 stages wait' });
    const worker = await a.worker(['h']);
    const jobs = await worker.pull({ maxJobs: 2 });
    await look(a, 3);
    expect(receiver.calls).toBe(1); // 2 wait: between the two
    jobs.push(...(await worker.pull({ maxJobs: 1 })));
    await look(a);
    await receiver.has(2);
    expect(toldOf(receiver)[1]?.type).toBe('alert.resolve');
  });

  it('forMs: a condition must hold for that time, and be over for it', async () => {
    const { a, receiver } = await watching('queue_backlog_high', { threshold: 1, forMs: 5_000 });
    const worker = await a.worker(['h']);
    await a.create({ stages: [{ name: 's', handler: 'h' }] });
    await look(a, 3);
    await worker.ack(await worker.one());
    await look(a, 6);
    expect(receiver.calls).toBe(0);
    await a.create({ stages: [{ name: 's', handler: 'h' }] });
    await look(a, 8);
    await receiver.has(1);
  });

  it('retry_storm: attempts that fail, by handler', async () => {
    const { a, receiver } = await watching('retry_storm', { threshold: 3, windowMs: 60_000 });
    const worker = await a.worker(['bad']);
    await a.create({
      stages: [{ name: 's', handler: 'bad', maxAttempts: 5, backoff: { type: 'fixed', delayMs: 0, jitter: false } }],
    });
    for (let attempt = 0; attempt < 3; attempt++) {
      await worker.nack(await worker.one(), { error: { code: 'c', message: 'm' } });
      await a.controlPlane.advance(0);
    }
    await look(a);
    await receiver.has(1);
    expect(toldOf(receiver)[0]?.data.labels.handler).toBe('bad');
    await a.controlPlane.jump(120_000); // out of the window
    await look(a);
    await receiver.has(2);
    expect(toldOf(receiver)[1]?.type).toBe('alert.resolve');
  });

  it('integration_check_failing: failures in a row of an integration, until it works', async () => {
    const { a, receiver, told } = await watching('integration_check_failing', { threshold: 1 });
    let answer: Answer = { status: 500, body: 'no' };
    const grafana = await aProvider(() => answer);
    await a.call('POST', '/observability/config', { type: 'grafana', config: { url: grafana.url, token: 'glsa_token' } });
    await a.failing();
    await grafana.wasCalled(1);
    await look(a, 3);
    await receiver.has(1);
    expect(toldOf(receiver)[0]?.data.labels).toMatchObject({ subject: 'grafana' });
    await look(a, 3);
    expect(receiver.calls).toBe(1); // it is still broken
    answer = { status: 200, body: JSON.stringify({ message: 'Annotation added', id: 1 }) };
    await a.controlPlane.advance(60_000); // it is tried again
    await grafana.has(1);
    await look(a, 3);
    await receiver.has(2);
    expect(told().map(([action]) => action)).toEqual(['trigger', 'resolve']);
  });

  it('worker_registration_failing: keys that may not register', async () => {
    const { a, receiver } = await watching('worker_registration_failing', { threshold: 2 }, {}, { auditRefusalsEveryMs: 1_000 });
    const { key } = await a.call<ApiKeyCreated>('POST', '/api-keys', { name: 'reader', scopes: ['read'] });
    for (let count = 0; count < 2; count++) {
      const body = JSON.stringify({ workerName: 'w', supportedHandlers: ['h'] });
      const answer = await a.send('POST', '/workers/bootstrap', body, { authorization: `Bearer ${key}` });
      expect(answer.status).toBe(403);
    }
    await look(a, 4);
    await receiver.has(1);
    expect(toldOf(receiver)[0]?.data.labels).toMatchObject({ value: '2 were refused', message: 'forbidden' });
    await a.controlPlane.jump(600_000); // out of the window
    await look(a);
    await receiver.has(2);
    expect(toldOf(receiver)[1]?.type).toBe('alert.resolve');
  });

  it('threshold_crossed: the rate of success, of enough runs', async () => {
    const condition: AlertCondition = {
      metric: 'success_rate',
      direction: 'below',
      threshold: 0.5,
      minSamples: 3,
      windowMs: 3_600_000,
    };
    const { a, receiver } = await watching('threshold_crossed', condition);
    await a.failing('order');
    await a.failing('order');
    await look(a, 3);
    expect(receiver.calls).toBe(0);
    await a.failing('order');
    await look(a, 3);
    await receiver.has(1);
    expect(toldOf(receiver)[0]?.data.labels).toMatchObject({ subject: 'success_rate', value: '0', threshold: '0.5' });
    for (let count = 0; count < 4; count++) await a.passing('order');
    await look(a, 3);
    await receiver.has(2);
    expect(toldOf(receiver)[1]?.type).toBe('alert.resolve');
  });

  it('threshold_crossed: workers_online', async () => {
    const { a, receiver } = await watching('threshold_crossed', { metric: 'workers_online', direction: 'below', threshold: 0 });
    await look(a, 3);
    await receiver.has(1);
    expect(toldOf(receiver)[0]?.data.labels.subject).toBe('workers_online');
  });

  it('p95_regression: slower than in the window before', async () => {
    const { a, receiver } = await watching('p95_regression', { windowMs: 60_000, minSamples: 5 }, { groupBy: ['handler'] });
    const worker = await a.worker(['h']);
    const run = async (ms: number): Promise<void> => {
      for (let count = 0; count < 6; count++) await a.create({ stages: [{ name: 's', handler: 'h' }] });
      const jobs = await worker.pull({ maxJobs: 6 });
      await a.controlPlane.advance(ms);
      for (const job of jobs) await worker.ack(job);
    };
    await run(100);
    await a.controlPlane.advance(121_000); // whole minutes apart
    await run(3_000);
    await look(a, 3);
    await receiver.has(1);
    expect(toldOf(receiver)[0]?.data.labels).toMatchObject({ handler: 'h', pipeline: 'test' });
    await a.controlPlane.advance(121_000);
    expect(receiver.calls).toBe(1); // nothing ran: nothing is known
    await run(3_000);
    await a.controlPlane.advance(121_000);
    await run(3_000);
    await look(a, 3);
    await receiver.has(2);
    expect(toldOf(receiver)[1]?.type).toBe('alert.resolve');
  });
});
