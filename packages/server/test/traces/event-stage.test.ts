import type { Stage } from '@pipelogiq/protocol';
import { expect, it } from 'vitest';
import { aPlane, aReceiver, received, storedIds } from './support.js';

/** A pipeline of one event stage, ended by `body`, and the span of the stage. */
async function ended(body: object) {
  const receiver = await aReceiver();
  const plane = await aPlane({ endpoint: receiver.endpoint });
  const { id } = await plane.post({ name: 'asking', stages: [{ name: 'approve', waitFor: 'event' }] });
  const { root, stages } = await storedIds(plane, id);
  const { url, apiKey } = plane.controlPlane.connection();
  const [waiting] = await plane.pipelogiq.pipelines.stages(id);
  while (Date.now() <= Date.parse(waiting?.readyAt ?? '')) await new Promise(setImmediate); // else its span could have no length
  const init = { method: 'POST', headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' } };
  const answer = await plane.controlPlane.fetch(
    new Request(`${url}/stages/${waiting?.id}/complete`, { ...init, body: JSON.stringify(body) }),
  );
  expect(answer.status).toBe(200);
  await received(receiver, [root, stages.approve ?? '']);
  const [stage] = await plane.pipelogiq.pipelines.stages(id);
  const span = receiver.spans().find((candidate) => candidate.spanId === stages.approve);
  return { span, root, stage: stage as Stage };
}

// Seen to fail, with a span of no length, while only leased stages had a start.
it('has the span of an event stage last from when it waited to its end, as a wait in the queue', async () => {
  const { span, root, stage } = await ended({ output: 1 });
  const [from, to] = [Date.parse(stage.readyAt ?? ''), Date.parse(stage.finishedAt ?? '')];
  expect(span).toMatchObject({ name: 'approve', parentSpanId: root, startMs: from, endMs: to });
  expect(span?.attributes).toMatchObject({
    'pipelogiq.queue_wait_ms': to - from,
    'pipelogiq.attempts': 0,
    'cicd.pipeline.task.run.result': 'success',
  });
  expect(span?.events.map((event) => event.atMs)).toEqual([from]);
});

it('tells how an event stage failed', async () => {
  const { span } = await ended({ outcome: 'failed', error: { code: 'rejected', message: 'no' } });
  expect(span?.attributes).toMatchObject({ 'error.type': 'rejected', 'cicd.pipeline.task.run.result': 'failure' });
});
