import { sql } from 'kysely';
import type { SqlContext } from '../sql-context.js';
import { statement } from '../statement.js';
import type { Cancels, IdRange, Ms, StageRow } from '../store.js';

type CancelledStage = Pick<StageRow, 'id' | 'application_id' | 'name' | 'handler'>;

const cancelStages = statement<IdRange & { now: number }, CancelledStage>(
  ({ slot }) => sql`
    update stage set
      outcome = case when status = 'running' then 'cancelled' else outcome end,
      settled_at = case when status = 'running' then ${slot('now', 'int')} else settled_at end,
      error_code = case when status = 'running' then 'cancelled' else error_code end,
      finished_at = ${slot('now', 'int')}, status = 'cancelled'
    where id >= ${slot('from', 'int')} and id < ${slot('to', 'int')}
      and status in ('not_started', 'scheduled', 'pending', 'throttled', 'running', 'waiting')
    returning id, application_id, name, handler`,
);

const cancelPipeline = statement<{ pipelineId: number; stages: number; reason: string | null; now: number }>(
  ({ slot }) => sql`
    update pipeline set status = 'cancelled', finished_at = ${slot('now', 'int')}, cancel_reason = ${slot('reason', 'text')},
      stages_cancelled = stages_cancelled + ${slot('stages', 'int')}, stages_open = stages_open - ${slot('stages', 'int')}
    where id = ${slot('pipelineId', 'int')} and status in ('not_started', 'running', 'paused')`,
);

export const cancelsOf = ({ run, db }: SqlContext): Cancels => {
  return {
    pipelineStatuses(ids: number[]) {
      const columns = ['id', 'application_id', 'name', 'status', 'trigger', 'run', 'started_at'] as const;
      return db.selectFrom('pipeline').select(columns).where('id', 'in', ids).execute();
    },
    cancelStages(stages: IdRange, now: Ms): Promise<CancelledStage[]> {
      return run(cancelStages, { ...stages, now });
    },
    async cancelPipeline(pipelineId: number, stages: number, reason: string | null, now: Ms): Promise<void> {
      await run(cancelPipeline, { pipelineId, stages, reason, now });
    },
  };
};
