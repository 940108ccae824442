import { type EventEmitter, once } from 'node:events';
import { onTestFinished } from 'vitest';
import { createTransport, type TransportOptions } from '../../src/transport/create-transport.js';
import { Worker, type WorkerEvents, type WorkerOptions } from '../../src/worker/worker.js';
import { Double } from './double.js';

export async function aDouble(): Promise<Double> {
  const double = await new Double().listen();
  onTestFinished(() => double.close());
  return double;
}

export function aWorker(url: string, options: WorkerOptions, transportOptions: TransportOptions = {}) {
  const transport = createTransport(() => ({ url, apiKey: 'plq_test' }), transportOptions);
  const worker = new Worker({ transport }, { signals: false, ...options });
  const errors: unknown[] = [];
  worker.on('error', (error) => errors.push(error));
  onTestFinished(async () => {
    worker.stop();
    await transport.close();
  });
  return { worker, transport, errors };
}

/** A worker that runs until the test stops it. */
export async function running(url: string, options: WorkerOptions, transportOptions?: TransportOptions) {
  const { worker, transport, errors } = aWorker(url, options, transportOptions);
  const started = once(worker, 'started');
  const done = worker.run();
  await Promise.race([started, done]);
  const stop = () => {
    worker.stop();
    return done;
  };
  return { worker, transport, errors, done, stop };
}

/** The argument of the worker's next event of this name. */
export function next<Name extends keyof WorkerEvents>(worker: Worker, name: Name): Promise<WorkerEvents[Name][0]> {
  return new Promise((resolve) => (worker as EventEmitter).once(name, resolve));
}

/** Resolves when the worker has heard of `count` committed results. */
export function completed(worker: Worker, count: number): Promise<void> {
  return new Promise((resolve) => {
    worker.on('job_completed', () => {
      if (--count === 0) resolve();
    });
  });
}

/** A promise to be settled from outside. */
export function gate<T = void>() {
  let open!: (value: T) => void;
  const opened = new Promise<T>((resolve) => {
    open = resolve;
  });
  return { open, opened };
}
