import { describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.js';
import { alerted, aReceiver } from './alerts-support.js';

const HOUR = 3_600_000;

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
});
