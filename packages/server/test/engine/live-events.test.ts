import { SCOPES } from '@pipelogiq/protocol';
import { describe, expect, it } from 'vitest';
import type { TestOptions } from '../../src/testing/index.js';
import { EventReader } from '../support/event-streams.js';
import { type Harness, harness } from './support.js';

/** A control plane and streams of its events. */
async function streaming(options: TestOptions = {}) {
  const h = await harness(options);
  return { ...h, stream: (query = '', headers: Record<string, string> = {}) => streamOf(h, query, headers) };
}

async function streamOf({ send, controlPlane }: Harness, query: string, headers: Record<string, string>): Promise<EventReader> {
  return new EventReader(await send('GET', `/events${query}`, undefined, headers), controlPlane);
}

/** `stage_ready a`: type and name, in the order of the stream. */
const words = (events: Record<string, unknown>[]): string[] =>
  events.map(({ type, stage, pipeline, worker }) => `${type} ${stage ?? pipeline ?? worker}`);

describe('a stream of events', () => {
  it('tells the life of a pipeline, in order', async () => {
    const { stream, create, worker } = await streaming();
    const events = await stream();
    const w = await worker();
    const { id } = await create({ name: 'order', stages: [{ name: 'a' }, { name: 'b', handler: 'a' }] });
    for (let stage = 0; stage < 2; stage++) await w.ack(await w.one());
    const told = await events.until('pipeline_completed');
    expect(words(told)).toEqual([
      'worker_started worker-1',
      'pipeline_created order',
      'stage_ready a',
      'stage_leased a',
      'stage_completed a',
      'stage_ready b',
      'stage_leased b',
      'stage_completed b',
      'pipeline_completed order',
    ]);
    const at = expect.stringMatching(/^2030-01-01T/);
    expect(told[1]).toEqual({ type: 'pipeline_created', at, pipelineId: id, pipeline: 'order', status: 'running' });
    const stage = { pipelineId: id, stageId: expect.any(String), stage: 'a' };
    expect(told[3]).toEqual({ type: 'stage_leased', at, ...stage, workerId: w.session.workerId, attempt: 1 });
    expect(told[4]).toEqual({ type: 'stage_completed', at, ...stage });
  });

  it('tells how deliveries end without an end of their stage', async () => {
    const { stream, create, worker, controlPlane } = await streaming({ heartbeatIntervalMs: 20_000 });
    const w = await worker();
    const events = await stream('?types=stage_retried,stage_released,stage_expired,stage_timed_out,stage_failed');
    await create({
      stages: [{ name: 'a', timeoutMs: 30_000, maxAttempts: 4, backoff: { type: 'fixed', delayMs: 5_000, jitter: false } }],
    });
    await w.release(await w.one());
    await w.nack(await w.one());
    await controlPlane.advance(5_000);
    await w.one();
    await controlPlane.advance(30_001);
    await controlPlane.advance(5_000);
    await w.nack(await w.one(), { retryable: false });
    const told = await events.take(4);
    expect(told).toMatchObject([
      { type: 'stage_released', runAt: '2030-01-01T00:00:00.000Z' },
      { type: 'stage_retried', errorCode: 'boom' },
      { type: 'stage_timed_out', errorCode: 'timed_out' },
      { type: 'stage_failed', errorCode: 'boom' },
    ]);
    expect(told[3]).not.toHaveProperty('runAt');
    expect(Date.parse(told[1]?.runAt as string) - Date.parse(told[1]?.at as string)).toBe(5_000);
  });

  it('tells that a pipeline which had failed is completed after all', async () => {
    const { stream, create, worker, call } = await streaming();
    const w = await worker();
    const { id } = await create({
      name: 'order',
      stages: [
        { name: 'a', maxAttempts: 1 },
        { name: 'b', handler: 'a', dependsOn: [], maxAttempts: 1 },
      ],
    });
    const [a, b] = await w.pull();
    for (const job of [a, b]) if (job) await w.nack(job);
    const events = await stream();
    await call('POST', `/stages/${a?.id}/skip`);
    await call('POST', `/stages/${b?.id}/skip`);
    expect(words(await events.take(3))).toEqual(['stage_skipped a', 'stage_skipped b', 'pipeline_completed order']);
    expect(await call('GET', `/pipelines/${id}`)).toMatchObject({ status: 'completed' });
  });

  it('tells of an ended lease, and of what a failure blocks and ends', async () => {
    const { stream, create, worker, controlPlane } = await streaming();
    const w = await worker();
    await create({ name: 'order', stages: [{ name: 'a', maxAttempts: 2 }, { name: 'b' }] });
    await w.one();
    const events = await stream();
    await controlPlane.advance(61_000);
    await w.nack(await w.one());
    expect(words(await events.until('pipeline_failed'))).toEqual([
      'stage_expired a',
      'stage_ready a',
      'stage_leased a',
      'stage_failed a',
      'stage_blocked b',
      'pipeline_failed order',
    ]);
  });

  it('tells what operators do', async () => {
    const { stream, create, worker, call } = await streaming();
    const w = await worker();
    const { id } = await create({ name: 'order', stages: [{ name: 'a' }, { name: 'b', handler: 'a' }] });
    const { items } = await call<{ items: { id: string }[] }>('GET', `/pipelines/${id}/stages`);
    const [a = { id: '' }] = items;
    const events = await stream();
    await call('POST', `/pipelines/${id}/pause`);
    await call('POST', `/pipelines/${id}/resume`);
    await call('POST', `/stages/${a.id}/skip`);
    await w.ack(await w.one());
    await call('POST', `/stages/${a.id}/rerun`, { following: true });
    await call('POST', `/pipelines/${id}/cancel`);
    await call('POST', `/workers/${w.session.workerId}/drain`);
    await w.post('/workers/shutdown', {});
    expect(words(await events.until('worker_stopped'))).toEqual([
      'pipeline_paused order',
      'pipeline_resumed order',
      'stage_ready a',
      'stage_skipped a',
      'stage_ready b',
      'stage_leased b',
      'stage_completed b',
      'pipeline_completed order',
      'pipeline_rerun order',
      'stage_rerun a',
      'stage_rerun b',
      'stage_ready a',
      'stage_cancelled a',
      'stage_cancelled b',
      'pipeline_cancelled order',
      'worker_drained worker-1',
      'worker_stopped worker-1',
    ]);
  });

  it('tells when a pipeline that waits for its time starts, and when a stage waits for an event', async () => {
    const { stream, create, controlPlane } = await streaming();
    const events = await stream();
    const stages = [{ name: 'approve', waitFor: 'event' as const }];
    await create({ name: 'later', runAt: new Date(controlPlane.now() + 1_000).toISOString(), stages });
    await controlPlane.advance(1_500);
    expect(words(await events.until('stage_waiting'))).toEqual([
      'pipeline_created later',
      'pipeline_started later',
      'stage_waiting approve',
    ]);
  });

  it('tells of deployments that are marked', async () => {
    const { stream, call, controlPlane } = await streaming();
    const events = await stream();
    const asked = { version: 'v2', link: 'https://ci.example.org/1', pipeline: 'order' };
    const { id } = await call<{ id: string }>('POST', '/observability/marks', asked);
    const now = new Date(controlPlane.now()).toISOString();
    expect((await events.until('deploy_marked')).at(-1)).toEqual({
      type: 'deploy_marked',
      at: now,
      markId: id,
      markedAt: now,
      ...asked,
    });
  });

  it('tells progress, but no mere flush of context', async () => {
    const { stream, create, worker } = await streaming();
    const w = await worker();
    await create({ stages: [{ name: 'a' }] });
    const { id, fencingToken } = await w.one();
    const events = await stream();
    const report = (rest: object) => w.post('/jobs/progress', { reports: [{ id, fencingToken, ...rest }] });
    await report({ context: [{ key: 'k', value: 1 }] });
    await report({ ratio: 0.5, message: 'half "way"\n' });
    await report({ ratio: 1 });
    expect(await events.take(2)).toMatchObject([
      { type: 'stage_progress', stageId: id, ratio: 0.5, message: 'half "way"\n' },
      { type: 'stage_progress', stageId: id, ratio: 1 },
    ]);
  });

  it('splits the events of a large group into rows and keeps their order', async () => {
    const { stream, create } = await streaming();
    const events = await stream();
    const names = Array.from({ length: 1_203 }, (_, index) => `s${index}`);
    await create({ stages: names.map((name) => ({ name, dependsOn: [] })) });
    const [, ...told] = await events.take(1 + names.length);
    expect(told.map(({ stage }) => stage)).toEqual(names);
  });

  it('begins with what happens after it was opened', async () => {
    const { stream, create } = await streaming();
    await create({ name: 'before', stages: [{ name: 'a' }] });
    const events = await stream('?types=pipeline_created');
    await create({ name: 'after', stages: [{ name: 'a' }] });
    expect(words(await events.take(1))).toEqual(['pipeline_created after']);
  });
});

