import type { Page, Schedule } from '@pipelogiq/protocol';
import { describe, expect, it } from 'vitest';
import { DAILY, scheduled, time } from './schedule-support.js';
import type { Harness } from './support.js';

describe('a schedule', () => {
  it('creates a pipeline from its template at its time, and hands it to a pull that waits', async () => {
    const { controlPlane, worker, schedule, get, pipelines } = await scheduled();
    expect(schedule).toMatchObject({ status: 'active', timeZone: 'UTC', nextFireAt: '2030-01-01T03:00:00.000Z', missed: 0 });
    const pulled = (await worker()).pull({ waitMs: 30_000 });
    await controlPlane.advance(9_999);
    expect(await pipelines()).toEqual([]);
    await controlPlane.advance(1);
    const [job] = await pulled;
    expect(job).toMatchObject({
      pipelineName: 'report',
      context: { schedule: { id: schedule.id, name: 'nightly', fireAt: '2030-01-01T03:00:00.000Z' } },
    });
    expect(await pipelines()).toMatchObject([
      { id: job?.pipelineId, trigger: 'schedule', createdAt: '2030-01-01T03:00:00.000Z' },
    ]);
    expect(await get(schedule.id)).toMatchObject({
      lastFireAt: '2030-01-01T03:00:00.000Z',
      lastPipelineId: job?.pipelineId,
      nextFireAt: '2030-01-02T03:00:00.000Z',
    });
  });

  it('gives each pipeline a trace of its own, and keeps a context key of that name that the template has', async () => {
    const template = { ...DAILY.template, context: { schedule: 'mine', more: 1 } };
    const { controlPlane, call, pipelines } = await scheduled({ cron: '*/5 * * * * *', template });
    await controlPlane.advance(10_000);
    const made = await pipelines();
    expect(new Set(made.map(({ traceId }) => traceId)).size).toBe(2);
    const { items } = await call<Page<{ key: string; value: unknown }>>('GET', `/pipelines/${made[0]?.id}/context`);
    expect(Object.fromEntries(items.map(({ key, value }) => [key, value]))).toEqual({ schedule: 'mine', more: 1 });
  });

  it('drops what it missed, and fires again at its next time', async () => {
    const { controlPlane, schedule, get, pipelines } = await scheduled();
    await controlPlane.jump(3 * 86_400_000); // to 02:59:50 three days on
    await controlPlane.advance(5_000);
    expect(await pipelines()).toEqual([]);
    expect(await get(schedule.id)).toMatchObject({ missed: 3, nextFireAt: '2030-01-04T03:00:00.000Z' });
    await controlPlane.advance(5_000);
    expect(await pipelines()).toHaveLength(1);
  });

  it('fires late when the server was away for less than its grace', async () => {
    const { controlPlane, schedule, pipelines, fireTimes } = await scheduled({ graceMs: 3_600_000 });
    await controlPlane.jump(3_600_000);
    await controlPlane.advance(1_000);
    expect(await fireTimes(schedule.id)).toEqual(['2030-01-01T03:00:00.000Z']);
    expect(await pipelines()).toMatchObject([{ createdAt: expect.stringMatching(/^2030-01-01T03:59:5[01]/) }]);
  });

  it('catches up with everything it missed, oldest first, each with its own time', async () => {
    const { controlPlane, schedule, pipelines, fireTimes } = await scheduled({ missedRuns: 'catch_up' });
    await controlPlane.jump(3 * 86_400_000);
    await controlPlane.advance(1_000);
    expect(await fireTimes(schedule.id)).toEqual([
      '2030-01-01T03:00:00.000Z',
      '2030-01-02T03:00:00.000Z',
      '2030-01-03T03:00:00.000Z',
    ]);
    expect(await pipelines()).toHaveLength(3);
    await controlPlane.advance(9_000);
    expect(await pipelines()).toHaveLength(4);
  });

  it('catches up with more than fits into one commit', async () => {
    const { controlPlane, schedule, fireTimes, get } = await scheduled({ cron: '* * * * *', missedRuns: 'catch_up' });
    await controlPlane.jump(150 * 60_000);
    await controlPlane.advance(1_000);
    const times = await fireTimes(schedule.id);
    expect(times).toHaveLength(150);
    expect([times[0], times.at(-1)]).toEqual(['2030-01-01T03:00:00.000Z', '2030-01-01T05:29:00.000Z']);
    expect(await get(schedule.id)).toMatchObject({ nextFireAt: '2030-01-01T05:30:00.000Z', missed: 0 });
  });

  it('does not fire again what it fired when the clock is set back', async () => {
    const { controlPlane, pipelines } = await scheduled({ missedRuns: 'catch_up' });
    await controlPlane.advance(20_000);
    await controlPlane.jump(-60_000);
    await controlPlane.advance(70_000);
    expect(await pipelines()).toHaveLength(1);
  });

  it('does not fire while it is paused, nor later what it would have fired then', async () => {
    const { controlPlane, call, schedule, pipelines } = await scheduled({ missedRuns: 'catch_up' });
    const path = `/schedules/${schedule.id}`;
    const paused = await call<Schedule>('POST', `${path}/pause`);
    expect(paused).toMatchObject({ status: 'paused' });
    expect(paused.nextFireAt).toBeUndefined();
    await controlPlane.advance(20_000);
    expect(await call('POST', `${path}/pause`)).toEqual(paused);
    expect(await call('POST', `${path}/resume`)).toMatchObject({ status: 'active', nextFireAt: '2030-01-02T03:00:00.000Z' });
    await controlPlane.advance(20_000);
    expect(await pipelines()).toEqual([]);
    await controlPlane.jump(86_400_000 - 60_000);
    await controlPlane.advance(60_000);
    expect(await pipelines()).toHaveLength(1);
  });

  it('loses nothing that is due when an active one is resumed', async () => {
    const { controlPlane, call, schedule, pipelines } = await scheduled({ missedRuns: 'catch_up' });
    await controlPlane.jump(60_000); // due, and no timer has run
    await call('POST', `/schedules/${schedule.id}/resume`);
    await controlPlane.advance(1_000);
    expect(await pipelines()).toHaveLength(1);
  });

  it('does not fire once it is deleted', async () => {
    const { controlPlane, call, send, schedule, pipelines } = await scheduled();
    expect((await send('DELETE', `/schedules/${schedule.id}`)).status).toBe(204);
    expect((await send('DELETE', `/schedules/${schedule.id}`)).status).toBe(404);
    await controlPlane.advance(20_000);
    expect(await pipelines()).toEqual([]);
    await call('POST', '/schedules', DAILY); // the name is free again
  });
});

