import { expect, it } from 'vitest';
import { withSystem } from './support/system.js';
import { createWork, lookAt, untilDone } from './support/wire.js';
import type { WorkerProcessOptions } from './support/worker-process.js';

// The control is the same worker with an injected `fetch`, which no thread can use: its beats stopped with the handler, the first
// delivery was `expired`, and the output came from the worker that got the second.
const LEASE_MS = 1_000;
const flags = { leaseMs: LEASE_MS, heartbeatIntervalMs: 250 };

/** The deliveries of a job whose handler blocks its event loop for five lease times, while another worker waits for work. */
const deliveriesOfBlocking = (options: Partial<WorkerProcessOptions> = {}) =>
  withSystem({ flags }, async ({ wire, worker }) => {
    const created = await createWork(wire, { do: 'block', ms: 5 * LEASE_MS });
    const blocking = worker('sdk', options);
    await blocking.told('started');
    await untilLeased(wire, created);
    const idle = await wire.worker(['work']);
    const stealing = idle.one().then((job) => idle.ack(job, 'stolen'));
    stealing.catch(() => {}); // in the good case it still waits when the server ends
    await untilDone(wire, created);
    return lookAt(wire, created);
  });

async function untilLeased(wire: Parameters<typeof lookAt>[0], created: Parameters<typeof lookAt>[1]): Promise<void> {
  while ((await lookAt(wire, created)).stage.status !== 'running');
}

it.concurrent('keeps the lease of a handler that blocks the event loop for five lease times: one delivery', async () => {
  const { stage, attempts } = await deliveriesOfBlocking();
  expect(attempts.map(({ outcome }) => outcome)).toEqual(['completed']);
  expect(stage).toMatchObject({ status: 'completed', fencingToken: 1, output: `${stage.id}.1` });
  const [only] = attempts;
  expect(Date.parse(only?.finishedAt ?? '') - Date.parse(only?.startedAt ?? '')).toBeGreaterThan(5 * LEASE_MS - 100);
});

it.concurrent('would lose it if the heartbeats ran on the same thread', async () => {
  const { stage, attempts } = await deliveriesOfBlocking({ beatsOnMainThread: true });
  expect(attempts[0]?.outcome).toBe('expired');
  expect(attempts.length).toBeGreaterThan(1);
  expect(stage.output).toBe('stolen');
});
