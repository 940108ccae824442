import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { Pipelogiq } from '../../src/client/client.js';
import { NonRetryableError } from '../../src/errors.js';
import { defineHandler } from '../../src/handler.js';
import { aDouble, aWorker, gate, next } from '../worker/harness.js';
import { aProcess } from './support.js';

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';

/** An observed worker that runs against the double until the test ends it. */
async function observed(handlers: Parameters<typeof aWorker>[1]['handlers'], offered: string[] = []) {
  const double = await aDouble();
  const process = await aProcess();
  const { worker } = aWorker(double.url, { handlers, name: 'mail', waitMs: 1 });
  process.observability.attach(worker);
  const stages = offered.map((handler) => double.stages.offer(handler, null, {}, 1));
  return { double, worker, stages, ...process };
}

describe('an attached worker', () => {
  it('shows its jobs as metrics', async () => {
    const fine = defineHandler('fine', {}, async () => 'ok');
    const broken = defineHandler('broken', {}, () => {
      throw new NonRetryableError('no');
    });
    const snoozing = defineHandler('snoozing', {}, (_input: unknown, job) => job.snooze(60_000));
    const { worker, metrics } = await observed([fine, broken, snoozing], ['fine', 'fine', 'broken', 'snoozing']);
    await worker.runOnce();
    const text = await metrics();
    for (const line of [
      'jobs_started_total{handler="fine"} 2',
      'jobs_processed_total{handler="fine",status="completed"} 2',
      'jobs_processed_total{handler="broken",status="failed"} 1',
      'jobs_processed_total{handler="snoozing",status="released"} 1',
      'job_processing_duration_seconds_count{handler="fine"} 2',
      'job_processing_duration_seconds_bucket{handler="broken",le="+Inf"} 1',
      'pipelogiq_worker_tasks_total{worker="mail"} 3',
      'pipelogiq_worker_errors_total{worker="mail"} 1',
      'pipelogiq_worker_status{worker="mail",status="stopped"} 1',
      'pipelogiq_worker_status{worker="mail",status="running"} 0',
      'pipelogiq_worker_concurrency{worker="mail"} 10',
    ])
      expect(text.split('\n')).toContain(line);
  });

  it('shows its state as health, from the start to the end', async () => {
    const started = gate();
    const go = gate();
    const slow = defineHandler('slow', {}, async () => {
      started.open();
      await go.opened;
    });
    const { double, worker, page, metrics } = await observed([slow], ['slow']);
    expect(await page('/health/ready')).toMatchObject({ status: 503, body: { reasons: ['worker mail is not started'] } });

    const done = worker.run();
    await started.opened;
    expect(await page('/health/ready')).toMatchObject({ status: 200, body: { reasons: ['All systems operational'] } });
    expect(await page('/health')).toMatchObject({
      status: 200,
      body: {
        status: 'healthy',
        components: {
          workers: {
            status: 'healthy',
            total: 1,
            running: 1,
            failed: 0,
            total_errors: 0,
            workers: [{ name: 'mail', status: 'running', worker_id: '7', task_count: 0, error_count: 0 }],
            issues: [],
          },
        },
        metrics: { jobs_running: 1 },
      },
    });
    expect(await metrics()).toContain('pipelogiq_worker_jobs_running{worker="mail"} 1');

    double.fault = () => 503;
    await next(worker, 'disconnected');
    expect(await page('/health')).toMatchObject({ status: 200, body: { status: 'degraded' } });
    const away = 'worker mail is disconnected from the control plane';
    expect(await page('/health/ready')).toMatchObject({ status: 503, body: { reasons: [away] } });
    expect(await metrics()).toContain('pipelogiq_worker_status{worker="mail",status="disconnected"} 1');
    double.fault = () => undefined;
    await next(worker, 'reconnected');

    worker.stop();
    await next(worker, 'draining');
    expect(await page('/health/ready')).toMatchObject({ status: 503, body: { reasons: ['worker mail is draining'] } });
    go.open();
    await done;

    double.fault = () => 401;
    await expect(worker.run()).rejects.toThrow();
    expect(await page('/health')).toMatchObject({ status: 503, body: { issues: ['workers: worker mail is failed'] } });
    expect(await page('/health/live')).toMatchObject({ status: 200 });
  });

  it('puts the ids of the job and its trace into every line of its handler', async () => {
    const { observability, lines, worker, stages } = await observed(
      [
        defineHandler('charge', {}, async (_input: unknown, job) => {
          await new Promise(setImmediate);
          observability.logger.info('card charged', { cents: 500 });
          job.log.warn('slow bank', { bank: 'b' });
        }),
      ],
      ['charge'],
    );
    await worker.runOnce();
    const ids = {
      trace_id: TRACE_ID,
      span_id: stages[0]?.id.padStart(16, 'b'),
      pipeline_id: '1',
      pipeline: 'order',
      stage_id: stages[0]?.id,
      job_id: stages[0]?.id,
      handler: 'charge',
      attempt: 1,
      worker_id: '7',
      worker: 'mail',
    };
    const line = (message: string) => lines().find((one) => one.message === message);
    expect(line('card charged')).toMatchObject({ logger: 'app', level: 'info', cents: 500, ...ids });
    expect(line('slow bank')).toMatchObject({ logger: 'pipelogiq.job', level: 'warn', bank: 'b', ...ids });
    expect(line('worker started')).toMatchObject({ worker: 'mail', worker_id: '7' });
    expect(line('worker started')).not.toHaveProperty('job_id');
  });

  it('logs what fails, with its ids and its duration', async () => {
    const broken = defineHandler('broken', {}, () => {
      throw new NonRetryableError('the bank said no', { code: 'declined' });
    });
    const { worker, lines } = await observed([broken], ['broken']);
    await worker.runOnce();
    expect(lines().find(({ message }) => message === 'job_failed')).toMatchObject({
      level: 'error',
      handler: 'broken',
      category: 'job',
      error_code: 'declined',
      error: {
        type: 'NonRetryableError',
        message: 'the bank said no',
        code: 'declined',
        stack: expect.stringMatching(/^NonRetryableError: the bank said no\n.*at /s),
      },
      will_retry: false,
      duration_ms: expect.any(Number),
      job_id: expect.any(String),
      context: { job_id: expect.any(String), run_id: '1', runner_id: '7', attempt: 1 },
    });
  });

  it('logs what begins and ends at debug only, each line with what it is about', async () => {
    const { worker, lines } = await observed([defineHandler('fine', {}, () => 1)], ['fine']);
    await worker.runOnce();
    const ofJobs = () => lines().filter(({ message }) => message.startsWith('job_'));
    expect(ofJobs()).toEqual([]);
    expect(lines().find(({ message }) => message === 'worker started')).toMatchObject({ category: 'runner' });
    const again = await observed([defineHandler('fine', {}, () => 1)], ['fine']);
    again.observability.logger.level = 'debug';
    await again.worker.runOnce();
    const seen = again.lines().filter(({ message }) => message.startsWith('job_'));
    expect(seen.map(({ message, category, level }) => [message, category, level])).toEqual([
      ['job_started', 'job', 'debug'],
      ['job_completed', 'job', 'debug'],
    ]);
  });

  it('still warns of errors when nothing is logged', async () => {
    const double = await aDouble();
    const { observability, lines } = await aProcess({ logs: false });
    const worker = new Pipelogiq({ url: double.url, apiKey: 'plq_test' }).worker({
      handlers: [defineHandler('fine', {}, () => 1)],
    });
    observability.attach(worker);
    const warned = once(process, 'warning');
    worker.emit('error', new Error('somebody should know'));
    expect((await warned)[0]).toMatchObject({ message: 'somebody should know' });
    expect(lines()).toEqual([]);
  });

  it('counts once when it is attached twice', async () => {
    const { observability, worker, metrics } = await observed([defineHandler('fine', {}, () => 1)], ['fine']);
    expect(observability.attach(worker)).toBe(worker);
    await worker.runOnce();
    expect(await metrics()).toContain('jobs_processed_total{handler="fine",status="completed"} 1');
  });
});
