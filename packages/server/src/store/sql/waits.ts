import { sql } from 'kysely';
import type { SqlContext } from '../sql-context.js';
import { forUpdate, statement } from '../statement.js';
import type { IdRange, Ms, WaitingStage, Waits } from '../store.js';
import { type Gap, lostSince } from './gaps.js';

/** What a stage becomes when it is ready: an event stage waits, any other can be leased. */
export const readyStatus = sql`case when stage.wait_for is null then 'pending' else 'waiting' end`;

/** Term by term as in the index stage_wait_end, else SQLite does not use it. */
const HAS_END = sql`pending_timeout_ms is not null and held = 0 and (status = 'pending' or status = 'waiting')`;

const overdueWaits = statement<{ now: number; limit: number }, { id: number }>(
  ({ slot }) => sql`
    select id from stage
    where ${HAS_END} and ready_at + pending_timeout_ms <= ${slot('now', 'int')}
    order by ready_at + pending_timeout_ms
    limit ${slot('limit', 'int')}`,
);

/** The first entry of the index. */
const nextWaitEnd = statement<Record<string, never>, { ends_at: number }>(
  () => sql`
    select ready_at + pending_timeout_ms as ends_at from stage
    where ${HAS_END}
    order by ready_at + pending_timeout_ms
    limit 1`,
);

const shiftWaits = statement<Gap>(
  (shape) => sql`update stage set ready_at = ready_at + ${lostSince(sql`ready_at`, shape)} where ${HAS_END}`,
);

const waitingStages = statement<{ ids: number[] }, WaitingStage>(
  ({ idsIn, can }) => sql`
    select id, application_id, pipeline_id, name, handler, status, held, run_at, ready_at, pending_timeout_ms, wait_for, span_id,
      event_tokens, event_result, fencing_token, attempts, run_next_if_failed, fail_if_output_empty, error_code
    from stage where id ${idsIn('ids')} order by id ${forUpdate(can)}`,
);

const stageNamed = statement<{ from: number; to: number; name: string }, { id: number }>(
  ({ slot }) => sql`
    select id from stage
    where id >= ${slot('from', 'int')} and id < ${slot('to', 'int')} and name = ${slot('name', 'text')}`,
);

export const waitsOf = ({ run, runIds, db }: SqlContext): Waits => ({
  async overdueWaits(now: Ms, limit: number) {
    return (await run(overdueWaits, { now, limit })).map((row) => row.id);
  },
  async nextWaitEnd() {
    return (await run(nextWaitEnd, {}))[0]?.ends_at ?? null;
  },
  async shiftWaits({ gapMs, now }) {
    await run(shiftWaits, { gapMs, now });
  },
  waitingStages: (stageIds) => runIds(waitingStages, { ids: stageIds }),
  async stageNamed({ from, to }: IdRange, name: string) {
    return (await run(stageNamed, { from, to, name }))[0]?.id;
  },
  async updateEvent(stageId, change) {
    await db.updateTable('stage').set(change).where('id', '=', stageId).execute();
  },
});
