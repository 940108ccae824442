import type { Incident } from '@pipelogiq/protocol';
import { defineHandler, Pipelogiq, type Worker } from '@pipelogiq/sdk';
import { expect, it, onTestFinished } from 'vitest';
import { type Alerted, alerted } from '../engine/alerts-support.js';

/** A server that notes what becomes of workers, and a worker of the SDK that has started. */
async function aWorkingWorker(): Promise<{ a: Alerted; worker: Worker; done: Promise<unknown> }> {
  const a = await alerted();
  for (const event of ['worker_failed', 'worker_stopped'] as const) await a.rule({ events: [event], channels: [] });
  const pipelogiq = new Pipelogiq(a.controlPlane.connection());
  onTestFinished(() => pipelogiq.close());
  const worker = pipelogiq.worker({ name: 'checkout', handlers: [defineHandler('echo', {}, (input) => input)], signals: false });
  const started = new Promise((resolve) => worker.once('started', resolve));
  const done = worker.run();
  done.catch(() => {}); // looked at below
  await Promise.race([started, done]);
  return { a, worker, done };
}

/** The one incident, when what is due is done. */
async function theIncident(a: Alerted): Promise<Incident | undefined> {
  await a.controlPlane.advance(0);
  return (await a.hasIncidents(1))[0];
}

// Seen to fail when the goodbye is left out after an error, as it was: nothing was heard of the worker until its heartbeats were missed.
it('a worker that fails tells the server why, without secrets, and rejects', async () => {
  const { a, worker, done } = await aWorkingWorker();
  worker.fail(new Error('no database at postgres://app:hunter22@db/orders'));
  worker.fail(new Error('and then this'));
  await expect(done).rejects.toThrow('no database');
  const incident = await theIncident(a);
  expect(incident).toMatchObject({ event: 'worker_failed', severity: 'error', labels: { worker: 'checkout' } });
  expect(incident?.labels.message).toBe('no database at postgres://app:[redacted]@db/orders');
  expect(worker.snapshot().state).toBe('failed');
  expect(await a.call('GET', '/workers')).toMatchObject({ items: [{ state: 'stopped' }] });
});

// Seen to fail when the goodbye has an error whatever made the worker stop.
it('a worker that is told to stop has not failed', async () => {
  const { a, worker, done } = await aWorkingWorker();
  worker.stop();
  expect(await done).toEqual({ processed: 0, failed: 0 });
  expect((await theIncident(a))?.event).toBe('worker_stopped');
});
