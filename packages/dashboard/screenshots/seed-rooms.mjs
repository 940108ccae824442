const HOUR = 3_600_000;

/** Deployments within the day, for charts to mark. */
async function marks({ call }, now) {
  const at = (hours) => new Date(now - hours * HOUR).toISOString();
  await call('POST', '/observability/marks', { version: '2.4.0', title: 'Labels in A6', at: at(17), environment: 'production' });
  await call('POST', '/observability/marks', { version: '2.4.1', title: 'Retry of carriers', pipeline: 'order', at: at(6) });
}

const SCHEDULES = [
  {
    name: 'nightly prices',
    cron: '30 2 * * *',
    timeZone: 'Europe/Berlin',
    template: { name: 'price-sync', keywords: ['nightly'], stages: [{ name: 'fetch-prices' }, { name: 'render-report' }] },
  },
  {
    name: 'weekday refunds',
    cron: '0 9 * * MON-FRI',
    timeZone: 'America/New_York',
    missedRuns: 'catch_up',
    template: { name: 'refund', stages: [{ name: 'charge-card' }, { name: 'send-receipt' }] },
  },
  { name: 'month end', cron: '0 0 L * *', template: { name: 'month-end-report', stages: [{ name: 'render-report' }] } },
];

/** One that fires every two hours, two that wait, one that is paused. */
async function schedules({ call }) {
  const hourly = {
    name: 'stock check',
    cron: '0 */2 * * *',
    missedRuns: 'catch_up',
    template: { name: 'stock-check', stages: [{ name: 'reserve-stock', input: { warehouse: 'Leipzig' } }] },
  };
  const { id } = await call('POST', '/schedules', hourly);
  const made = [];
  for (const spec of SCHEDULES) made.push(await call('POST', '/schedules', spec));
  await call('POST', `/schedules/${made[2].id}/pause`);
  return id;
}

export { marks, schedules };
