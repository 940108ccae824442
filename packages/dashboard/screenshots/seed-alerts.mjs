const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const HOUR = 3_600_000;

/** Places that exist nowhere: what is sent to them fails, and says so. */
const CHANNELS = [
  { name: 'on-call', type: 'webhook', config: { url: 'https://example.invalid/hook', secret: SECRET } },
  { name: '#shop-alerts', type: 'slack', config: { url: 'https://slack.invalid/services/T0123/B0123/XXXX' } },
  { name: 'night shift', type: 'pagerduty', enabled: false, config: { routingKey: 'R0123456789ABCDEF0123456789ABCDE' } },
];

/** Before the last hours of history, so that these open incidents. */
export async function alerts({ call }) {
  const ids = [];
  for (const channel of CHANNELS) ids.push((await call('POST', '/alerts/channels', channel)).id);
  const [pager, chat] = ids;
  const rule = { events: ['pipeline_failed'], groupBy: ['pipeline'], runbookUrl: 'https://wiki.example.com/orders' };
  await call('POST', '/alerts/rules', {
    ...rule,
    name: 'Invoices and orders that failed',
    channels: [pager],
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
    seeder.pulls += 1;
    const body = { workerId: worker.workerId, pullSeq: seeder.pulls, handlers: worker.handlers, maxJobs: 1 };
    const { jobs } = await seeder.call('POST', '/jobs/pull', body, worker.headers);
    const nacks = jobs.map(({ id, fencingToken }) => ({ id, fencingToken, error }));
    await seeder.call('POST', '/jobs/nack', { workerId: worker.workerId, nacks }, worker.headers);
  }
  await seeder.call('POST', '/workers/shutdown', { workerId: worker.workerId }, worker.headers);
  await seeder.controlPlane.advance(12_000); // they are told of after ten seconds
  const { items } = await seeder.call('GET', '/alerts/incidents?status=open');
  const [seen] = items.filter(({ rule }) => rule.name === 'Invoices and orders that failed');
  if (seen) await seeder.call('POST', `/alerts/incidents/${seen.id}/ack`);
}
