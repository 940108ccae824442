import { describe, expect, it } from 'vitest';
import { LeaseLostError } from '../../src/errors.js';
import { defineHandler } from '../../src/handler.js';
import { aDouble, next, running } from './harness.js';

describe('what a job reports', () => {
  it('sends log lines before the result', async () => {
    const double = await aDouble();
    const chatty = defineHandler('chatty', {}, (_input: unknown, job) => {
      job.log.info('charging', { orderId: 42, big: 1n, failure: new Error('no') });
      job.log.error('odd');
    });
    const stage = double.stages.offer('chatty');
    let completedWhenLogged: boolean | undefined;
    double.fault = ({ path }) => {
      if (path === '/logs') completedWhenLogged = stage.status === 'completed';
      return undefined;
    };
    const { worker, stop } = await running(double.url, { handlers: [chatty] });
    await next(worker, 'job_completed');
    expect(completedWhenLogged).toBe(false);
    expect(double.logs).toMatchObject([
      {
        id: stage.id,
        fencingToken: 1,
        level: 'info',
        message: 'charging',
        fields: { orderId: 42, big: '1', failure: { message: 'no' } },
      },
      { id: stage.id, fencingToken: 1, level: 'error', message: 'odd' },
    ]);
    await stop();
  });

  it('drops only the log line that the server refuses', async () => {
    const double = await aDouble();
    const chatty = defineHandler('chatty', {}, (_input: unknown, job) => {
      for (let line = 0; line < 5; line++) job.log.info(`line ${line}`);
    });
    double.stages.offer('chatty');
    double.fault = ({ path, body }) => (path === '/logs' && JSON.stringify(body).includes('line 3') ? 422 : undefined);
    const { worker, stop } = await running(double.url, { handlers: [chatty] });
    await next(worker, 'job_completed');
    expect(double.logs.map(({ message }) => message)).toEqual(['line 0', 'line 1', 'line 2', 'line 4']);
    await stop();
  });

  it('lets the result go when the server takes no logs', async () => {
    const double = await aDouble();
    double.fault = ({ path }) => (path === '/logs' ? 503 : undefined);
    double.stages.offer('chatty');
    const chatty = defineHandler('chatty', {}, (_input: unknown, job) => job.log.info('hello'));
    const { worker, stop } = await running(double.url, { handlers: [chatty] });
    await next(worker, 'job_completed');
    double.fault = () => undefined;
    await stop(); // sends what is left
    expect(double.logs.map(({ message }) => message)).toEqual(['hello']);
  });

  it('sends the latest progress only, while a report is on its way', async () => {
    const double = await aDouble();
    const counting = defineHandler('counting', {}, (_input: unknown, job) => {
      for (let done = 1; done <= 100; done++) void job.progress(done / 100, `${done} done`);
    });
    const stage = double.stages.offer('counting');
    const { worker, stop } = await running(double.url, { handlers: [counting] });
    await next(worker, 'job_completed');
    expect(double.progress.at(-1)).toEqual({ id: stage.id, fencingToken: 1, ratio: 1, message: '100 done' });
    expect(double.progress.length).toBeLessThan(5);
    await stop();
  });

  it('commits context writes with the result, and flushed ones before', async () => {
    const double = await aDouble();
    let flushed: unknown;
    const stage = double.stages.offer('writing', null, { context: { before: 1 } });
    const writing = defineHandler('writing', {}, async (_input: unknown, job) => {
      job.context.set('early', { a: 1 });
      await job.context.flush();
      flushed = { ...stage.context };
      job.context.set('late', 'x', { sensitive: true });
      return { all: job.context.all(), early: job.context.get('early') ?? null };
    });
    const { worker, stop } = await running(double.url, { handlers: [writing] });
    await next(worker, 'job_completed');
    expect(flushed).toEqual({ early: { a: 1 } });
    expect(stage.context).toEqual({ early: { a: 1 }, late: 'x' });
    expect(stage.output).toEqual({ all: { before: 1, early: { a: 1 }, late: 'x' }, early: { a: 1 } });
    await stop();
  });

  it('drops context writes of an attempt that fails', async () => {
    const double = await aDouble();
    const stage = double.stages.offer('writing', null, {}, 1);
    const writing = defineHandler('writing', {}, (_input: unknown, job) => {
      job.context.set('half', true);
      throw new Error('no');
    });
    const { worker, stop } = await running(double.url, { handlers: [writing] });
    await next(worker, 'job_failed');
    expect(stage.context).toEqual({});
    await stop();
  });

  it('learns from a report that its lease was lost', async () => {
    const double = await aDouble();
    const stage = double.stages.offer('writing');
    let thrown: unknown;
    let reason: unknown;
    const writing = defineHandler('writing', {}, async (_input: unknown, job) => {
      double.stages.end(stage.id, 'cancelled', 'cancelled');
      job.context.set('key', 1);
      await job.context.flush().catch((error: unknown) => {
        thrown = error;
      });
      reason = job.signal.reason;
    });
    const { worker, stop } = await running(double.url, { handlers: [writing] });
    await next(worker, 'result_dropped');
    expect(thrown).toBeInstanceOf(LeaseLostError);
    expect(reason).toMatchObject({ code: 'cancelled' });
    await stop();
  });

  it('reports a failure with its code, whether to retry, and when', async () => {
    const double = await aDouble();
    const later = double.stages.offer('later');
    const { worker, stop } = await running(double.url, {
      handlers: [
        defineHandler('later', {}, (_input: unknown, job) => {
          if (job.attempt === 1) job.retryAfter(1_500, 'come back');
        }),
      ],
    });
    expect(await next(worker, 'job_failed')).toMatchObject({
      error: { code: 'retry_after', message: 'come back' },
      willRetry: true,
    });
    expect(later.retryAfterMs).toBe(1_500);
    await stop();
  });

  it('gives a job back that snoozes, with its delay and without a failure', async () => {
    const double = await aDouble();
    const stage = double.stages.offer('waits');
    const failures: unknown[] = [];
    const { worker, stop } = await running(double.url, {
      handlers: [defineHandler('waits', {}, (_input: unknown, job) => job.snooze(90_000))],
    });
    worker.on('job_failed', (failure) => failures.push(failure));
    expect(await next(worker, 'job_released')).toMatchObject({ job: { id: stage.id, attempt: 1 } });
    expect(double.settles('releases')).toEqual([{ id: stage.id, fencingToken: 1, delayMs: 90_000 }]);
    expect(await stop()).toEqual({ processed: 0, failed: 0 });
    expect([stage.status, stage.attempts, failures]).toEqual(['scheduled', 0, []]);
  });

  it('asks for a token of an event stage under its own lease, again when the answer is lost', async () => {
    const double = await aDouble();
    const stage = double.stages.offer('asks');
    double.fault = ({ path }) => (path.endsWith('/event-token') && double.to(path).length === 1 ? 'drop' : undefined);
    const { worker, stop } = await running(double.url, {
      handlers: [defineHandler('asks', {}, (_input: unknown, job) => job.eventToken('approve'))],
    });
    await next(worker, 'job_completed');
    const request = { workerId: '7', fencingToken: 1, stage: 'approve' };
    expect(double.to(`/jobs/${stage.id}/event-token`)).toEqual([request, request]);
    expect(stage.output).toEqual({ stageId: '99', token: 'token of approve' });
    await stop();
  });

  it.each([404, 409, 422])(
    'fails for good, in one call, when it asks for a token of a stage that takes none: %i',
    async (status) => {
      const double = await aDouble();
      const stage = double.stages.offer('asks');
      double.fault = ({ path }) => (path.endsWith('/event-token') ? status : undefined);
      const { worker, stop } = await running(double.url, {
        handlers: [defineHandler('asks', {}, (_input: unknown, job) => job.eventToken('aprove'))],
      });
      expect(await next(worker, 'job_failed')).toMatchObject({ job: { id: stage.id } });
      expect(double.to(`/jobs/${stage.id}/event-token`)).toHaveLength(1);
      expect(double.settles('nacks')).toMatchObject([{ id: stage.id, retryable: false }]);
      await stop();
    },
  );

  it('runs handlers through all middleware, the first one outermost', async () => {
    const double = await aDouble();
    const order: string[] = [];
    const echo = defineHandler('echo', {}, (input: number) => {
      order.push('handler');
      return input;
    });
    const { worker, stop } = await running(double.url, { handlers: [echo] });
    worker.use(async (job, proceed) => {
      order.push(`outer ${job.handler}`);
      const result = await proceed();
      order.push('outer end');
      return Number(result) + 1;
    });
    worker.use(async (_job, proceed) => {
      order.push('inner');
      return Number(await proceed()) * 10;
    });
    const stage = double.stages.offer('echo', 4);
    double.changed();
    await next(worker, 'job_completed');
    expect(order).toEqual(['outer echo', 'inner', 'handler', 'outer end']);
    expect(stage.output).toBe(41);
    await stop();
  });
});
