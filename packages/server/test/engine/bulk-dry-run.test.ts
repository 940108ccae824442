import { describe, expect, it } from 'vitest';
import { act, acted, besideBrokenAndBusy } from './bulk-support.js';
import { harness } from './support.js';

describe('a dry run', () => {
  it('tells how many match, and how many of them the action could change', async () => {
    const h = await harness();
    const worker = await h.worker();
    const make = async () => (await h.create({ stages: [{ name: 's', handler: 'a', maxAttempts: 1 }] })).id;
    const [failed, completed, paused, cancelled] = [await make(), await make(), await make(), await make()];
    await worker.nack(await worker.one());
    await worker.ack(await worker.one());
    await h.call('POST', `/pipelines/${paused}/pause`, {});
    await h.call('POST', `/pipelines/${cancelled}/cancel`, {});
    await make(); // runs
    expect([failed, completed].map(Number)).toEqual([1, 2]);
    const possible: [object, number][] = [
      [{ action: 'cancel' }, 3],
      [{ action: 'pause' }, 2],
      [{ action: 'resume' }, 1],
      [{ action: 'rerun' }, 2],
      [{ action: 'rerun', rerunFrom: 'start' }, 3],
    ];
    for (const [body, count] of possible) {
      const dry = await act(h, { ...body, filter: { name: 'test' }, dryRun: true });
      expect(dry, JSON.stringify(body)).toMatchObject({ status: 'dry_run', matched: 5, possible: count, done: 0 });
    }
    const begun = await act(h, { action: 'pause', filter: { name: 'test' } });
    expect(begun.possible).toBeUndefined();
    await h.controlPlane.advance(1_000);
    expect(await acted(h, begun)).toMatchObject({ matched: 5, done: 2, refused: 3 }); // as the dry run said
  });

  it('of a rerun of stages leaves out those beside a broken dependency and above one that runs', async () => {
    const { h } = await besideBrokenAndBusy();
    const request = { action: 'rerun_stages', filter: { name: 'test' }, stages: { status: 'completed' }, dryRun: true };
    expect(await act(h, request)).toMatchObject({ matched: 2, possible: 0 });
    expect(await act(h, { ...request, following: true })).toMatchObject({ matched: 2, possible: 1 });
  });
});
