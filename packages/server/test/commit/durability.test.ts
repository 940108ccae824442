import { describe, expect, it } from 'vitest';
import { holdCommits, pipeline, type Watched, watchedEngine } from './support.js';

/** An engine with a rule that tells of workers that start. */
async function alerted(): Promise<Watched> {
  const watched = await watchedEngine();
  const { engine, caller } = watched;
  const config = { url: 'https://alerts.example.com', secret: `whsec_${Buffer.alloc(32, 7).toString('base64')}` };
  const { id } = await engine.useCases.channels.create(caller, { name: 'c', type: 'webhook', config, enabled: false });
  await engine.useCases.alertRules.create(caller, { name: 'r', events: ['worker_started'], channels: [id], groupWaitMs: 0 });
  return watched;
}

const incidentsOf = async ({ engine, caller }: Watched): Promise<number> =>
  (await engine.useCases.incidents.incidents(caller, {})).items.length;

describe('a commit', () => {
  it('of alerts alone may wait to be durable; one that answers somebody may not', async () => {
    const watched = await alerted();
    const { engine, caller, clock, watch, worker } = watched;
    watch.canWait.length = 0;
    await worker();
    await engine.useCases.pipelines.create(caller, [pipeline('p')]);
    expect(watch.canWait).toEqual([false, false]);
    await clock.advance(2_000, engine.idle);
    expect(await incidentsOf(watched)).toBe(1);
    expect(watch.canWait.filter((canWait) => canWait).length).toBeGreaterThan(0);
  });

  // Seen to fail when any of its group sufficed.
  it('of alerts and somebody who is answered may not', async () => {
    const watched = await alerted();
    const { engine, caller, clock, watch, worker } = watched;
    await worker();
    const gate = holdCommits(watch);
    const first = engine.useCases.pipelines.create(caller, [pipeline('first')]);
    await gate.held;
    watch.canWait.length = 0;
    const routed = clock.advance(200, async () => {}); // joins the next group
    const second = engine.useCases.pipelines.create(caller, [pipeline('second')]);
    await routed;
    for (let turn = 0; turn < 10; turn++) await new Promise(setImmediate);
    gate.open();
    await Promise.all([first, second]);
    expect(watch.canWait[0]).toBe(false);
    await engine.idle();
    expect(await incidentsOf(watched)).toBe(1);
  });
});