describe('triggering by hand', () => {
  it('creates a pipeline at once, also of a paused schedule, and moves no fire time', async () => {
    const { call, send, worker, schedule, get, fireTimes } = await scheduled();
    await call('POST', `/schedules/${schedule.id}/pause`);
    const response = await send('POST', `/schedules/${schedule.id}/trigger`);
    expect(response.status).toBe(201);
    const { id } = (await response.json()) as { id: string };
    const job = await (await worker()).one();
    expect(job).toMatchObject({ pipelineId: id, context: { schedule: { id: schedule.id, name: 'nightly' } } });
    expect(await get(schedule.id)).toMatchObject({ status: 'paused' });
    expect(await fireTimes(schedule.id)).toEqual([]);
  });

  it('creates one pipeline for one idempotency key, and one for each call without', async () => {
    const { call, send, controlPlane, schedule, pipelines } = await scheduled();
    const path = `/schedules/${schedule.id}/trigger`;
    const first = await call<{ id: string }>('POST', path, { idempotencyKey: 'k' });
    await controlPlane.advance(1_000);
    const again = await send('POST', path, undefined, { 'idempotency-key': 'k' });
    expect([again.status, await again.json()]).toEqual([200, expect.objectContaining({ id: first.id, created: false })]);
    expect((await send('POST', path, { idempotencyKey: 'k' }, { 'idempotency-key': 'other' })).status).toBe(422);
    await call('POST', path);
    await call('POST', path, {});
    expect(await pipelines()).toHaveLength(3);
  });
});

