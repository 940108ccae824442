import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { defineHandler } from '../../src/handler.js';
import { aDouble, aWorker, gate, next, running } from './harness.js';

const echo = defineHandler('echo', {}, (input: unknown) => input);

describe('a worker whose server is not always there', () => {
  it('repeats a pull whose answer was lost under the same number, and gets the same jobs', async () => {
    const double = await aDouble();
    const stage = double.stages.offer('echo', 1);
    let lost = 0;
    double.fault = ({ path }) => (path === '/jobs/pull' && lost++ === 0 ? 'drop' : undefined);
    const { worker, stop } = await running(double.url, { handlers: [echo] });
    await next(worker, 'job_completed');
    const [first, second] = double.to('/jobs/pull');
    expect(second).toEqual(first);
    expect(stage).toMatchObject({ leases: 1, status: 'completed' });
    await stop();
  });

  it('repeats results that travelled with a pull whose answer was lost', async () => {
    const double = await aDouble();
    const stage = double.stages.offer('echo', 1);
    let lost = 0;
    double.fault = ({ path, body }) => (path === '/jobs/pull' && body.settle && lost++ < 3 ? 'drop' : undefined);
    const { worker, stop } = await running(double.url, { handlers: [echo], concurrency: 1 });
    const { job } = await next(worker, 'job_completed');
    expect(job.id).toBe(stage.id);
    expect(double.stages.refused).toEqual([]);
    await stop();
  });

  it('holds results while the server is away and delivers them when it is back', async () => {
    const double = await aDouble();
    const release = gate();
    const wait = defineHandler('wait', {}, () => release.opened);
    for (let index = 0; index < 20; index++) double.stages.offer('wait');
    const { worker, stop, errors } = await running(double.url, { handlers: [wait], concurrency: 25 });
    await double.until(() => double.stages.get('20').status === 'running' && double.to('/jobs/pull').length === 2);
    const disconnected = next(worker, 'disconnected');
    await double.close();
    await disconnected;
    release.open();
    const reconnected = next(worker, 'reconnected');
    await double.listen();
    await reconnected;
    await double.until(() => double.stages.every('completed'));
    expect(double.stages.refused).toEqual([]);
    expect(await stop()).toEqual({ processed: 20, failed: 0 });
    expect(errors).toEqual([]);
  });

  it('waits for a server that is not there yet', async () => {
    const double = await aDouble();
    await double.close();
    const stage = double.stages.offer('echo', 1);
    const { worker } = aWorker(double.url, { handlers: [echo] });
    const disconnected = next(worker, 'disconnected');
    const done = worker.run();
    await disconnected;
    const completed = next(worker, 'job_completed');
    await double.listen();
    expect((await completed).job.id).toBe(stage.id);
    worker.stop();
    await done;
  });

  it('can be stopped while it waits for the server', async () => {
    const double = await aDouble();
    await double.close();
    const { worker } = aWorker(double.url, { handlers: [echo] });
    const disconnected = next(worker, 'disconnected');
    const done = worker.run();
    await disconnected;
    worker.stop();
    expect(await done).toEqual({ processed: 0, failed: 0 });
  });

  it('registers again with the same instance id when its session is unknown', async () => {
    const double = await aDouble();
    const { worker, stop } = await running(double.url, { handlers: [echo], instanceId: 'box-1' });
    await double.until(() => double.to('/jobs/pull').length === 1);
    double.forgetSession();
    double.stages.offer('echo', 1);
    double.changed(); // the waiting pull brings it; its result meets the unknown session
    await next(worker, 'job_completed');
    expect(double.to('/workers/bootstrap').map(({ instanceId }) => instanceId)).toEqual(['box-1', 'box-1']);
    await stop();
  });

  it('keeps trying, and says so, when its key stops to work', async () => {
    const double = await aDouble();
    const { worker, stop } = await running(double.url, { handlers: [echo], waitMs: 1 });
    const error = next(worker, 'error');
    double.fault = ({ path }) => (path === '/jobs/pull' ? 403 : undefined);
    expect(await error).toMatchObject({ status: 403 });
    double.fault = () => undefined;
    double.stages.offer('echo', 1);
    await next(worker, 'job_completed');
    await stop();
  });

  it('finds the one result that the server refuses and settles its neighbours', async () => {
    const double = await aDouble();
    for (let index = 0; index < 9; index++) double.stages.offer('echo', index === 4 ? 'poison' : index);
    const poisoned = (body: unknown) => JSON.stringify(body).includes('"output":"poison"');
    double.fault = ({ body }) => (poisoned(body) ? 413 : undefined);
    const { stop } = await running(double.url, { handlers: [echo], concurrency: 9 });
    await double.until(() =>
      [...double.stages.all.values()].every(({ status }) => status === 'completed' || status === 'failed'),
    );
    const failed = [...double.stages.all.values()].filter(({ status }) => status === 'failed');
    expect(failed).toMatchObject([{ input: 'poison', error: { code: 'result_refused' } }]);
    await stop();
  });

  it('lets the lease of a job end whose failure the server refuses too', async () => {
    const double = await aDouble();
    double.heartbeatIntervalMs = 20;
    double.stages.offer('fail');
    double.fault = ({ body }) => (JSON.stringify(body).includes('poison') ? 422 : undefined);
    const poison = () => {
      throw new Error('poison');
    };
    const { worker, stop } = await running(double.url, { handlers: [defineHandler('fail', {}, poison)] });
    await next(worker, 'result_dropped');
    const beats = double.beats.length;
    await double.until(() => double.beats.length > beats && double.beats.at(-1)?.jobs.length === 0);
    await stop();
  });

  it('rejects run when the server refuses the worker at the start', async () => {
    const double = await aDouble();
    double.fault = ({ path }) => (path === '/workers/bootstrap' ? 403 : undefined);
    const { worker } = aWorker(double.url, { handlers: [echo] });
    await expect(worker.run()).rejects.toMatchObject({ status: 403 });
  });

  it('rejects run when its client is closed', async () => {
    const double = await aDouble();
    const { done, transport } = await running(double.url, { handlers: [echo], waitMs: 10 });
    const closed = expect(done).rejects.toMatchObject({ code: 'client_closed' });
    await transport.close();
    await closed;
  });
});

it('says itself, once an outage, that it waits for its server, where nobody listens', async () => {
  const warning = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
  onTestFinished(() => warning.mockRestore());
  const double = await aDouble();
  let calls = 0;
  double.fault = () => (++calls < 4 ? 'cut' : undefined);
  const { worker } = aWorker(double.url, { handlers: [defineHandler('fine', {}, () => 1)], waitMs: 1 });
  const done = worker.run();
  await next(worker, 'started');
  worker.stop();
  await done;
  const waits = warning.mock.calls.filter(
    ([, options]) => (options as { code?: string } | undefined)?.code === 'PIPELOGIQ_WAITING',
  );
  expect(waits).toEqual([[expect.stringMatching(`^the worker waits for its server: .*${double.url}`), expect.anything()]]);
});
