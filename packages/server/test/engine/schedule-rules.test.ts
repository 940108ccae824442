import type { Page, Schedule, ScheduleFiring } from '@pipelogiq/protocol';
import { describe, expect, it } from 'vitest';
import { execute } from '../support/databases.js';
import { aDatabase } from '../support/stores.js';
import { DAILY, scheduled, time, waysOf } from './schedule-support.js';
import { harness } from './support.js';

describe('a broken schedule', () => {
  it.each([
    ['a template that is no JSON', `template = 'nonsense'`],
    ['a cron expression that cannot be read', `cron = 'every now and then'`],
    ['what the database refuses', `template = '{"name":"report","stages":[{"name":"a","priority":101}]}'`],
  ])('stops no other one, tries again a minute later and loses nothing: %s', async (_, damage) => {
    const database = await aDatabase();
    const h = await harness({ database, now: time('2030-01-01T02:59:50Z') });
    const { pipelines, get, fireTimes } = waysOf(h);
    const broken = await h.call<Schedule>('POST', '/schedules', { ...DAILY, missedRuns: 'catch_up' });
    await h.call('POST', '/schedules', { ...DAILY, name: 'sound', template: { ...DAILY.template, name: 'sound' } });
    await execute(database, `update schedule set ${damage} where name = 'nightly'`);
    await h.controlPlane.advance(30_000);
    expect(await pipelines()).toMatchObject([{ name: 'sound' }]);

    const sound = { template: JSON.stringify(DAILY.template).replaceAll("'", "''"), cron: DAILY.cron };
    await execute(database, `update schedule set template = '${sound.template}', cron = '${sound.cron}' where name = 'nightly'`);
    expect(await get(broken.id)).toMatchObject({
      lastError: expect.stringMatching(/\w/),
      nextFireAt: '2030-01-01T03:01:00.000Z',
    });
    await h.controlPlane.advance(60_000);
    expect(await pipelines()).toMatchObject([{ name: 'sound' }, { name: 'report' }]);
    expect(await fireTimes(broken.id)).toEqual(['2030-01-01T03:00:00.000Z']);
    expect(await get(broken.id)).not.toHaveProperty('lastError');
  });

  it('says what is wrong in words when a limit was lowered', async () => {
    const database = await aDatabase();
    const before = await harness({ database, now: time('2030-01-01T02:59:50Z') });
    const template = { name: 'report', stages: [{ name: 'a', input: 'x'.repeat(4_000) }] };
    const { id } = await before.call<Schedule>('POST', '/schedules', { ...DAILY, template });
    await before.controlPlane.close();
    const after = await harness({ database, now: time('2030-01-01T02:59:50Z'), maxValueBytes: 2_000 });
    await after.controlPlane.advance(20_000);
    expect(await waysOf(after).get(id)).toMatchObject({ lastError: expect.stringContaining('4002 bytes; the limit is 2000') });
  });
});

describe('what a schedule may be', () => {
  const errorsOf = async (body: object) => {
    const { send } = await harness();
    const response = await send('POST', '/schedules', { ...DAILY, ...body });
    const { code, errors = [] } = (await response.json()) as { code: string; errors?: { path: string }[] };
    return { status: response.status, code, paths: errors.map(({ path }) => path) };
  };

  it('is checked when it is made: expression, zone, and the template as a pipeline', async () => {
    expect(await errorsOf({ cron: '61 3 * * *', timeZone: 'Europe/Berln' })).toEqual({
      status: 422,
      code: 'invalid_request',
      paths: ['cron', 'timeZone'],
    });
    expect(await errorsOf({ cron: '0 0 30 2 *' })).toMatchObject({ status: 422, paths: ['cron'] });
    const stages = [{ name: 'a', dependsOn: ['b'] }];
    expect(await errorsOf({ template: { name: 'report', stages } })).toEqual({
      status: 422,
      code: 'invalid_pipeline',
      paths: ['template.stages[0].dependsOn[0]'],
    });
    const large = { name: 'report', stages: [{ name: 'a', input: 'x'.repeat(300_000) }] };
    expect(await errorsOf({ template: large })).toMatchObject({ status: 413, paths: ['template.stages[0].input'] });
  });

  it.each(['idempotencyKey', 'trigger', 'runAt', 'traceparent'])('takes no %s in its template', async (field) => {
    const template = { ...DAILY.template, [field]: 'api' };
    expect(await errorsOf({ template })).toMatchObject({ status: 422, paths: [`template.${field}`] });
  });
});

describe('lists', () => {
  it('are newest first, in pages, and can be narrowed to a name', async () => {
    const { call } = await harness();
    for (const name of ['one', 'two', 'three']) await call('POST', '/schedules', { ...DAILY, name });
    const first = await call<Page<Schedule>>('GET', '/schedules?limit=2');
    expect(first.items.map(({ name }) => name)).toEqual(['three', 'two']);
    const rest = await call<Page<Schedule>>('GET', `/schedules?limit=2&cursor=${first.nextCursor}`);
    expect([rest.items.map(({ name }) => name), rest.nextCursor]).toEqual([['one'], null]);
    const named = await call<Page<Schedule>>('GET', '/schedules?name=two');
    expect(named.items.map(({ name }) => name)).toEqual(['two']);
  });

  it('show the firings of a schedule in pages', async () => {
    const { controlPlane, call, schedule } = await scheduled({ cron: '*/2 * * * * *' });
    await controlPlane.advance(6_000);
    const first = await call<Page<ScheduleFiring>>('GET', `/schedules/${schedule.id}/firings?limit=2`);
    const rest = await call<Page<ScheduleFiring>>('GET', `/schedules/${schedule.id}/firings?limit=2&cursor=${first.nextCursor}`);
    expect([...first.items, ...rest.items].map(({ fireAt }) => fireAt)).toEqual([
      '2030-01-01T02:59:56.000Z',
      '2030-01-01T02:59:54.000Z',
      '2030-01-01T02:59:52.000Z',
    ]);
  });
});
