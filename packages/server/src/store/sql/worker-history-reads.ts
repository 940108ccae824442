import { type Kysely, sql } from 'kysely';
import type { Capabilities } from '../capabilities.js';
import type { EventPosition } from '../event-rows.js';
import type { Schema } from '../schema.js';
import type { DeliveryEnd, HeldJobRow, WorkerHistoryReads } from '../worker-history-rows.js';

export const workerHistoryReads = (db: Kysely<Schema>, can: Capabilities): WorkerHistoryReads => ({
  // No index has the worker, for each delivery would pay for it: those that run, of all workers, are few.
  async heldJobs(applicationId, workerId, { limit, after }) {
    const below = after === undefined ? sql`1 = 1` : sql`s.id < ${after}`;
    const { rows } = await sql<HeldJobRow>`
      select s.id, s.name, s.handler, s.pipeline_id, p.name as pipeline, s.fencing_token, s.leased_at, s.lease_expires_at
      from stage s join pipeline p on p.id = s.pipeline_id
      where s.status = 'running' and s.worker_id = ${workerId} and s.application_id = ${applicationId} and ${below}
      order by s.id desc limit ${limit}`.execute(db);
    return rows;
  },
  async deliveryEnds(workerId, stageIds) {
    const among = can.anyOf(sql`${can.array(stageIds)}`);
    const { rows } = await sql<DeliveryEnd>`
      select id as stage_id, leased_at, outcome, settled_at from stage
      where id ${among} and worker_id = ${workerId} and outcome is not null
      union all
      select stage_id, leased_at, outcome, settled_at from stage_attempt where stage_id ${among} and worker_id = ${workerId}`.execute(
      db,
    );
    return rows;
  },
  // Rows are JSON without spaces, and of what is about a worker its id is never the last or the first value.
  async eventsNaming(id, { from, before, limit }) {
    const { rows } = await sql<EventPosition & { payload: string }>`
      select id, written_at as "writtenAt", payload from event
      where id >= ${from} and id < ${before} and payload like ${`%,${id},%`} order by id desc limit ${limit}`.execute(db);
    return rows;
  },
  async eventBounds() {
    const { rows } = await sql<{ oldest: number | null; newest: number | null }>`
      select (select min(id) from event) as oldest, (select max(id) from event) as newest`.execute(db);
    const [{ oldest, newest } = { oldest: null, newest: null }] = rows;
    return oldest === null || newest === null ? undefined : { oldest: Number(oldest), newest: Number(newest) };
  },
});