describe('a filter', () => {
  it('lets through one pipeline, or some types', async () => {
    const { stream, create, call } = await streaming();
    const first = await create({ name: 'first', stages: [{ name: 'a' }] });
    const one = await stream(`?pipelineId=${first.id}`);
    const created = await stream('?types=pipeline_created,pipeline_failed');
    await create({ name: 'second', stages: [{ name: 'a' }] });
    await call('POST', `/pipelines/${first.id}/cancel`);
    expect(words(await one.take(2))).toEqual(['stage_cancelled a', 'pipeline_cancelled first']);
    expect(words(await created.take(1))).toEqual(['pipeline_created second']);
  });

  it('is refused when it is wrong', async () => {
    const { send } = await streaming();
    const refusals = async (query: string) => {
      const response = await send('GET', `/events${query}`);
      const { code, detail } = (await response.json()) as { code: string; detail: string };
      return `${response.status} ${code}: ${detail}`;
    };
    expect(await refusals('?types=stage_faild')).toMatch(/^422 invalid_request: .*did you mean stage_failed\?/);
    expect(await refusals('?types=')).toMatch(/^422/);
    expect(await refusals('?pipelineId=999')).toMatch(/^404 not_found/);
    expect(await refusals('?since=1')).toMatch(/^422/);
  });
});

