import { expect, it } from 'vitest';
import { harness } from './support.js';

const MINUTE = 60_000;
const DAY = 1_440 * MINUTE;

it('tells how long things are kept, as it was configured', async () => {
  const { call } = await harness({
    retentionDays: 7,
    auditRetentionMs: 90 * DAY,
    eventRetentionMs: 5 * MINUTE,
    insightHoursMs: 10 * DAY,
  });
  expect(await call('GET', '/retention')).toEqual({
    pipelinesMs: 7 * DAY,
    logsMs: 30 * DAY,
    debugLogsMs: DAY,
    errorLogsMs: 90 * DAY,
    auditMs: 90 * DAY,
    eventsMs: 5 * MINUTE,
    eventsMaxBytes: 256 * 1_024 * 1_024,
    triggersMs: 30 * DAY,
    insightMinutesMs: 2 * DAY,
    insightHoursMs: 10 * DAY,
    insightDaysMs: 400 * DAY,
  });
});

it('says that pipelines are kept for ever when they are, to whoever may read', async () => {
  const { call } = await harness({ retentionDays: 0 });
  const { key } = await call<{ key: string }>('POST', '/api-keys', { name: 'reader', scopes: ['read'] });
  const told = await call('GET', '/retention', undefined, { authorization: `Bearer ${key}` });
  expect(told).toMatchObject({ pipelinesMs: null, logsMs: 30 * DAY });
});