describe('an edited schedule', () => {
  it('fires at its new time and no more at the old one', async () => {
    const { controlPlane, call, schedule, fireTimes } = await scheduled();
    const edited = await call<Schedule>('PUT', `/schedules/${schedule.id}`, { ...DAILY, cron: '1 3 * * *' });
    expect(edited).toMatchObject({ nextFireAt: '2030-01-01T03:01:00.000Z', createdAt: schedule.createdAt });
    await controlPlane.advance(75_000);
    expect(await fireTimes(schedule.id)).toEqual(['2030-01-01T03:01:00.000Z']);
  });

  it('creates what its new template says, and loses no fire time that was due', async () => {
    const { controlPlane, call, schedule, pipelines } = await scheduled({ missedRuns: 'catch_up' });
    await controlPlane.jump(60_000); // due, and no timer has run
    await call('PUT', `/schedules/${schedule.id}`, {
      ...DAILY,
      missedRuns: 'catch_up',
      template: { ...DAILY.template, name: 'other' },
    });
    await controlPlane.advance(1_000);
    expect(await pipelines()).toMatchObject([{ name: 'other' }]);
  });

  it('falls back to the defaults of fields that are left out, and stays paused', async () => {
    const { call, schedule } = await scheduled({ missedRuns: 'catch_up', graceMs: 5, timeZone: 'Europe/Berlin' });
    await call('POST', `/schedules/${schedule.id}/pause`);
    const edited = await call('PUT', `/schedules/${schedule.id}`, DAILY);
    expect(edited).toMatchObject({ missedRuns: 'skip', graceMs: 60_000, timeZone: 'UTC', status: 'paused' });
    expect(edited).not.toHaveProperty('nextFireAt');
  });

  it('keeps its name for itself', async () => {
    const { call, send, schedule } = await scheduled();
    expect((await send('POST', '/schedules', DAILY)).status).toBe(409);
    const other = await call<Schedule>('POST', '/schedules', { ...DAILY, name: 'other' });
    expect((await send('PUT', `/schedules/${other.id}`, DAILY)).status).toBe(409);
    expect(await call('PUT', `/schedules/${schedule.id}`, DAILY)).toMatchObject({ name: 'nightly' });
  });
});

describe('where the clocks change', () => {
  /** Lets a minute pass around each of these times, and jumps between them. */
  async function passing(h: Harness, times: string[]): Promise<void> {
    for (const text of times) {
      await h.controlPlane.jump(time(text) - 30_000 - h.controlPlane.now());
      await h.controlPlane.advance(60_000);
    }
  }

  it('a time that is skipped fires at the first moment after the gap', async () => {
    const spec = { cron: '30 2 * * *', timeZone: 'Europe/Berlin' };
    const { schedule, fireTimes, ...h } = await scheduled(spec, '2030-03-30T01:00:00Z');
    await passing(h, ['2030-03-30T01:30:00Z', '2030-03-31T00:30:00Z', '2030-03-31T01:00:00Z', '2030-04-01T00:30:00Z']);
    expect(await fireTimes(schedule.id)).toEqual([
      '2030-03-30T01:30:00.000Z',
      '2030-03-31T01:00:00.000Z',
      '2030-04-01T00:30:00.000Z',
    ]);
  });

  it('a time that occurs twice fires once, an hourly schedule in both passes', async () => {
    const { schedule, fireTimes, ...h } = await scheduled(
      { cron: '30 2 * * *', timeZone: 'Europe/Berlin' },
      '2030-10-27T00:00:00Z',
    );
    const hourly = await h.call<Schedule>('POST', '/schedules', {
      ...DAILY,
      name: 'hourly',
      cron: '30 * * * *',
      timeZone: 'Europe/Berlin',
    });
    const passed = ['2030-10-27T00:30:00Z', '2030-10-27T01:30:00Z', '2030-10-27T02:30:00Z'];
    await passing(h, passed);
    expect(await fireTimes(schedule.id)).toEqual(['2030-10-27T00:30:00.000Z']);
    expect(await fireTimes(hourly.id)).toEqual(passed.map((text) => text.replace('Z', '.000Z')));
  });
});