describe('another application', () => {
  it('gets its own events alone, and none of our pipelines', async () => {
    const h = await streaming();
    const ours = await h.create({ name: 'ours', stages: [{ name: 'a' }] });
    await h.call('POST', '/applications', { name: 'other' });
    const key = await h.call<{ key: string }>('POST', '/api-keys', { name: 'k', scopes: [...SCOPES], application: 'other' });
    const authorization = `Bearer ${key.key}`;
    const events = await h.stream('', { authorization });
    await h.create({ name: 'ours again', stages: [{ name: 'a' }] });
    await h.send('POST', '/pipelines', { name: 'theirs', stages: [{ name: 'a' }] }, { authorization });
    expect(words(await events.take(2))).toEqual(['pipeline_created theirs', 'stage_ready a']);
    expect((await h.send('GET', `/events?pipelineId=${ours.id}`, undefined, { authorization })).status).toBe(404);
  });

  it('is let in by a key that may read alone', async () => {
    const h = await streaming();
    for (const scope of ['produce', 'work', 'operate'] as const) {
      const { key } = await h.call<{ key: string }>('POST', '/api-keys', { name: scope, scopes: [scope] });
      expect((await h.send('GET', '/events', undefined, { authorization: `Bearer ${key}` })).status).toBe(403);
    }
    expect((await h.send('GET', '/events', undefined, { authorization: '' })).status).toBe(401);
  });
});
