import { describe, expect, it } from 'vitest';
import { JobLines } from '../../src/telemetry/job-lines.js';
import { createLogger } from '../../src/telemetry/logging.js';
import type { TestOptions } from '../../src/testing/index.js';
import { harness } from '../engine/support.js';
import { aLogFile, type LogLine } from './log-file.js';

/** As the files have them: apart by category. */
const JOB_LINES = ['job_started', 'job_completed', 'job_assigned'];

async function logging(options: TestOptions = {}) {
  const { logFile, lines, text } = aLogFile();
  const server = await harness({ logFile, logLevel: 'info', ...options });
  const told = (message: string): LogLine[] => lines().filter((line) => line.message === message);
  const ofJobs = () => lines().filter(({ message }) => /^job_/.test(String(message)));
  return { ...server, told, ofJobs, text };
}

const onePipeline = (extra: object = {}) => ({ name: 'order', stages: [{ name: 'charge', handler: 'a', ...extra }] });

describe('lines about jobs', () => {
  it('tell what was assigned, started and completed, with ids, times and the context of both', async () => {
    const { controlPlane, create, worker, told } = await logging({ logJobs: true });
    const { id, traceId } = await create({ ...onePipeline({ priority: 7 }) });
    await controlPlane.advance(2_340);
    const runner = await worker(['a']);
    const job = await runner.one();
    await controlPlane.advance(1_000);
    await runner.ack(job);
    const ids = {
      level: 'info',
      service: 'pipelogiq',
      trace_id: traceId,
      span_id: job.traceparent.split('-')[2],
      application_id: expect.stringMatching(/^\d+$/),
      pipeline_id: id,
      stage_id: job.id,
      worker_id: runner.session.workerId,
    };
    const context = {
      job_id: job.id,
      run_id: id,
      pipeline: 'order',
      stage: 'charge',
      handler: 'a',
      runner_id: runner.session.workerId,
      attempt: 1,
      queue_wait_ms: 2_340,
    };
    expect(told('job_assigned')).toMatchObject([{ ...ids, category: 'scheduler', context: { ...context, priority: 7 } }]);
    expect(told('job_started')).toMatchObject([{ ...ids, category: 'job', context: { ...context, priority: 7 } }]);
    expect(told('job_completed')).toMatchObject([
      { ...ids, category: 'job', duration_ms: 1_000, context: { ...context, conclusion: 'completed' } },
    ]);
  });

  it('tell what failed and what is tried again, with the error', async () => {
    const { controlPlane, create, worker, told } = await logging({ logJobs: true });
    await create(onePipeline({ maxAttempts: 2, backoff: { type: 'fixed', delayMs: 1_000, jitter: false } }));
    const runner = await worker(['a']);
    await runner.nack(await runner.one());
    await controlPlane.advance(1_000);
    await runner.nack(await runner.one());
    const error = { code: 'boom', message: 'it broke' };
    expect(told('job_retried')).toMatchObject([{ category: 'job', error, context: { attempt: 1, conclusion: 'retried' } }]);
    expect(told('job_failed')).toMatchObject([{ category: 'job', error, context: { attempt: 2, conclusion: 'failed' } }]);
    const { id } = await create(onePipeline());
    await runner.one();
    await controlPlane.advance(70_000);
    expect(told('job_expired')).toMatchObject([{ pipeline_id: id, error: { code: 'lease_expired' } }]);
  });

  it('are debug unless they are asked for, and follow the level of now', async () => {
    const { call, create, worker, ofJobs } = await logging();
    const runner = await worker(['a']);
    const once = async () => {
      await create(onePipeline());
      await runner.ack(await runner.one());
    };
    await once();
    expect(ofJobs()).toEqual([]);
    await call('PUT', '/log-level', { level: 'debug' });
    await once();
    expect(ofJobs().map(({ level, message }) => `${level} ${message}`)).toEqual(JOB_LINES.map((message) => `debug ${message}`));
  });

  it('cost nothing where they are not written: nobody looks at what was done', () => {
    const untouched = new Proxy([], {
      get: () => {
        throw new Error('looked at');
      },
    });
    const log = createLogger({ level: 'info', service: 'pipelogiq', clock: { now: () => 0 } });
    const group = { counts: { all: untouched }, samples: untouched, workers: [] };
    new JobLines(log, { logJobs: false }).committed(group);
    expect(() => new JobLines(log, { logJobs: true }).committed(group)).toThrow('looked at');
  });

  it('are there without metrics and insights too', async () => {
    const { create, worker, ofJobs } = await logging({ logJobs: true, metrics: false, insights: false });
    await create(onePipeline());
    const runner = await worker(['a']);
    await runner.ack(await runner.one());
    expect(ofJobs().map(({ message }) => message)).toEqual(JOB_LINES);
  });

  it('cannot be forged by names and messages of users, and show no secret of theirs', async () => {
    const { create, worker, text, told } = await logging({ logJobs: true });
    const evil = 'x\u001b[2J\n{"level":"fatal"}\u202e';
    await create({ name: 'order', stages: [{ name: 'charge', handler: 'a', maxAttempts: 1 }] });
    const runner = await worker(['a'], { workerName: `w\u001b[31m${'\u202e'}` });
    const error = { code: 'boom', message: `${evil} postgres://app:hunter2@db/main plq_${'s3cret'.repeat(4)}` };
    await runner.post('/jobs/nack', { nacks: [{ ...jobRef(await runner.one()), error }] });
    expect(told('job_failed')).toMatchObject([
      { error: { message: expect.stringContaining('app:[redacted]@db/main plq_[redacted]') } },
    ]);
    expect(text()).not.toMatch(/hunter2|s3cret/);
    expect([...text()].filter((character) => /[^\n\u0020-\u007e]/.test(character))).toEqual([]);
  });
});

