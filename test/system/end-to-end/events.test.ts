import { join } from 'node:path';
import { defineHandler, type EventOptions, Pipelogiq, type ReceivedEvent } from '@pipelogiq/sdk';
import { createControlPlane } from '@pipelogiq/server';
import { describe, expect, it, onTestFinished } from 'vitest';
import { remove, temporaryFolder } from '../support/processes.js';
import { endToEnd, WAYS } from './harness.js';

/** Receives until `last` says that this was the last one; resolves `open` when the stream is open. */
function receive(pipelogiq: Pipelogiq, options: EventOptions, last: (event: ReceivedEvent) => boolean) {
  let onOpen = (): void => undefined;
  const open = new Promise<void>((resolve) => {
    onOpen = resolve;
  });
  const abort = new AbortController();
  onTestFinished(() => abort.abort());
  const received = (async () => {
    const events: ReceivedEvent[] = [];
    for await (const event of pipelogiq.events({ ...options, onOpen, signal: abort.signal })) {
      events.push(event);
      if (last(event)) break;
    }
    return events;
  })();
  return { open, received };
}

describe.each(WAYS)('live events %s', (way) => {
  it('tell what becomes of a pipeline, from its creation to its end', async () => {
    const { pipelogiq, work } = await endToEnd(way);
    const { open, received } = receive(pipelogiq, {}, ({ type }) => type === 'pipeline_completed');
    await open;
    const charge = defineHandler('charge', {}, async (_input, job) => {
      await job.progress(0.5, 'authorised');
      return null;
    });
    const run = await pipelogiq.pipelines.create({ name: 'order', stages: [{ name: 'charge' }] });
    await work([charge]);
    const events = await received;
    expect(events.filter(({ type }) => !type.startsWith('worker_')).map(({ type }) => type)).toEqual([
      'pipeline_created',
      'stage_ready',
      'stage_leased',
      'stage_progress',
      'stage_completed',
      'pipeline_completed',
    ]);
    const progress = events.find((event) => event.type === 'stage_progress');
    expect(progress).toMatchObject({ pipelineId: run.id, stage: 'charge', ratio: 0.5, message: 'authorised' });
  });

  it('come for one pipeline, or of some types', async () => {
    const { pipelogiq } = await endToEnd(way);
    const first = await pipelogiq.pipelines.create({ name: 'first', stages: [{ name: 'a' }] });
    const one = receive(pipelogiq, { pipelineId: first.id }, ({ type }) => type === 'pipeline_cancelled');
    const created = receive(pipelogiq, { types: ['pipeline_created'] }, () => true);
    await Promise.all([one.open, created.open]);
    await pipelogiq.pipelines.create({ name: 'second', stages: [{ name: 'a' }] });
    await pipelogiq.pipelines.cancel(first.id);
    expect((await one.received).map(({ type }) => type)).toEqual(['stage_cancelled', 'pipeline_cancelled']);
    expect(await created.received).toMatchObject([{ type: 'pipeline_created', pipeline: 'second' }]);
  });
});

describe('a server that is restarted', () => {
  it('costs a loop over its events nothing: it goes on where it was', async () => {
    const folder = temporaryFolder();
    const apiKey = 'a-key-of-the-test-that-is-long-enough';
    const options = { database: join(folder, 'events.db'), logLevel: 'silent', env: {}, bootstrapApiKey: apiKey } as const;
    const before = await createControlPlane(options);
    const { url } = await before.listen({ port: 0 });
    const pipelogiq = new Pipelogiq({ url, apiKey });
    const { open, received } = receive(
      pipelogiq,
      { types: ['pipeline_created'] },
      (event) => event.type === 'pipeline_created' && event.pipeline === 'last',
    );
    await open;
    await pipelogiq.pipelines.create({ name: 'first', stages: [{ name: 'a' }] });
    await new Pipelogiq(before.connection()).pipelines.create({ name: 'second', stages: [{ name: 'a' }] });
    await before.close(); // whether or not the second one was told before
    const after = await createControlPlane(options);
    await after.listen({ port: Number(new URL(url).port) });
    await new Pipelogiq(after.connection()).pipelines.create({ name: 'last', stages: [{ name: 'a' }] });
    const events = await received;
    expect(events.map((event) => (event.type === 'pipeline_created' ? event.pipeline : event.type))).toEqual([
      'first',
      'second',
      'last',
    ]);
    await pipelogiq.close();
    await after.close();
    remove(folder);
  });
});
