import type { Page, PipelineSummary } from '@pipelogiq/protocol';
import type { Random } from '../support/random.js';
import type { System } from '../support/system.js';
import { type Target, Wire } from '../support/wire.js';
import type { WorkerMessage } from '../support/worker-process.js';
import type { Ledger } from './ledger.js';
import { produce } from './producer.js';
import { workByWire } from './wire-load.js';

export interface Clients {
  target: Target;
  worker: System['worker'];
  producers: number;
  /** Each sees the answer to every settle. */
  wireWorkers: number;
  /** Processes of the real SDK. */
  sdkWorkers: number;
}

/** Producers and workers that write down what they were promised. */
export function startLoad({ target, worker, ...count }: Clients, ledger: Ledger, random: Random) {
  const producing = new AbortController();
  const working = new AbortController();
  const wires: Wire[] = [];
  const start = (count: number, run: (wire: Wire, stream: Random, n: number) => Promise<void>) =>
    Array.from({ length: count }, (_, n) => {
      const wire = new Wire(target);
      wires.push(wire);
      return run(wire, random.fork(), n);
    });
  const producers = start(count.producers, (wire, stream, n) => produce(wire, ledger, stream, `p${n}`, producing.signal));
  const workers = start(count.wireWorkers, (wire, stream, n) => workByWire(wire, ledger, stream, `w${n}`, working.signal));
  const sdk = Array.from({ length: count.sdkWorkers }, () => worker('sdk', { concurrency: 20 }, writesAcks(ledger)));
  // Only a failure ends this race: nobody stops by himself.
  const failed = Promise.all([...producers, ...workers]).then(() => new Promise<never>(() => {}));
  failed.catch(() => {}); // seen by whoever races it
  return {
    failed,
    unanswered: () => wires.reduce((sum, wire) => sum + wire.unanswered, 0),
    stopProducing: () => {
      producing.abort();
      ledger.wake();
    },
    stop: async () => {
      working.abort();
      await Promise.all([...producers, ...workers]);
      await Promise.all(sdk.map((process) => process.terminate()));
    },
  };
}

/** Writes down each ack of an SDK worker that was answered. */
export const writesAcks =
  (ledger: Ledger) =>
  ({ event, job, output }: WorkerMessage): void => {
    if (event !== 'job_completed' || !job) return;
    ledger.acked(job.id, { fencingToken: job.fencingToken, output: JSON.stringify(output) });
  };

/** Waits for one running pipeline after the other, until there is none, or until it gives up. */
export async function allEnded(wire: Wire, giveUp: AbortSignal): Promise<void> {
  while (!giveUp.aborted) {
    const { items } = await wire.get<Page<PipelineSummary>>('/pipelines?status=running&limit=1');
    if (!items[0]) return;
    await wire.get(`/pipelines/${items[0].id}/wait?timeoutMs=2000`);
  }
}
