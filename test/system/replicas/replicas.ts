import { startPostgres, type TestPostgres } from '../../../packages/server/test/support/postgres.js';
import { queryOnce } from '../../../packages/server/test/support/query.js';
import type { Query } from '../killed/audit.js';
import { remove, temporaryFolder } from '../support/processes.js';
import { newKey, ServerProcess } from '../support/server-process.js';
import type { System } from '../support/system.js';
import type { Target } from '../support/wire.js';
import { WorkerProcess } from '../support/worker-process.js';
import { balance } from './load-balancer.js';

export interface Replicas {
  servers: readonly ServerProcess[];
  /** Behind the load balancer. */
  target: Target;
  worker: System['worker'];
  postgres: TestPostgres;
  query: Query;
}

/** Several servers on one PostgreSQL behind a load balancer; leaves no process and no file behind. */
export async function withReplicas<T>(
  { count, flags }: { count: number; flags: Record<string, string | number> },
  scenario: (replicas: Replicas) => Promise<T>,
): Promise<T> {
  const folder = temporaryFolder();
  const postgres = await startPostgres();
  const { url: database } = await postgres.createDatabase();
  const apiKey = newKey();
  const servers = await Promise.all(
    Array.from({ length: count }, () => ServerProcess.create({ folder, database, apiKey, flags: { ...flags } })),
  );
  const balancer = await balance(servers.map(({ url }) => Number(new URL(url).port)));
  const workers: WorkerProcess[] = [];
  try {
    await Promise.all(servers.map((server) => server.start())); // together, as an orchestrator starts them
    return await scenario({
      servers,
      postgres,
      target: { url: balancer.url, apiKey, up: async () => {} },
      worker: (kind, options = {}, onMessage) => {
        const worker = new WorkerProcess(kind, { url: balancer.url, apiKey, ...options }, onMessage);
        workers.push(worker);
        return worker;
      },
      query: (sql) => queryOnce(database, sql),
    });
  } finally {
    await Promise.all(workers.map((worker) => worker.kill()));
    await Promise.all(servers.map((server) => server.kill()));
    await balancer.close();
    await postgres.stop();
    remove(folder);
  }
}
