import { setTimeout as sleep } from 'node:timers/promises';
import { aTool } from './tool.mjs';

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const HOUR = 3_600_000;

/** Two that take what they are told, one that is down, one that is switched off. */
async function channels() {
  const taken = await aTool(8_901, 200, 'ok');
  const down = await aTool(8_902, 503, 'Down for maintenance');
  return [
    { name: 'on-call', type: 'webhook', config: { url: `${taken}/hook`, secret: SECRET } },
    { name: '#shop-alerts', type: 'slack', config: { url: `${taken}/services/T0123/B0123/XXXX` } },
    { name: 'warehouse screen', type: 'webhook', config: { url: `${down}/hook`, secret: SECRET } },
    { name: 'night shift', type: 'pagerduty', enabled: false, config: { routingKey: 'R0123456789ABCDEF0123456789ABCDE' } },
  ];
}

/** Before the last hours of history, so that these open incidents. */
export async function alerts({ call }) {
  const ids = [];
  for (const channel of await channels()) ids.push((await call('POST', '/alerts/channels', channel)).id);
  const [pager, chat, screen] = ids;
  const rule = { events: ['pipeline_failed'], groupBy: ['pipeline'], runbookUrl: 'https://wiki.example.com/orders' };
  await call('POST', '/alerts/rules', {
    ...rule,
    name: 'Invoices and orders that failed',
    channels: [pager, screen],
    match: { pipelines: ['order', 'invoice'] },
  });
  await call('POST', '/alerts/rules', {
    name: 'Labels that cannot be printed',
    events: ['dead_letter'],
    groupBy: ['handler', 'error_code'],
    severity: 'warning',
    match: { handlers: ['print-label'] },
    channels: [chat],
  });
}

/** What is set up beside, when all has happened. */
export async function quieted({ call }, now) {
  await call('POST', '/alerts/rules/recommended', { channels: ['2'] });
  const at = (hours) => new Date(now + hours * HOUR).toISOString();
  await call('POST', '/alerts/silences', {
    match: { pipeline: 'price-sync' },
    comment: 'The supplier moves its servers',
    endsAt: at(6),
  });
  const { id } = await call('POST', '/alerts/silences', {
    match: { pipeline: 'refund', severity: 'warning' },
    comment: 'New bank',
    endsAt: at(1),
  });
  await call('DELETE', `/alerts/silences/${id}`);
}

/** What goes wrong a few minutes before the picture, so that incidents are open, and somebody has seen one. */
export async function failures(seeder) {
  const worker = await seeder.bootstrap('billing-1', 'billing', ['issue-invoice'], 2);
  const stage = { name: 'issue-invoice', handler: 'issue-invoice', maxAttempts: 1 };
  const error = { code: 'ledger_locked', message: 'The ledger is locked for the close of the month' };
  for (let run = 0; run < 3; run++) {
    await seeder.call('POST', '/pipelines', { name: 'invoice', environment: 'production', stages: [stage] });
    const jobs = await seeder.pull(worker, 1);
    await seeder.controlPlane.jump(1_240 + run * 180);
    const nacks = jobs.map(({ id, fencingToken }) => ({ id, fencingToken, error }));
    await seeder.call('POST', '/jobs/nack', { workerId: worker.workerId, nacks }, worker.headers);
  }
  await seeder.call('POST', '/workers/shutdown', { workerId: worker.workerId }, worker.headers);
  await seeder.controlPlane.advance(12_000); // they are told of after ten seconds
  const { items } = await seeder.call('GET', '/alerts/incidents?status=open');
  const [seen] = items.filter(({ rule }) => rule.name === 'Invoices and orders that failed');
  if (seen) await seeder.call('POST', `/alerts/incidents/${seen.id}/ack`);
  await told(seeder);
}

/** Messages go out while the clock of the server stands: until those that somebody takes are there. */
async function told({ call, controlPlane }) {
  for (let tries = 0; tries < 100; tries++) {
    await controlPlane.advance(500);
    await sleep(20);
    const { items } = await call('GET', '/alerts/deliveries?state=pending');
    if (items.every(({ channel }) => channel === 'warehouse screen')) return;
  }
  throw new Error('the channels were not told');
}
