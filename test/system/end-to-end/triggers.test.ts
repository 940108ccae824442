import { defineHandler, definePipeline } from '@pipelogiq/sdk';
import { describe, expect, it } from 'vitest';
import { endToEnd, WAYS } from './harness.js';

/** A handler, and what it is called with next. */
function recorder<Input>(name: string) {
  const waiting: ((call: { input: Input; context: { [key: string]: unknown } }) => void)[] = [];
  const handler = defineHandler(name, {}, (input: Input, job) => {
    waiting.shift()?.({ input, context: job.context.all() });
  });
  return {
    handler,
    next: () => new Promise<{ input: Input; context: { [key: string]: unknown } }>((resolve) => waiting.push(resolve)),
  };
}

describe.each(WAYS)('triggers %s', (way) => {
  it('runs what a schedule creates, by the clock and by hand, until it is deleted', async () => {
    const { pipelogiq, work } = await endToEnd(way);
    const { handler, next } = recorder<{ kind: string }>('build-report');
    await work([handler]);
    const report = definePipeline('report', {}, (p, input: { kind: string }) => {
      p.stage('build', 'build-report', input);
    });
    const fired = next();
    const template = await report.build({ kind: 'daily' });
    const schedule = await pipelogiq.schedules.create({ name: 'every second', cron: '* * * * * *', template });
    const { input, context } = await fired;
    expect(input).toEqual({ kind: 'daily' });
    expect(context.schedule).toMatchObject({ id: schedule.id, name: 'every second', fireAt: expect.stringMatching(/\.000Z$/) });
    expect((await pipelogiq.schedules.pause(schedule.id)).status).toBe('paused');
    const { id } = await pipelogiq.schedules.trigger(schedule.id);
    await pipelogiq.pipelines.waitForSuccess(id);
    expect((await pipelogiq.schedules.firings(schedule.id).all()).length).toBeGreaterThan(0);
    await pipelogiq.schedules.delete(schedule.id);
    expect(await pipelogiq.schedules.list().all()).toEqual([]);
  });

  it('runs what deliveries to a hook bring, each once', async () => {
    const { controlPlane, pipelogiq, work } = await endToEnd(way);
    const { handler, next } = recorder<{ id: number }>('charge');
    await work([handler]);
    const { token = '' } = await pipelogiq.hooks.create({
      name: 'orders',
      deliveryId: '{{ body.event }}',
      template: { name: 'order', stages: [{ name: 'charge', input: '{{ body.order }}' }] },
    });
    const body = JSON.stringify({ event: 'evt-1', order: { id: 42 } });
    const deliver = (shown: string) =>
      controlPlane.fetch(
        new Request(`${controlPlane.connection().url}/hooks/orders`, {
          method: 'POST',
          body,
          headers: { 'content-type': 'application/json', 'x-hook-token': shown },
        }),
      );
    const charged = next();
    expect((await deliver(token)).status).toBe(201);
    expect((await charged).input).toEqual({ id: 42 });
    expect((await deliver(token)).status).toBe(200);
    expect((await deliver(`${token}x`)).status).toBe(401);
    expect(await pipelogiq.pipelines.list().all()).toHaveLength(1);
  });
});