const jobRef = ({ id, fencingToken }: { id: string; fencingToken: number }) => ({ id, fencingToken });

describe('lines about workers', () => {
  it('tell at info who registered, was drained and stopped; beats at debug', async () => {
    const { call, worker, told } = await logging();
    const runner = await worker(['a', 'b']);
    const { workerId } = runner.session;
    await runner.post('/workers/heartbeat', { state: 'running', jobs: [], inFlight: 0, processed: 0, failed: 0 });
    expect(told('worker_heartbeat')).toEqual([]);
    await call('PUT', '/log-level', { level: 'debug' });
    await runner.post('/workers/heartbeat', { state: 'running', jobs: [], inFlight: 3, processed: 0, failed: 0 });
    await call('POST', `/workers/${workerId}/drain`);
    await runner.post('/workers/shutdown', {});
    const line = { level: 'info', category: 'runner', worker_id: workerId, context: { runner_id: workerId, worker: 'worker-1' } };
    expect(told('worker_registered')).toMatchObject([{ ...line, context: { ...line.context, handlers: ['a', 'b'] } }]);
    expect(told('worker_drained')).toMatchObject([line]);
    expect(told('worker_stopped')).toMatchObject([line]);
    expect(told('worker_heartbeat')).toMatchObject([
      { level: 'debug', category: 'runner', worker_id: workerId, context: { runner_id: workerId, in_flight: 3 } },
    ]);
  });

  it('tell once of one that fell silent, and not of one that stopped or still beats', async () => {
    const { controlPlane, worker, told } = await logging();
    const [silent, stopped, live] = [await worker(), await worker(), await worker()];
    await stopped.post('/workers/shutdown', {});
    const beat = () => live.post('/workers/heartbeat', { state: 'running', jobs: [], inFlight: 0, processed: 0, failed: 0 });
    for (let tens = 0; tens < 12; tens++) {
      await controlPlane.advance(10_000);
      await beat();
    }
    expect(told('worker_disconnected')).toMatchObject([
      { level: 'warn', category: 'runner', worker_id: silent.session.workerId, last_seen_at: '2030-01-01T00:00:00.000Z' },
    ]);
  });

  it('call nobody silent who could not reach a server that was away', async () => {
    const { controlPlane, worker, told } = await logging();
    const runner = await worker();
    const beat = () => runner.post('/workers/heartbeat', { state: 'running', jobs: [], inFlight: 0, processed: 0, failed: 0 });
    await controlPlane.advance(10_000);
    await beat();
    await controlPlane.jump(600_000);
    await controlPlane.advance(1_000); // it looks before the worker has found it again
    await beat();
    await controlPlane.advance(20_000);
    expect(told('worker_disconnected')).toEqual([]);
  });
});

describe('lines about requests', () => {
  it('tell at debug who asked for what, under the ids of its trace', async () => {
    const { call, send, told } = await logging({ logLevel: 'debug' });
    const { key, id } = await call<{ key: string; id: string }>('POST', '/api-keys', { name: 'n', scopes: ['read'] });
    const traceId = '0af7651916cd43dd8448eb211c80319c';
    const headers = { authorization: `Bearer ${key}`, traceparent: `00-${traceId}-b7ad6b7169203331-01`, 'x-request-id': 'r-1' };
    await send('GET', '/pipelines?search=x', undefined, headers);
    expect(told('request').at(-1)).toEqual({
      timestamp: '2030-01-01T00:00:00.000Z',
      level: 'debug',
      service: 'pipelogiq',
      category: 'debug',
      request_id: 'r-1',
      trace_id: traceId,
      span_id: expect.stringMatching(/^[0-9a-f]{16}$/),
      user_id: `key:${id}`,
      method: 'GET',
      route: '/pipelines',
      status: 200,
      duration_ms: expect.any(Number),
      message: 'request',
    });
  });
});
