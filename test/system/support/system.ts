import { buildMutant, type Removal } from './mutant.js';
import { remove, temporaryFolder } from './processes.js';
import { type ServerOptions, ServerProcess } from './server-process.js';
import { Wire } from './wire.js';
import { type WorkerMessage, WorkerProcess, type WorkerProcessOptions } from './worker-process.js';

export interface SystemOptions extends Pick<ServerOptions, 'flags'> {
  /** Protections that the server is built without. */
  without?: readonly Removal[];
}

/** A server, and workers beside it. */
export interface System {
  server: ServerProcess;
  wire: Wire;
  worker(
    kind: 'sdk' | 'wire',
    options?: Partial<WorkerProcessOptions>,
    onMessage?: (message: WorkerMessage) => void,
  ): WorkerProcess;
}

/** Runs `scenario` on a fresh server process and leaves no process and no file behind. */
export async function withSystem<T>({ flags, without }: SystemOptions, scenario: (system: System) => Promise<T>): Promise<T> {
  const folder = temporaryFolder();
  const mutant = without ? await buildMutant('server', without) : undefined;
  const server = await ServerProcess.create({ folder, ...(flags && { flags }), ...(mutant && { cli: mutant.cli }) });
  const workers: WorkerProcess[] = [];
  try {
    await server.start();
    const { url, apiKey } = server;
    return await scenario({
      server,
      wire: new Wire(server),
      worker: (kind, options = {}, onMessage) => {
        const worker = new WorkerProcess(kind, { url, apiKey, ...options }, onMessage);
        workers.push(worker);
        return worker;
      },
    });
  } finally {
    await Promise.all(workers.map((worker) => worker.kill()));
    await server.kill();
    mutant?.remove();
    remove(folder);
  }
}
