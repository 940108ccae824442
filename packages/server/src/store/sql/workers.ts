import { sql } from 'kysely';
import type { SqlContext } from '../sql-context.js';
import { rowsStatement, statement } from '../statement.js';
import type { WorkerBeat, WorkerRow, WorkerStanding, Workers } from '../store.js';

type WorkerOrders = Pick<WorkerRow, 'id' | 'order_given' | 'pool' | 'concurrency' | 'last_seen_at'>;

const touchWorkers = rowsStatement<WorkerBeat & Record<string, unknown>>(
  {
    id: 'int',
    state: 'text',
    in_flight: 'int',
    processed: 'int',
    failed: 'int',
    cpu_percent: 'real',
    memory_mb: 'real',
    last_error: 'text',
    last_seen_at: 'int',
  } as never,
  (rows) => sql`
    with b(id, state, in_flight, processed, failed, cpu_percent, memory_mb, last_error, last_seen_at) as (${rows})
    update worker set
      state = b.state, in_flight = b.in_flight, processed = b.processed, failed = b.failed, cpu_percent = b.cpu_percent,
      memory_mb = b.memory_mb, last_error = coalesce(b.last_error, worker.last_error), last_seen_at = b.last_seen_at
    from b where worker.id = b.id`,
);

/** Locked until the commit: a repeated pull that came to another writer waits for the first and finds its jobs. */
const workerStandings = statement<{ ids: number[] }, WorkerStanding>(
  ({ idsIn, can }) => sql`
    select w.id, w.state, w.order_given, p.session_hash, p.last_pull_seq
    from worker_pull p join worker w on w.id = p.worker_id
    where p.worker_id ${idsIn('ids')}
    order by p.worker_id
    ${can.rowLocks ? sql`for update of p` : sql``}`,
);

const workerOrders = statement<{ ids: number[] }, WorkerOrders>(
  ({ idsIn }) => sql`select id, order_given, pool, concurrency, last_seen_at from worker where id ${idsIn('ids')}`,
);

/** A new session counts its pulls anew. */
const restartPulls = statement<{ workerId: number; sessionHash: string }>(
  ({ slot }) => sql`
    insert into worker_pull (worker_id, session_hash, last_pull_seq)
    values (${slot('workerId', 'int')}, ${slot('sessionHash', 'text')}, 0)
    on conflict (worker_id) do update set session_hash = excluded.session_hash, last_pull_seq = 0`,
);

const forgetPulls = statement<{ workerId: number }>(
  ({ slot }) => sql`update stage set pull_seq = null where status = 'running' and worker_id = ${slot('workerId', 'int')}`,
);

export const workersOf = ({ run, runRows, runIds, db }: SqlContext): Workers => {
  return {
    workerStandings(ids: number[]): Promise<WorkerStanding[]> {
      return runIds(workerStandings, { ids });
    },
    workerOrders(ids: number[]): Promise<WorkerOrders[]> {
      return runIds(workerOrders, { ids });
    },
    workerByInstance(applicationId: number, instanceId: string): Promise<WorkerRow | undefined> {
      return db
        .selectFrom('worker')
        .selectAll()
        .where('application_id', '=', applicationId)
        .where('instance_id', '=', instanceId)
        .executeTakeFirst();
    },
    async insertWorker(row: WorkerRow): Promise<void> {
      await db.insertInto('worker').values(row).execute();
    },
    async updateWorker(id: number, change: Partial<Omit<WorkerRow, 'id' | 'application_id'>>): Promise<void> {
      await db.updateTable('worker').set(change).where('id', '=', id).execute();
    },
    async restartPulls(workerId: number, sessionHash: string): Promise<void> {
      await run(restartPulls, { workerId, sessionHash });
      await run(forgetPulls, { workerId });
    },
    async touchWorkers(rows: WorkerBeat[]): Promise<void> {
      await runRows(touchWorkers, rows);
    },
  };
};
