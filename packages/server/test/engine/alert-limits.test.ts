import { describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.js';
import { type Alerted, alerted, aReceiver, look, toldOf, watching } from './alerts-support.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** Backlogs of three handlers, of which one incident has room: [the one that gathers, the own one]. */
async function backlogs() {
  const { a, receiver, told } = await watching(
    'queue_backlog_high',
    { threshold: 2 },
    { groupBy: ['handler'], repeatIntervalMs: MINUTE, resolveAfterMs: HOUR, groupIntervalMs: 1_000 },
    { alertMaxIncidents: 1 },
  );
  for (const handler of ['a', 'b', 'c']) for (let i = 0; i < 3; i++) await a.create({ stages: [{ name: 's', handler }] });
  await look(a);
  const [gathering, own] = await a.hasIncidents(2, '&status=open');
  expect(gathering).toMatchObject({ body: expect.stringContaining('Too many incidents are open') });
  await receiver.has(2);
  return { a, receiver, told, gathering, own };
}

async function drain(a: Alerted, handler: string): Promise<void> {
  const worker = await a.worker([handler]);
  for (let i = 0; i < 3; i++) await worker.ack(await worker.one());
  await look(a);
}

describe('more open incidents than an application may have', () => {
  // Seen to fail without the limit: there were seven.
  it('become one of their rule, which tells of all of them and ends', async () => {
    const a = await alerted({ alertMaxIncidents: 3 });
    const receiver = await aReceiver();
    const { id } = await a.channel(receiver);
    await a.rule({
      events: ['pipeline_failed'],
      channels: [id],
      groupBy: ['pipeline_id'],
      resolveAfterMs: 0,
      groupIntervalMs: 1_000,
    });
    for (let failure = 1; failure <= 7; failure++) await a.failing(`p-${failure}`);
    const incidents = await a.hasIncidents(4, '&status=open');
    const [gathering, ...own] = incidents;
    expect(own.map(({ events }) => events)).toEqual([1, 1, 1]);
    expect(gathering).toMatchObject({ events: 4, body: expect.stringContaining('Too many incidents are open') });
    await a.controlPlane.advance(1_000);
    await eventually(async () => expect((await a.incidents()).every(({ notified }) => notified > 0)).toBe(true));

    await a.call('POST', `/alerts/incidents/${own[0]?.id}/resolve`);
    await a.call('POST', `/alerts/incidents/${own[1]?.id}/resolve`);
    await a.failing('p-8'); // there is room again
    expect((await a.hasIncidents(3, '&status=open'))[0]).toMatchObject({ events: 1, labels: { pipeline: 'p-8' } });

    await a.controlPlane.jump(25 * HOUR);
    await a.controlPlane.advance(2_000);
    await a.hasIncidents(2, '&status=open'); // those of one run end by hand, as their rule says
  });

  // Seen to fail: it was told as over after the hour, while both went on.
  it('of conditions: it goes on as long as one of them does, and is over when all are', async () => {
    const { a, gathering } = await backlogs();
    for (let minute = 0; minute < 2; minute++) await a.controlPlane.jump(HOUR);
    await look(a);
    const isOpen = async () => (await a.incidents('&status=open')).some(({ id }) => id === gathering?.id);
    expect(await isOpen()).toBe(true);
    await drain(a, 'b');
    expect(await isOpen()).toBe(true);
    await drain(a, 'c');
    await eventually(async () => expect(await isOpen()).toBe(false));
    await a.hasIncidents(1, '&status=open'); // the one of its own goes on
  });

  // Seen to fail: only the one of its own came again.
  it('of conditions: what somebody resolved while it goes on is another one later', async () => {
    const { a, gathering, own } = await backlogs();
    for (const one of [gathering, own]) await a.call('POST', `/alerts/incidents/${one?.id}/resolve`);
    await look(a);
    expect(await a.incidents('&status=open')).toEqual([]);
    await a.controlPlane.jump(MINUTE);
    await look(a);
    await a.hasIncidents(2, '&status=open');
    await drain(a, 'b');
    await drain(a, 'c');
    await drain(a, 'a');
    await a.hasIncidents(0, '&status=open');
  });

  // Seen to fail: the run of the fourth pipeline ended what tells of the second and third.
  it('of runs: none that completes ends it, as the others did not', async () => {
    const a = await alerted({ alertMaxIncidents: 1 });
    const receiver = await aReceiver();
    const { id } = await a.channel(receiver);
    await a.rule({ events: ['pipeline_failed'], channels: [id], groupBy: ['pipeline_id'] });
    for (let run = 0; run < 3; run++) await a.failing();
    await a.hasIncidents(2, '&status=open');
    await receiver.has(2);
    await a.passing();
    await a.controlPlane.advance(2_000);
    await a.hasIncidents(2, '&status=open');
    await a.controlPlane.jump(25 * HOUR);
    await a.controlPlane.advance(2_000);
    await a.hasIncidents(0, '&status=open');
  });

  // Seen to fail: it stayed open for a day, and nobody heard that the pipeline works again.
  it('of one pipeline: it ends when that works again', async () => {
    const a = await alerted({ alertMaxIncidents: 1 });
    const receiver = await aReceiver();
    const { id } = await a.channel(receiver);
    await a.rule({ events: ['pipeline_failed', 'pipeline_recovered'], channels: [id], groupBy: ['pipeline'] });
    await a.failing('first');
    await receiver.has(1);
    await a.failing('second');
    await receiver.has(2);
    await a.passing('second');
    await receiver.has(4);
    const heard = toldOf(receiver).map(({ type, data }) => [type, data.event]);
    expect(heard).toContainEqual(['alert.resolve', 'pipeline_failed']);
    expect(heard).toContainEqual(['alert.trigger', 'pipeline_recovered']);
    await a.hasIncidents(1, '&status=open'); // that of the first
  });
});
