import type { AlertRuleSpec } from '@pipelogiq/protocol';
import { describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.js';
import { type Alerted, alerted, aReceiver, toldOf } from './alerts-support.js';
import type { Provider } from './provider.js';

/** A rule, and who is told; nothing is routed before the clock moves. */
async function told(spec: Partial<AlertRuleSpec> = {}): Promise<{ a: Alerted; receiver: Provider; id: string }> {
  const a = await alerted();
  const receiver = await aReceiver();
  const { id } = await a.channel(receiver);
  await a.rule({ events: ['pipeline_failed'], channels: [id], ...spec });
  return { a, receiver, id };
}

const FAILED = { error: { code: 'c', message: 'm' } };

async function aRun(a: Alerted, name = 'order') {
  const worker = await a.worker([`run-${name}`]);
  const made = await a.create({ name, stages: [{ name: 's', handler: `run-${name}`, maxAttempts: 1 }] });
  const job = await worker.one();
  return { made, worker, fails: () => worker.nack(job, FAILED), completes: () => worker.ack(job) };
}

const states = async (a: Alerted) => (await a.incidents()).map(({ event, status }) => `${event} ${status}`);

describe('a recovery', () => {
  // Seen to fail when it was written only for incidents that were open already: the incident stayed open.
  it('that comes before its failure became an incident ends it, and nobody is told of either', async () => {
    const { a, receiver } = await told();
    const [bad, good] = [await aRun(a), await aRun(a)];
    await bad.fails();
    await good.completes();
    await a.controlPlane.advance(1_000);
    expect(await states(a)).toEqual(['pipeline_failed resolved']);
    expect(receiver.calls).toBe(0);
  });

  it('in the commit of its failure comes after it', async () => {
    const { a } = await told();
    const [bad, good] = [await aRun(a), await aRun(a)];
    await Promise.all([bad.fails(), good.completes()]);
    await a.controlPlane.advance(1_000);
    expect(await states(a)).toEqual(['pipeline_failed resolved']);
  });

  it('before a failure does not end it', async () => {
    const { a, receiver } = await told();
    const [first, good, second] = [await aRun(a), await aRun(a), await aRun(a)];
    await first.fails();
    await good.completes();
    await second.fails();
    await a.controlPlane.advance(1_000);
    await receiver.has(1);
    expect(await states(a)).toEqual(['pipeline_failed open', 'pipeline_failed resolved']);
  });

  it('of one run ends the incident of that run, also before it was opened', async () => {
    const { a } = await told({ groupBy: ['pipeline_id'] });
    const [first, second] = [await aRun(a), await aRun(a)];
    await first.fails();
    await second.fails();
    await a.call('POST', `/pipelines/${first.made.id}/rerun`);
    await first.worker.ack(await first.worker.one());
    await a.controlPlane.advance(1_000);
    const open = await a.incidents('&status=open');
    expect(open.map(({ labels }) => labels.pipeline_id)).toEqual([second.made.id]);
    await a.call('POST', `/pipelines/${second.made.id}/rerun`);
    await second.worker.ack(await second.worker.one());
    await a.controlPlane.advance(1_000);
    expect(await a.incidents('&status=open')).toEqual([]);
  });

  // Seen to fail when the incident was that of its first pipeline: one recovery ended all.
  it('of one pipeline does not end an incident of several', async () => {
    const { a, receiver } = await told({ groupBy: ['event'] });
    await a.failing('order');
    await a.failing('refund');
    await receiver.has(1);
    await a.passing('order');
    await a.controlPlane.advance(1_000);
    expect(await a.incidents()).toMatchObject([{ status: 'open', events: 2, labels: { pipeline: 'refund' } }]);
  });
});

describe('a failing pipeline', () => {
  // Seen to fail when any incident spoke for the stages: nobody was told.
  it('speaks for its stages only if there is anybody to speak to', async () => {
    const { a, receiver, id } = await told({ channels: [] });
    await a.rule({ events: ['stage_failed'], channels: [id] });
    await a.failing('order');
    await receiver.has(1);
    expect(toldOf(receiver).map(({ data }) => data.event)).toEqual(['stage_failed']);
  });

  // Seen to fail: a channel that was off, as after a 410, silenced the stages and told nobody of the pipeline.
  it('does not speak for its stages through a channel that is off', async () => {
    const a = await alerted();
    const [off, receiver] = [await aReceiver(), await aReceiver()];
    await a.rule({ events: ['pipeline_failed'], channels: [(await a.channel(off, { enabled: false })).id] });
    await a.rule({ events: ['stage_failed'], channels: [(await a.channel(receiver)).id] });
    await a.failing('order');
    expect((await a.incidents()).map(({ event, muted }) => [event, muted])).toContainEqual(['stage_failed', undefined]);
    await receiver.has(1);
    expect(toldOf(receiver).map(({ data }) => data.event)).toEqual(['stage_failed']);
  });

  // Seen to fail: a channel that was on and never worked silenced the stages as long as the pipeline failed.
  it('speaks for its stages no longer when its channel has failed ten times in a row', async () => {
    const a = await alerted();
    const [broken, receiver] = [await aReceiver(), await aReceiver()];
    broken.next.push(...Array(500).fill({ status: 503 }));
    await a.rule({ events: ['pipeline_failed'], channels: [(await a.channel(broken)).id] });
    await a.rule({ events: ['stage_failed'], channels: [(await a.channel(receiver)).id] });
    await a.failing('order');
    await broken.wasCalled(1);
    const mutedOf = async () => (await a.incidents()).find(({ event }) => event === 'stage_failed')?.muted;
    expect(await mutedOf()).toBe('inhibited');
    await eventually(async () => {
      await a.controlPlane.advance(10_000);
      expect(broken.calls).toBeGreaterThanOrEqual(9);
    });
    expect(await mutedOf()).toBe('inhibited');
    expect(receiver.calls).toBe(0);
    await eventually(async () => {
      await a.controlPlane.advance(30_000);
      expect(receiver.taken).toHaveLength(1);
    });
    expect(toldOf(receiver).map(({ data }) => data.event)).toEqual(['stage_failed']);
  });
});
