import { join } from 'node:path';
import { type AnyHandler, type Pipelogiq as Client, Pipelogiq, type Worker, type WorkerOptions } from '@pipelogiq/sdk';
import { type ControlPlane, type ControlPlaneOptions, createControlPlane } from '@pipelogiq/server';
import { onTestFinished } from 'vitest';
import { remove, temporaryFolder } from '../support/processes.js';

/** Both ways in which programs meet the control plane. */
export const WAYS = ['in the same process, in memory', 'over a socket, on a file'] as const;

export interface EndToEnd {
  controlPlane: ControlPlane;
  pipelogiq: Client;
  /** Starts a worker; it drains when the test ends. */
  work(handlers: readonly AnyHandler[], options?: Partial<WorkerOptions>): Promise<RunningWorker>;
}

export interface RunningWorker {
  worker: Worker;
  workerId: string;
  ended: Promise<unknown>;
}

/** The real server and the real SDK, system clock, nothing in between. All of it ends with the test. */
export async function endToEnd(way: (typeof WAYS)[number], options: ControlPlaneOptions = {}): Promise<EndToEnd> {
  const overSocket = way.startsWith('over a socket');
  const folder = temporaryFolder();
  const database = overSocket ? join(folder, 'end-to-end.db') : ':memory:';
  const controlPlane = await createControlPlane({ database, logLevel: 'silent', env: {}, ...options });
  const connection = controlPlane.connection();
  const { url } = overSocket ? await controlPlane.listen({ port: 0 }) : connection;
  const pipelogiq = new Pipelogiq(overSocket ? { url, apiKey: connection.apiKey } : connection);
  const stop = new AbortController();
  const running: Promise<unknown>[] = [];
  onTestFinished(async () => {
    stop.abort();
    await Promise.all(running);
    await pipelogiq.close();
    await controlPlane.close();
    remove(folder);
  });
  return {
    controlPlane,
    pipelogiq,
    work: async (handlers, more = {}) => {
      const worker = pipelogiq.worker({ handlers, signals: false, drainTimeoutMs: 1_000, ...more });
      const started = new Promise<string>((resolve) => worker.once('started', ({ workerId }) => resolve(workerId)));
      const ended = worker.run({ signal: stop.signal });
      running.push(ended);
      return { worker, workerId: await started, ended };
    },
  };
}
